import { Long } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { inTime, isTooLate, LEASES, leaseStore, type StoredLease } from '../src/database/lease-store.js';
import { IN_TIME_CASES } from './contracts/in-time.js';
import { leaseStoreContract } from './contracts/lease-store.js';
import { freshDatabase } from './support/fresh-database.js';

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
