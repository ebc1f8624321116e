import { budget } from './budget.js';
import { checksumOfParts, md5, partSize } from './checksum.js';
import type { Source } from './source.js';
import { type Condition, type MediaStore, type Part, pathIn, type StoredObject } from './store.js';
import { StoreError } from './store-error.js';

/** How much content may be in memory at once, of all writes of this process. */
const inMemory = budget(96 * 2 ** 20);

/** How many parts of one object may be under way at once. */
const PARTS_AT_ONCE = 8;

export interface WriteOptions {
  readonly condition?: Condition | undefined;
  /** The MD5 that the content must have; content that goes in parts has none. */
  readonly expected?: string | undefined;
  /** Called with the number of bytes that the store has got, or had already. */
  readonly sent?: ((bytes: number) => void) | undefined;
}

/**
 * Writes content to a store, large content in parts. What an upload that was cut off left in the store is not sent again:
 * a part with the same content counts as sent. Checksums go with the content and the store compares; so do we with its answer.
 *
 * @throws StoreError `taken` if the condition does not hold, unless the same content is there by an earlier try of this write
 */
export async function writeObject(
  store: MediaStore,
  key: string,
  source: Source,
  { condition, expected, sent }: WriteOptions = {},
): Promise<StoredObject> {
  const part = partSize(source.size);
  if (source.size > part) return await writeInParts(store, key, source, part, { condition, sent });
  return await inMemory(source.size, async () => {
    const content = await source.read(0, source.size);
    const digest = md5(content);
    if (expected !== undefined && !expected.includes('-') && expected !== digest) {
      throw new StoreError(pathIn(store, key), 'damaged', 'what was read has another checksum than it should');
    }
    const written = await store.put(key, content, digest, condition);
    sent?.(content.length);
    return verified(store, written, source.size, digest);
  });
}

async function writeInParts(
  store: MediaStore,
  key: string,
  source: Source,
  size: number,
  { condition, sent }: WriteOptions,
): Promise<StoredObject> {
  if (condition) await holds(store, key, condition);
  const count = Math.ceil(source.size / size);
  const upload = await store.beginParts(key, source.size);
  const parts: Part[] = [];
  const digests: string[] = [];
  let next = 0;
  let failed = false;
  const send = async () => {
    while (next < count && !failed) {
      const i = next++;
      const [start, end] = [i * size, Math.min((i + 1) * size, source.size)];
      parts[i] = await inMemory(end - start, async () => {
        const content = await source.read(start, end);
        const digest = md5(content);
        digests[i] = digest;
        const there = upload.parts.get(i + 1);
        if (there?.size === content.length && there.md5 === digest) return there;
        return await store.putPart(upload, i + 1, content, digest);
      });
      sent?.(end - start);
    }
  };
  const stopping = () =>
    send().catch((error) => {
      failed = true;
      throw error;
    });
  // all of them have ended before this does, so nothing reads a source that was closed
  const ends = await Promise.allSettled(Array.from({ length: Math.min(PARTS_AT_ONCE, count) }, stopping));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  const written = await store.finishParts(upload, parts, condition).catch(async (error) => {
    // somebody else was faster: nobody will finish this one
    if (error instanceof StoreError && error.trouble === 'taken') await store.dropParts(upload).catch(() => undefined);
    throw error;
  });
  return verified(store, written, source.size, checksumOfParts(digests));
}

/** Tells before much is sent in vain what the store will say in the end. @throws StoreError `taken` */
async function holds(store: MediaStore, key: string, condition: Condition): Promise<void> {
  const there = await store.stat(key);
  const wanted = 'ifAbsent' in condition ? undefined : condition.ifVersion;
  if (there?.version !== wanted) throw new StoreError(pathIn(store, key), 'taken');
}

/** @throws StoreError `damaged` if the store holds something else than what was sent */
function verified(store: MediaStore, written: StoredObject, size: number, checksum: string): StoredObject {
  if (written.size === size && written.checksum === checksum) return written;
  const detail = `sent ${size} bytes with checksum ${checksum}, there are ${written.size} with ${written.checksum ?? 'none'}`;
  throw new StoreError(pathIn(store, written.key), 'damaged', detail);
}
