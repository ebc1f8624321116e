import type { Document } from 'mongodb';
import { expect, test } from 'vitest';
import { Doc, encode, ObjectId } from '../src/bson/index.js';
import { readDatabaseConfig, saveDatabaseVersion } from '../src/database/database-config.js';
import { isTooLate, LEASES, type StoredLease } from '../src/database/lease-store.js';
import type { Lease } from '../src/database/leases.js';
import { Guard } from '../src/migrations/guard.js';
import { type Ready, WORK, WorkLog } from '../src/migrations/work.js';
import { COMMIT_FENCE, commitContract } from './contracts/commit.js';
import { freshDatabase } from './support/fresh-database.js';

commitContract(async ({ lease, isChanged }) => {
  const { db } = await freshDatabase();
  const id = new ObjectId();
  const before = Doc.of(['_id', id], ['name', 'a'], ['version', '0.1.0']);
  const after = Doc.of(['_id', id], ['name', 'a'], ['version', '0.2.0']);
  const datasets = db.collection('datasets');
  await datasets.insertOne({ _id: id, name: 'a', version: '0.1.0' } as never);
  if (isChanged) await datasets.updateOne({}, { $set: { tags: [] } });
  if (lease) {
    const stored = { _id: 'k', fence: lease.fence, expires: new Date(Date.now() + lease.left) };
    await db.collection<StoredLease>(LEASES).insertOne(stored as StoredLease);
  }
  const record = { runs: [], views: [] };
  const ready = {
    plan: { id, before: { dataset: before, bytes: encode(before), ...record } },
    begun: { from: '0.1.0', to: '0.2.0', now: { ms: 0, micros: 0 }, keepUnknown: false, attic: false },
    after: { dataset: after, ...record },
    bytes: encode(after),
    lease: { key: 'k', fence: COMMIT_FENCE, expires: new Date(Date.now() + 8_000) } as Lease,
    noted: isChanged,
    election: '',
    attic: { written: [], removed: [], restored: [], files: [] },
  };
  const committed = await new WorkLog(db).commit(ready as unknown as Ready);
  expect((await datasets.findOne())?.version).toBe(committed ? '0.2.0' : '0.1.0');
  return committed;
});

test('whatever a runner writes about a dataset fails once its lease may have ended, and changes nothing', async () => {
  const { db } = await freshDatabase();
  const id = new ObjectId();
  const lease = { key: 'k', fence: COMMIT_FENCE, expires: new Date(Date.now() - 1_000) } as Lease;
  const begun = { from: null, to: '0.2.0', now: { ms: 0, micros: 0 }, keepUnknown: false, attic: false };
  const work = new WorkLog(db);
  const begin = work.begin({ id, begun, kept: [], lease });
  await expect(begin).rejects.toSatisfy(isTooLate);
  expect(await db.collection(WORK).countDocuments()).toBe(0);

  await db.collection<Document>(WORK).insertOne({ _id: id, from: null, to: '0.2.0' });
  await expect(work.recover({ id, lease })).rejects.toSatisfy(isTooLate);
  expect(await db.collection(WORK).countDocuments()).toBe(1);

  const record = { dataset: Doc.of(['_id', id], ['version', '0.2.0']), runs: [], views: [] };
  const plan = { id, before: { ...record, bytes: encode(record.dataset) } };
  const attic = { written: [], removed: [], restored: [], files: [] };
  const ready = { plan, begun, after: record, bytes: encode(record.dataset), lease, noted: true, election: '', attic };
  await expect(work.commit(ready as unknown as Ready)).rejects.toSatisfy(isTooLate);
  expect(await db.collection<Document>(WORK).findOne()).toEqual({ _id: id, from: null, to: '0.2.0' });
});

test('the version of the database is not written once the lease may have ended, whether one is stored or not', async () => {
  const { db } = await freshDatabase();
  const lease = { key: 'k', fence: COMMIT_FENCE, expires: new Date(Date.now() - 1_000) } as Lease;
  const { expression } = new Guard([lease]);
  for (const stored of [[], [{ version: '0.18.0', type: 'fiftyone' }]]) {
    if (stored.length > 0) await db.collection('config').insertMany(stored);
    const config = await readDatabaseConfig(db);
    await expect(saveDatabaseVersion(db, config, '0.19.0', expression)).rejects.toSatisfy(isTooLate);
    expect(
      await db
        .collection('config')
        .find({}, { projection: { _id: 0 } })
        .toArray(),
    ).toMatchObject(stored.map(({ version }) => ({ version })));
  }
});
