import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { batched } from './batched.js';

test('calls of one moment and calls while a batch is under way share round trips', async () => {
  const batches: number[][] = [];
  const double = batched(10, async (keys: readonly number[]) => {
    batches.push([...keys]);
    await new Promise(setImmediate);
    return keys.map((key) => key * 2);
  });
  expect(await Promise.all([1, 2, 3].map(double))).toEqual([2, 4, 6]);
  expect(await Promise.all(Array.from({ length: 25 }, (_, i) => double(i)))).toEqual(Array.from({ length: 25 }, (_, i) => 2 * i));
  expect(batches.map((batch) => batch.length)).toEqual([3, 10, 10, 5]);
});

test('a key that fails does not take the others of its batch with it', async () => {
  const run = batched(10, async (keys: readonly number[]) => {
    if (keys.includes(2)) throw new Error('two');
    return keys;
  });
  const results = await Promise.allSettled([1, 2, 3].map(run));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('a batch that waits for more ends when it is full, or when nobody comes any more', async () => {
  const batches: number[][] = [];
  const same = batched({ limit: 4, gatherMs: 20 }, async (keys: readonly number[]) => {
    batches.push([...keys]);
    return keys;
  });
  const results = [same(1)];
  for (const key of [2, 3, 4, 5]) {
    await sleep(2);
    results.push(same(key));
  }
  expect(await Promise.all(results)).toEqual([1, 2, 3, 4, 5]);
  expect(batches).toEqual([[1, 2, 3, 4], [5]]);
});

test('several batches can be under way at once', async () => {
  let running = 0;
  let most = 0;
  const same = batched({ limit: 2, atOnce: 3 }, async (keys: readonly number[]) => {
    most = Math.max(most, ++running);
    await sleep(5);
    running--;
    return keys;
  });
  const keys = Array.from({ length: 20 }, (_, i) => i);
  expect(await Promise.all(keys.map(same))).toEqual(keys);
  expect(most).toBe(3);
});
