import { expect, test } from 'vitest';
import { pace, slowed } from './slowed.js';
import type { MediaStore } from './store.js';

test('what is sent and read, by all together, is no faster than the pace', async () => {
  const slow = pace(100_000);
  const store = {
    put: async () => {},
    async *read() {
      yield Buffer.alloc(5000);
      yield Buffer.alloc(5000);
    },
  } as unknown as MediaStore;
  const [one, other] = [slowed(store, slow), slowed(store, slow)];
  const begun = performance.now();
  const put = () => one.put('a', Buffer.alloc(10_000), '');
  const read = async () => {
    for await (const _ of other.read('a'));
  };
  // the last one may begin when the 30,000 bytes before it had their time
  await Promise.all([put(), put(), read(), put()]);
  const took = performance.now() - begun;
  expect(took).toBeGreaterThanOrEqual(290);
  expect(took).toBeLessThan(5000);
});

test('nobody waits who comes when the line is free', async () => {
  const slow = pace(1000);
  const begun = performance.now();
  await slow(1_000_000);
  expect(performance.now() - begun).toBeLessThan(1000);
});
