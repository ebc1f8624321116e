import { setTimeout as sleep } from 'node:timers/promises';
import { checksumOfParts } from './checksum.js';
import type { MediaStore, StoredObject } from './store.js';
import { mayPass, StoreError } from './store-error.js';

export interface Retries {
  /** How often something is tried. Default: 8, which is about half a minute */
  readonly attempts?: number;
  /** The longest first pause; every further one may be twice as long, up to 20 seconds. Default: 200 */
  readonly firstMs?: number;
  /** Between 0 and 1, by which a pause is shorter than it may be. Default: Math.random */
  readonly random?: () => number;
}

const LONGEST_MS = 20_000;

/** What arrives damaged so often in a row was not damaged on the way. */
const DAMAGED = 3;

/** Tries again what may pass: cut connections, busy servers, damage on the way. What cannot pass fails at once. */
export function retrying(store: MediaStore, { attempts = 8, firstMs = 200, random = Math.random }: Retries = {}): MediaStore {
  // never none at all: a server that is down for a second is not to be asked eight times at once
  const pause = (attempt: number) => sleep(Math.min(firstMs * 2 ** (attempt - 1), LONGEST_MS) * (0.25 + 0.75 * random()));

  /** @param done what an earlier try has done whose answer was not heard, if it has */
  async function tried<T>(task: () => Promise<T>, done: () => Promise<T | undefined> = async () => undefined): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await task();
      } catch (error) {
        const isLast = !mayPass(error) || attempt >= (isDamage(error) ? Math.min(attempts, DAMAGED) : attempts);
        // what the store says now may be the consequence of what it did before
        const unheard = attempt > 1 ? await (isLast ? tried(done) : done().catch(() => undefined)) : undefined;
        if (unheard !== undefined) return unheard;
        if (isLast) throw error;
        await pause(attempt);
      }
    }
  }

  /** What is at the key, if it is what was to be written. */
  const wroteIt = (key: string, size: number, checksum: string) => async () => {
    const there = await store.stat(key);
    return there?.size === size && there.checksum === checksum ? there : undefined;
  };

  return {
    ...store,
    stat: (key) => tried(() => store.stat(key)),
    async *read(key, range = {}) {
      let at = range.start ?? 0;
      for (let attempt = 1; ; ) {
        try {
          for await (const bytes of store.read(key, { ...range, start: at })) {
            at += bytes.length;
            attempt = 1;
            yield bytes;
          }
          return;
        } catch (error) {
          // without a version nobody knows that the rest is of the same content
          const goesOn = at === (range.start ?? 0) || range.ifVersion !== undefined;
          if (!mayPass(error) || !goesOn || attempt >= attempts) throw error;
          await pause(attempt++);
        }
      }
    },
    list: (prefix, options) => tried(() => store.list(prefix, options)),
    put: (key, content, md5, condition) =>
      tried(() => store.put(key, content, md5, condition), wroteIt(key, content.length, md5)),
    beginParts: (key, size) => tried(() => store.beginParts(key, size)),
    putPart: (upload, number, content, md5) => tried(() => store.putPart(upload, number, content, md5)),
    finishParts(upload, parts, condition): Promise<StoredObject> {
      const checksum = checksumOfParts(parts.map(({ md5 }) => md5));
      const finish = () => store.finishParts(upload, parts, condition);
      return tried(finish, wroteIt(upload.key, upload.size, checksum));
    },
    dropParts: (upload) => tried(() => store.dropParts(upload)),
    delete: (key) => tried(() => store.delete(key)),
    ...(store.copy ? { copy: (from, to) => tried(() => (store.copy as Copy)(from, to)) } : {}),
  };
}

function isDamage(error: unknown): boolean {
  return error instanceof StoreError && error.trouble === 'damaged';
}

type Copy = NonNullable<MediaStore['copy']>;
