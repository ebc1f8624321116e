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
