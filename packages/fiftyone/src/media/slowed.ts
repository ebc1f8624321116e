import { setTimeout as sleep } from 'node:timers/promises';
import type { MediaStore } from './store.js';

/** Waits until so many bytes may go. */
export type Pace = (bytes: number) => Promise<void>;

/** A pace of so many bytes per second on average, in the order in which they come. One pace may be shared by many stores. */
export function pace(bytesPerSecond: number): Pace {
  let free = performance.now();
  return async (bytes) => {
    const now = performance.now();
    const from = Math.max(free, now);
    free = from + (bytes / bytesPerSecond) * 1000;
    if (from > now) await sleep(from - now);
  };
}

/**
 * Sends and reads no faster than a pace. Content goes out a request at a time, so the pace holds on average: a part of a
 * large file goes at full speed, and the next one waits.
 */
export function slowed(store: MediaStore, pace: Pace): MediaStore {
  return {
    ...store,
    async *read(key, range) {
      for await (const bytes of store.read(key, range)) {
        await pace(bytes.length);
        yield bytes;
      }
    },
    async put(key, content, md5, condition) {
      await pace(content.length);
      return await store.put(key, content, md5, condition);
    },
    async putPart(upload, number, content, md5) {
      await pace(content.length);
      return await store.putPart(upload, number, content, md5);
    },
  };
}
