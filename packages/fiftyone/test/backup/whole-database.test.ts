import { expect, onTestFinished, test } from 'vitest';
import { createBackup } from '../../src/backup/create.js';
import { restoreBackup } from '../../src/backup/restore-backup.js';
import { wholeDatabase } from '../../src/backup/what.js';
import { LEASES, leaseStore } from '../../src/database/lease-store.js';
import { Leases } from '../../src/database/leases.js';
import { LockedError } from '../../src/errors.js';
import { readRuns } from '../../src/migrations/journal.js';
import { migrateAll } from '../../src/migrations/migrate.js';
import { readDump } from '../support/dump.js';
import { freshDatabase } from '../support/fresh-database.js';
import { connectAsAdmin } from '../support/migrated.js';
import { temporaryFolder } from '../support/recorded-export.js';
import { stateOf } from './same-bytes.js';

async function backedUp(recorded: string) {
  const database = await freshDatabase(await readDump(recorded));
  const connection = await connectAsAdmin(database);
  onTestFinished(() => connection.close());
  const folder = await temporaryFolder('/dev/shm');
  const { path } = await createBackup(connection, await wholeDatabase(connection.db), { folder });
  return { connection, db: database.db, path, folder, before: await stateOf(database.db) };
}

test('a migrated database comes back as it was, and its journal and leases stay', async () => {
  const { connection, db, path, before } = await backedUp('databases/0.23.8-main');
  await migrateAll(connection, { target: '1.22.1' });
  await migrateAll(connection, { target: '1.0.0' });
  await db.collection('samples.new').insertOne({ new: true });
  const migrated = await stateOf(db);
  const fences = await db
    .collection(LEASES)
    .find({ _id: /^dataset/ as never })
    .project({ fence: 1 })
    .sort({ _id: 1 })
    .toArray();
  const error = await restoreBackup(connection, { backup: path }).catch((thrown) => thrown);
  expect(error.message).toContain('would overwrite what has changed since');
  expect(error.hint).toContain('--force');
  expect(await stateOf(db)).toEqual(migrated);
  const { removed } = await restoreBackup(connection, { backup: path, force: true });
  expect(removed).toEqual(expect.arrayContaining(['samples.new', 'migrations.attic']));
  expect(await stateOf(db)).toEqual(before);
  expect(await readRuns(db)).toHaveLength(2);
  const now = await db
    .collection(LEASES)
    .find({ _id: /^dataset/ as never })
    .project({ fence: 1 })
    .sort({ _id: 1 })
    .toArray();
  expect(now.length).toBe(fences.length);
  expect(await restoreBackup(connection, { backup: path })).toMatchObject({ removed: [] });
  expect(await stateOf(db)).toEqual(before);
});

test('what downgrades kept is backed up, and puts it back after a restore', async () => {
  const { connection, db, folder } = await backedUp('databases/1.22.1-main');
  await migrateAll(connection, { target: '0.18.0' });
  const low = await stateOf(db);
  expect(Object.keys(low)).toEqual(expect.arrayContaining(['migrations.attic', 'migrations.attic.documents']));
  const { path } = await createBackup(connection, await wholeDatabase(db), { folder, name: 'low' });
  await migrateAll(connection, { target: '1.22.1' });
  const high = await stateOf(db);
  await restoreBackup(connection, { backup: path, force: true });
  expect(await stateOf(db)).toEqual(low);
  await migrateAll(connection, { target: '1.22.1' });
  expect(Object.keys(await stateOf(db))).toEqual(Object.keys(high));
});

test('nobody backs up or restores what somebody is at work on', async () => {
  const { connection, db, path, folder, before } = await backedUp('databases/1.22.1-edge');
  const others = new Leases(leaseStore(db));
  const id = (await db.collection('datasets').findOne())?._id;
  await others.take(`dataset ${id}`);
  const what = await wholeDatabase(db);
  const refused = await createBackup(connection, what, { folder, name: 'other' }).catch((thrown) => thrown);
  expect(refused).toBeInstanceOf(LockedError);
  expect(refused.message).toContain(`is at work on dataset ${id}: nothing was backed up`);
  await db.collection('samples.new').insertOne({ new: true });
  await expect(restoreBackup(connection, { backup: path, force: true })).rejects.toThrow(LockedError);
  await others.releaseAll();
  // an import is of a dataset that is not there yet
  await others.take('import 6b0182fc41390386c3639edb');
  await expect(restoreBackup(connection, { backup: path, force: true })).rejects.toThrow('is at work on import 6b01');
  await others.releaseAll();
  await restoreBackup(connection, { backup: path, force: true });
  expect(await stateOf(db)).toEqual(before);
});

test('a restore that is stopped leaves the database as it was, and nothing beside it', async () => {
  const { connection, db, path } = await backedUp('databases/1.22.1-main');
  await db.collection('samples.new').insertOne({ new: true });
  await db.collection('datasets').deleteMany({});
  const before = await stateOf(db);
  const stop = new AbortController();
  let told = 0;
  const onProgress = () => void (++told === 9 && stop.abort());
  await expect(restoreBackup(connection, { backup: path, force: true, onProgress, signal: stop.signal })).rejects.toThrow(
    'stopped',
  );
  expect(await stateOf(db)).toEqual(before);
  expect(await db.listCollections({ name: /^migrations\.restore/ }).toArray()).toHaveLength(1);
  expect(await db.collection('migrations.restores').countDocuments()).toBe(0);
});
