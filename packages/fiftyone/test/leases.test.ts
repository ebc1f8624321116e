import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { isHeld, type Lease, Leases } from '../src/database/leases.js';
import { freshDatabase } from './support/fresh-database.js';

test('a lease is held for as long as its process lives, and by one only', async () => {
  const { db } = await freshDatabase();
  const [holder, other] = [new Leases(db), new Leases(db)];
  const lease = (await holder.take('dataset a')) as Lease;
  expect(lease.fence.toNumber()).toBe(1);
  // longer than it lasts without a heartbeat
  await sleep(12_000);
  expect(() => lease.check()).not.toThrow();
  expect(isHeld(await other.take('dataset a'))).toBe(false);
  await lease.release();
  const next = (await other.take('dataset a')) as Lease;
  expect(isHeld(next)).toBe(true);
  expect(next.fence.toNumber()).toBe(2);
  await next.release();
});

test('many leases at once: each of two runners gets those that the other does not hold', async () => {
  const { db } = await freshDatabase();
  const keys = Array.from({ length: 300 }, (_, i) => `dataset ${i}`);
  const runners = [new Leases(db), new Leases(db)];
  const taken = await Promise.all(runners.map((leases) => Promise.all(keys.map(leases.take))));
  for (const i of keys.keys()) expect(taken.filter((leases) => isHeld(leases[i] as Lease)).length).toBe(1);
  await Promise.all(runners.map((leases) => leases.releaseAll()));
});
