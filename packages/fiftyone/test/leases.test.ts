import { setTimeout as sleep } from 'node:timers/promises';
import { Long } from 'mongodb';
import { describe, expect, test, vi } from 'vitest';
import { inTime, isTooLate, LEASES, leaseStore, type StoredLease } from '../src/database/lease-store.js';
import { isHeld, type Lease, Leases } from '../src/database/leases.js';
import { IN_TIME_CASES } from './contracts/in-time.js';
import { leaseStoreContract } from './contracts/lease-store.js';
import { startProxy } from './support/cutting-proxy.js';
import { freshDatabase } from './support/fresh-database.js';
import { migrated } from './support/migrated.js';
import { smallDatabase, smallDataset } from './support/small-database.js';

describe('the store in MongoDB', () => {
  leaseStoreContract(async () => {
    const { db } = await freshDatabase();
    const pass = async (ms: number) => {
      const earlier = (field: string) => ({ $subtract: [`$${field}`, ms] });
      const times = { since: earlier('since'), heartbeat: earlier('heartbeat'), expires: earlier('expires') };
      await db.collection<StoredLease>(LEASES).updateMany({ expires: { $gt: new Date(1) } }, [{ $set: times }]);
    };
    return { store: leaseStore(db), pass };
  });
});

test('a fencing number does not go back where numbers end that JavaScript can count', async () => {
  const { db } = await freshDatabase();
  const fence = Long.fromString('9007199254740993');
  await db.collection<Partial<StoredLease>>(LEASES).insertOne({ _id: 'k', fence } as StoredLease);
  const [lease] = await leaseStore(db).take(['k'], { run: 'a', host: 'h', pid: 1, user: 'u' }, 'c');
  expect(lease?.fence.toString()).toBe('9007199254740994');
});

test('a write that comes too late for its lease fails; it does not look like one that had nothing to do', async () => {
  const { db } = await freshDatabase();
  const samples = db.collection('samples');
  await samples.insertMany([{ a: 1 }, { a: 2 }, { a: 3 }]);
  const edit = (endsIn: number, longest: number, filter: object = {}) =>
    samples.updateMany({ ...filter, $expr: inTime(new Date(Date.now() + endsIn), longest) }, { $inc: { a: 1 } });
  for (const [endsIn, longest, isInTime] of IN_TIME_CASES) {
    await samples.updateMany({}, { $set: { a: 1 } });
    if (isInTime) expect((await edit(endsIn, longest)).modifiedCount).toBe(3);
    else expect(isTooLate(await edit(endsIn, longest).catch((error) => error)), `${endsIn}`).toBe(true);
    expect(await samples.distinct('a')).toEqual([isInTime ? 2 : 1]);
  }
  expect((await edit(8000, 5000, { a: 99 })).modifiedCount).toBe(0);
  expect(isTooLate(await samples.updateMany({ $bad: 1 }, { $set: { a: 1 } }).catch((error) => error))).toBe(false);
});

test('a run that lost its server beats no more, in a process that lives on: its leases end by themselves', async () => {
  const database = await smallDatabase('1.22.1', smallDataset('a', '0.23.0'));
  const [started, ended] = [vi.spyOn(globalThis, 'setInterval'), vi.spyOn(globalThis, 'clearInterval')];
  const heartbeats = () => started.mock.calls.flatMap(([, ms], i) => (ms === 2500 ? [started.mock.results[i]?.value] : []));
  for (let most = 10; heartbeats().length === 0; most++) {
    const proxy = await startProxy(Number(new URL(database.uri).port), most);
    const uri = `mongodb://127.0.0.1:${proxy.port}/?directConnection=true&serverSelectionTimeoutMS=200`;
    await migrated({ ...database, uri }, { target: '1.22.1' }).catch(() => undefined);
    await proxy.close();
  }
  const held = await database.db.collection(LEASES).countDocuments({ expires: { $gt: new Date() } });
  expect(held, 'it was cut off with its lease').toBe(1);
  expect(ended.mock.calls.flat()).toEqual(expect.arrayContaining(heartbeats()));
  vi.restoreAllMocks();
});

test('a lease is held for as long as its process lives, and by one only', async () => {
  const { db } = await freshDatabase();
  const [holder, other] = [new Leases(leaseStore(db)), new Leases(leaseStore(db))];
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
  const runners = [new Leases(leaseStore(db)), new Leases(leaseStore(db))];
  const taken = await Promise.all(runners.map((leases) => Promise.all(keys.map(leases.take))));
  for (const i of keys.keys()) expect(taken.filter((leases) => isHeld(leases[i] as Lease)).length).toBe(1);
  await Promise.all(runners.map((leases) => leases.releaseAll()));
});
