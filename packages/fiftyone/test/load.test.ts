import { expect, test } from 'vitest';
import { listDatasets, loadDataset } from '../src/datasets/load.js';
import { migrateAll, migrateDatabase, openDatabase, readSettings } from '../src/index.js';
import { differences } from './support/differences.js';
import { readDump } from './support/dump.js';
import { freshDatabase } from './support/fresh-database.js';
import { snapshot } from './support/snapshot.js';

const version = async (db: import('mongodb').Db, name: string) => (await db.collection('datasets').findOne({ name }))?.version;

async function opened(recorded: string, env: Record<string, string>) {
  const { db, uri, name } = await freshDatabase(await readDump(recorded));
  const settings = readSettings({ HOME: '/nonexistent', FIFTYONE_DATABASE_URI: uri, FIFTYONE_DATABASE_NAME: name, ...env });
  return { db, settings };
}

test('a dataset is upgraded the first time it is loaded under a newer version of the database, and only this one; later only the time is noted', async () => {
  const { db, settings } = await opened('databases/0.14.3-main', { FIFTYONE_DATABASE_ADMIN: 'true' });
  await expect(openDatabase(settings)).rejects.toThrow('Cannot connect to database v0.14.3');
  const admin = await openDatabase({ ...settings, disableMigrations: true });
  await migrateDatabase({ ...admin, settings });
  await admin.close();

  const connection = await openDatabase({ ...settings, databaseAdmin: false });
  const dataset = await loadDataset(connection, 'video');
  expect(dataset.version).toBe('1.22.1');
  expect(await version(db, 'video')).toBe('1.22.1');
  expect(await version(db, 'all-fields')).toBe('0.14.3');
  const before = await snapshot(db);
  await loadDataset(connection, 'video');
  expect(differences(before, await snapshot(db))).toEqual([expect.stringContaining('last_loaded_at')]);
  await expect(loadDataset(connection, 'nope')).rejects.toThrow('Dataset nope not found');
  await connection.close();
});

test('ten clients that load an old dataset at once all get it, upgraded', async () => {
  const { settings } = await opened('databases/0.18.0-main', { FIFTYONE_DATABASE_ADMIN: 'true' });
  const admin = await openDatabase({ ...settings, disableMigrations: true });
  await migrateDatabase({ ...admin, settings });
  await admin.close();
  const connections = await Promise.all(Array.from({ length: 10 }, () => openDatabase({ ...settings, databaseAdmin: false })));
  const datasets = await Promise.all(connections.map((connection) => loadDataset(connection, 'labels')));
  expect(datasets.map((dataset) => dataset.version)).toEqual(Array(10).fill('1.22.1'));
  const { db } = connections[0] as (typeof connections)[0];
  const runs = await db.collection('runs').countDocuments();
  expect(await db.collection('runs').countDocuments({ _dataset_id: datasets[0]?.doc.get('_id') as never })).toBe(runs);
  for (const connection of connections) await connection.close();
});

test('a dataset that cannot be upgraded is not loaded, and stays as it is', async () => {
  const { db, settings } = await opened('databases/0.23.8-edge', { FIFTYONE_DATABASE_ADMIN: 'true' });
  const connection = await openDatabase(settings);
  await migrateDatabase(connection);
  const before = await snapshot(db);
  await expect(loadDataset(connection, 'user-created-at-str')).rejects.toThrow("existing 'created_at' field");
  expect(differences(before, await snapshot(db))).toEqual([]);
  await connection.close();
});

test('an Enterprise database is not upgraded by connecting, a new one takes the version of the client', async () => {
  const { db, settings } = await opened('databases/1.0.2-main', { FIFTYONE_DATABASE_ADMIN: 'true' });
  const before = await snapshot(db);
  const connection = await openDatabase(settings);
  expect(await listDatasets(connection)).toContain('video');
  expect(differences(before, await snapshot(db))).toEqual([]);
  await connection.close();

  const fresh = await freshDatabase();
  const other = await openDatabase({ ...settings, databaseName: fresh.name });
  expect(await fresh.db.collection('config').findOne({}, { projection: { _id: 0 } })).toEqual({
    version: '1.22.1',
    type: 'fiftyone',
  });
  await other.close();
});

test('the open source edition upgrades the database on connecting, and no dataset', async () => {
  const { db, settings } = await opened('databases/1.0.2-main', { FIFTYONE_EDITION: 'open-source' });
  const connection = await openDatabase(settings);
  expect((await db.collection('config').findOne())?.version).toBe('1.22.1');
  expect(await version(db, 'video')).toBe('1.0.2');
  expect((await migrateAll(connection)).datasets.every(({ result }) => result === 'migrated')).toBe(true);
  await connection.close();
});
