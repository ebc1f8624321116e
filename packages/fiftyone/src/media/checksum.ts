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

/** The checksum that an object has if it is written in parts of this size. @param part default: that of `writeObject` */
export async function checksumOf(source: Source, part = partSize(source.size)): Promise<string> {
  const digests = await md5s(source, part);
  return source.size > part ? checksumOfParts(digests) : (digests[0] as string);
}

/** Content by its checksums. */
export interface KnownContent {
  readonly size: number;
  /** The checksum in parts of this size; that of the whole if they are as large as the content. */
  readonly checksum: (part: number) => Promise<string>;
}

/** What is known of content that can be read. */
export function knownContent(source: Source): KnownContent {
  return { size: source.size, checksum: (part) => checksumOf(source, part) };
}

/**
 * Whether an object of a store holds the same content as a source. Reads the object only if the store knows no checksum of it.
 *
 * @param object as listed; what a list does not tell is asked for
 */
export async function sameContent(store: MediaStore, object: StoredObject, source: Source): Promise<boolean> {
  return await holdsContent(store, object, knownContent(source));
}

/** Likewise, for content of which checksums are known. */
export async function holdsContent(store: MediaStore, object: StoredObject, content: KnownContent): Promise<boolean> {
  if (object.size !== content.size) return false;
  const known = await compared(object.checksum, content);
  if (known) return true;
  const stated = await store.stat(object.key);
  if (stated === undefined || stated.size !== content.size) return false;
  const asStated = stated.checksum === object.checksum ? known : await compared(stated.checksum, content);
  return asStated ?? (await readsTheSame(store, stated, content));
}

/** Undefined if the checksum says nothing: there is none, or its parts were made by a rule that is not known here. */
async function compared(there: string | undefined, { size, checksum }: KnownContent): Promise<boolean | undefined> {
  const [, count] = there?.split('-') ?? [];
  if (there === undefined) return undefined;
  if (count === undefined) return there === (await checksum(Math.max(size, 1)));
  const candidates = [...new Set([partSize(size), ...PARTS_OF_OTHERS])];
  const possible = candidates.filter((part) => Math.max(Math.ceil(size / part), 1) === Number(count));
  for (const part of possible) {
    const ours = await checksum(part);
    if ((size > part ? ours : checksumOfParts([ours])) === there) return true;
  }
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

async function readsTheSame(store: MediaStore, object: StoredObject, { size: wanted, checksum }: KnownContent): Promise<boolean> {
  const hash: Hash = createHash('md5');
  let size = 0;
  for await (const bytes of store.read(object.key, { ifVersion: object.version })) {
    hash.update(bytes);
    size += bytes.length;
  }
  if (size !== object.size) throw new StoreError(pathIn(store, object.key), 'changed');
  return hash.digest('hex') === (await checksum(Math.max(wanted, 1)));
}
