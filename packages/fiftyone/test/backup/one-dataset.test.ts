import type { Db, Document } from 'mongodb';
import { expect, onTestFinished, test } from 'vitest';
import { createBackup } from '../../src/backup/create.js';
import { type RestoreOptions, restoreBackup } from '../../src/backup/restore-backup.js';
import { RestoreRefusedError } from '../../src/backup/restore-refused.js';
import { verifyBackup } from '../../src/backup/verify.js';
import { wholeDatabase, wholeDatasets } from '../../src/backup/what.js';
import { deleteDataset } from '../../src/datasets/delete.js';
import { migrateAll } from '../../src/migrations/migrate.js';
import { readDump } from '../support/dump.js';
import { freshDatabase } from '../support/fresh-database.js';
import { connectAsAdmin } from '../support/migrated.js';
import { temporaryFolder } from '../support/recorded-export.js';
import { stateOf } from './same-bytes.js';

const RECORDED = 'databases/1.22.1-main';

/** A database with runs, results, views and frames, backed up, and the name of its dataset that has the most of them. */
async function backedUp(scope: 'database' | 'dataset', recorded = RECORDED) {
  const database = await freshDatabase(await readDump(recorded));
  const connection = await connectAsAdmin(database);
  onTestFinished(() => connection.close());
  const { db } = database;
  const name = await richest(db);
  const what = scope === 'database' ? await wholeDatabase(db) : await wholeDatasets(db, [name]);
  const { path, manifest } = await createBackup(connection, what, { folder: await temporaryFolder('/dev/shm') });
  const before = await contentOf(db);
  const restore = (options: Partial<RestoreOptions> = {}) =>
    restoreBackup(connection, { backup: path, ...(scope === 'database' ? { dataset: name } : {}), ...options });
  return { connection, db, name, path, manifest, before, restore };
}

async function richest(db: Db): Promise<string> {
  const datasets = await db
    .collection('datasets')
    .find({ sample_collection_name: /^samples\./ })
    .toArray();
  const count = (dataset: Document) =>
    ['annotation_runs', 'brain_methods', 'evaluations', 'runs'].reduce(
      (sum, key) => sum + Object.keys(dataset[key] ?? {}).length,
      0,
    );
  const [first] = datasets.sort((a, b) => count(b) - count(a));
  expect(count(first as Document)).toBeGreaterThan(2);
  return first?.name;
}

/** Every document by its collection and id, in a form that can be compared whichever order they are stored in. */
async function contentOf(db: Db): Promise<Record<string, readonly string[]>> {
  const content: Record<string, readonly string[]> = {};
  for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
    if (/^migrations\.(leases|journal|control|restore|work)/.test(name)) continue;
    const lines: string[] = [];
    for await (const bytes of db.collection(name).find({}, { raw: true, sort: { _id: 1 } }))
      lines.push((bytes as unknown as Buffer).toString('hex'));
    if (lines.length > 0) content[name] = lines;
  }
  return content;
}

test.each(['database', 'dataset'] as const)(
  'a deleted dataset comes back with all that belonged to it, from a backup of its %s',
  async (scope) => {
    const { connection, db, name, before, restore } = await backedUp(scope);
    await deleteDataset(connection, name);
    const deleted = await contentOf(db);
    expect(Object.keys(before).filter((key) => before[key]?.length !== deleted[key]?.length).length).toBeGreaterThan(4);
    const report = await restore();
    expect(report.datasets).toEqual([name]);
    // only that its generated datasets would go is not taken back: they are other datasets
    const found = await contentOf(db);
    for (const key of Object.keys(before).filter((key) => key !== 'datasets')) expect(found[key], key).toEqual(before[key]);
    expect(Object.keys(found)).toEqual(expect.arrayContaining(Object.keys(before)));
    expect(found.datasets?.length).toBe(before.datasets?.length);
  },
);

test('a dataset is restored into an empty database, with the indexes of all collections', async () => {
  const { db, path, name } = await backedUp('database');
  const empty = await freshDatabase();
  const connection = await connectAsAdmin(empty);
  onTestFinished(() => connection.close());
  await restoreBackup(connection, { backup: path, dataset: name });
  const names = (await empty.db.listCollections({ name: { $not: /^migrations/ } }).toArray()).map((found) => found.name);
  expect(names).toEqual(expect.arrayContaining(['datasets', 'runs', 'views', 'fs.files', 'fs.chunks']));
  for (const found of names) {
    const indexes = await Promise.all([db, empty.db].map((one) => one.collection(found).listIndexes().toArray()));
    expect(indexes[1], found).toEqual(indexes[0]);
  }
  expect(await empty.db.collection('datasets').countDocuments()).toBe(1);
});

test('the backup of one dataset has nothing of others', async () => {
  const { db, manifest, path, name } = await backedUp('dataset');
  const dataset = await db.collection('datasets').findOne({ name });
  const names = manifest.collections.map(({ collection }) => collection);
  expect(names.filter((other) => /^(samples|frames|patches|clips)\./.test(other)).sort()).toEqual(
    [dataset?.sample_collection_name, dataset?.frame_collection_name].filter((other) => names.includes(other)).sort(),
  );
  expect(manifest.collections.find(({ collection }) => collection === 'datasets')?.documents).toBe(1);
  expect(manifest.scope).toMatchObject({ kind: 'datasets', datasets: [{ name }] });
  expect((await verifyBackup(path)).problems).toEqual([]);
});

test.each(['database', 'dataset'] as const)('a changed dataset is overwritten only with force (%s)', async (scope) => {
  const { db, name, before, restore } = await backedUp(scope);
  const dataset = (await db.collection('datasets').findOne({ name })) as Document;
  const others = db.collection('datasets').find({ name: { $ne: name } });
  const other = (await others.toArray())[0] as Document;
  await db.collection('datasets').updateOne({ _id: other._id }, { $set: { info: { of: 'another dataset' } } });
  await db
    .collection('datasets')
    .updateOne({ _id: dataset._id }, { $set: { info: { new: true }, last_modified_at: new Date() } });
  await db.collection(dataset.sample_collection_name).updateOne({}, { $set: { new: 1 } });
  await db.collection('runs').insertOne({ _dataset_id: dataset._id, key: 'made since' });
  const changed = await stateOf(db);
  const error = await restore().catch((thrown) => thrown);
  expect(error).toBeInstanceOf(RestoreRefusedError);
  expect(error.message).toContain(`dataset '${name}': datasets: it was changed at`);
  expect(error.message).toContain(`dataset '${name}': ${dataset.sample_collection_name}: it is not what it was`);
  expect(error.message).toContain('runs: it is not what it was');
  expect(await stateOf(db)).toEqual(changed);
  await restore({ force: true });
  const found = await contentOf(db);
  const { datasets: _, ...rest } = found;
  const { datasets: __, ...expected } = before;
  expect(rest).toEqual(expected);
  expect(await db.collection('datasets').findOne({ _id: dataset._id })).toEqual(dataset);
  expect((await db.collection('datasets').findOne({ _id: other._id }))?.info).toEqual({ of: 'another dataset' });
});

test('a dataset that was migrated comes back to its old version, and others stay at the new one', async () => {
  const { connection, db, before, restore } = await backedUp('database', 'databases/0.23.8-main');
  const report = await migrateAll(connection, { target: '1.22.1' });
  expect(report.datasets.every(({ result }) => result !== 'failed')).toBe(true);
  const name = (await db.collection('datasets').findOne({ sample_collection_name: /^samples\./ }))?.name;
  await expect(restore({ dataset: name })).rejects.toThrow(RestoreRefusedError);
  await restore({ dataset: name, force: true });
  const versions = await db.collection('datasets').find().toArray();
  expect(versions.filter(({ version }) => version === '0.23.8').map((dataset) => dataset.name)).toEqual([name]);
  const old = await db.collection('datasets').findOne({ name });
  expect(before.datasets).toContain(await hexOf(db, old?._id));
});

async function hexOf(db: Db, _id: unknown): Promise<string> {
  const [bytes] = await db
    .collection('datasets')
    .find({ _id: _id as never }, { raw: true })
    .toArray();
  return (bytes as unknown as Buffer).toString('hex');
}

test('a name that another dataset has taken is not taken back', async () => {
  const { connection, db, name, restore } = await backedUp('database');
  await deleteDataset(connection, name);
  await db.collection('datasets').insertOne({ name, slug: 'another', sample_collection_name: 'samples.another' });
  const before = await stateOf(db);
  const error = await restore({ force: true }).catch((thrown) => thrown);
  expect(error.message).toContain(`another dataset has the name '${name}' now`);
  expect(await stateOf(db)).toEqual(before);
});

test('a dataset that the backup does not have is told with those that it has', async () => {
  const { name, restore } = await backedUp('database');
  const error = await restore({ dataset: 'nobody' }).catch((thrown) => thrown);
  expect(error.message).toContain("has no dataset 'nobody'");
  expect(error.hint).toContain(name);
});
