import { createHash, type Hash } from 'node:crypto';
import type { Source } from './source.js';
import { type MediaStore, pathIn, type StoredObject } from './store.js';
import { StoreError } from './store-error.js';

const MIB = 2 ** 20;

/** What is larger goes in parts. As large as those of the AWS CLI and boto3, so that the checksums are the same. */
const PART = 8 * MIB;

/** The fewest parts that any store allows at most. */
const MOST_PARTS = 10_000;

/** Parts of uploads by others: rclone and SDKs, s5cmd, MinIO's client. */
const PARTS_OF_OTHERS = [5 * MIB, 50 * MIB, 16 * MIB, 64 * MIB];

/** How large the parts of an object of this size are. The same everywhere, so that any machine can go on with an upload. */
export function partSize(size: number): number {
  let part = PART;
  while (size > part * MOST_PARTS) part *= 2;
  return part;
}

/** MD5 in hex. */
export function md5(content: Uint8Array): string {
  return createHash('md5').update(content).digest('hex');
}

/** The checksum of an object in parts with these MD5s: what S3 calls its ETag. */
export function checksumOfParts(md5s: readonly string[]): string {
  return `${md5(Buffer.from(md5s.join(''), 'hex'))}-${md5s.length}`;
}

/** The checksum that an object has if `writeObject` writes this content. */
export async function checksumOf(source: Source): Promise<string> {
  const part = partSize(source.size);
  const digests = await md5s(source, part);
  return source.size > part ? checksumOfParts(digests) : (digests[0] as string);
}

/**
 * Whether an object of a store holds the same content as a source. Reads the object only if the store knows no checksum of it.
 *
 * @param object as listed; what a list does not tell is asked for
 */
export async function sameContent(store: MediaStore, object: StoredObject, source: Source): Promise<boolean> {
  if (object.size !== source.size) return false;
  const known = await compared(object.checksum, source);
  if (known) return true;
  const stated = await store.stat(object.key);
  if (stated === undefined || stated.size !== source.size) return false;
  const asStated = stated.checksum === object.checksum ? known : await compared(stated.checksum, source);
  return asStated ?? (await readsTheSame(store, stated, source));
}

/** Undefined if the checksum says nothing: there is none, or its parts were made by a rule that is not known here. */
async function compared(checksum: string | undefined, source: Source): Promise<boolean | undefined> {
  const [, count] = checksum?.split('-') ?? [];
  if (checksum === undefined) return undefined;
  if (count === undefined) return checksum === (await md5s(source, Math.max(source.size, 1)))[0];
  const candidates = [...new Set([partSize(source.size), ...PARTS_OF_OTHERS])];
  const possible = candidates.filter((part) => Math.max(Math.ceil(source.size / part), 1) === Number(count));
  for (const part of possible) if (checksumOfParts(await md5s(source, part)) === checksum) return true;
  return undefined;
}

/** The MD5 of each part. */
async function md5s(source: Source, part: number): Promise<string[]> {
  const found: string[] = [];
  for (let start = 0; start === 0 || start < source.size; start += part) {
    const end = Math.min(start + part, source.size);
    const hash = createHash('md5');
    for (let at = start; at < end; at += MIB) hash.update(await source.read(at, Math.min(at + MIB, end)));
    found.push(hash.digest('hex'));
  }
  return found;
}

async function readsTheSame(store: MediaStore, object: StoredObject, source: Source): Promise<boolean> {
  const hash: Hash = createHash('md5');
  let size = 0;
  for await (const bytes of store.read(object.key, { ifVersion: object.version })) {
    hash.update(bytes);
    size += bytes.length;
  }
  if (size !== object.size) throw new StoreError(pathIn(store, object.key), 'changed');
  return hash.digest('hex') === (await md5s(source, Math.max(source.size, 1)))[0];
}
