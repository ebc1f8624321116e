import { setTimeout as sleep } from 'node:timers/promises';
import { isUnreachable } from './errors.js';

interface Waiting<K, V> {
  readonly key: K;
  readonly resolve: (value: V) => void;
  readonly reject: (error: unknown) => void;
}

/** How batches are made: their size, or more. */
export interface Batches {
  /** How many keys a batch has at most. */
  readonly limit: number;
  /** How many batches may be under way at once. Default: 1 */
  readonly atOnce?: number;
  /** A batch that is not full waits for more, while somebody has come within so many milliseconds. Default: 0, it does not wait */
  readonly gatherMs?: number;
}

/**
 * Turns a function over many keys into one over one key. While a batch is under way the next one gathers, so a lone caller
 * never waits, and a thousand at once share a few round trips.
 *
 * @param batches how many keys a batch has at most, or more about it
 * @param run gives a value per key, in order. If a batch fails its keys are tried one by one, so that each gets its own error;
 *   not so when the server is gone, which is the same for all
 */
export function batched<K, V>(
  batches: number | Batches,
  run: (keys: readonly K[]) => Promise<readonly V[]>,
): (key: K) => Promise<V> {
  const { limit, atOnce = 1, gatherMs = 0 } = typeof batches === 'number' ? { limit: batches } : batches;
  let pending: Waiting<K, V>[] = [];
  let running = 0;

  /** Resolves when the next batch is full, or when nobody has come for a while. */
  async function gathered(): Promise<void> {
    for (let before = 0; before < pending.length && pending.length < limit; ) {
      before = pending.length;
      await sleep(gatherMs);
    }
  }

  async function settle(batch: readonly Waiting<K, V>[]): Promise<void> {
    try {
      const values = await run(batch.map(({ key }) => key));
      for (const [i, waiting] of batch.entries()) waiting.resolve(values[i] as V);
    } catch (error) {
      const [gone, waiting] = [isUnreachable(error), pending];
      if (gone) pending = [];
      if (batch.length === 1 || gone) for (const { reject } of gone ? [...batch, ...waiting] : batch) reject(error);
      else for (const one of batch) await settle([one]);
    }
  }

  async function drain(): Promise<void> {
    running++;
    // callers of the same turn of the event loop belong together
    await new Promise(setImmediate);
    while (pending.length > 0) {
      if (gatherMs > 0) await gathered();
      const batch = pending.slice(0, limit);
      pending = pending.slice(limit);
      if (batch.length > 0) await settle(batch);
    }
    running--;
  }

  return (key) =>
    new Promise<V>((resolve, reject) => {
      pending.push({ key, resolve, reject });
      if (running < atOnce) void drain();
    });
}
