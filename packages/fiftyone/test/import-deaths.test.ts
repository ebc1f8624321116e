import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Db, GridFSBucket } from 'mongodb';
import { expect, test } from 'vitest';
import { LEASES } from '../src/database/lease-store.js';
import { type ImportOptions, importDataset } from '../src/formats/import/import-dataset.js';
import { IMPORTS, settleDeadImports } from '../src/formats/import/import-notes.js';
import { type FreshDatabase, freshDatabase } from './support/fresh-database.js';
import { connectAsAdmin } from './support/migrated.js';
import { DEATHS, mortal } from './support/mortal.js';
import { recordedExport } from './support/recorded-export.js';

/** All that a database has of datasets, and what belongs to none. */
async function contentOf(db: Db): Promise<string[]> {
  const lines: string[] = [];
  const named = new Set<string>();
  const owned = { views: 0, workspaces: 0, runs: 0, 'fs.files': 0, tags: 0 };
  for (const dataset of await db.collection('datasets').find().sort({ name: 1 }).toArray()) {
    const { sample_collection_name: samples, frame_collection_name: frames } = dataset;
    for (const name of [samples, frames]) if (name) named.add(name);
    const counts = await Promise.all([samples, frames ?? 'none'].map((name) => db.collection(name).countDocuments()));
    const indexes = (await db.collection(samples).listIndexes().toArray()).length;
    const maps = ['annotation_runs', 'brain_methods', 'evaluations', 'runs'].flatMap((key) => Object.values(dataset[key] ?? {}));
    const runs = await db
      .collection('runs')
      .find({ _id: { $in: maps as never[] }, _dataset_id: dataset._id })
      .toArray();
    const views = await db.collection('views').countDocuments({ _id: { $in: dataset.saved_views ?? [] } });
    const workspaces = await db.collection('workspaces').countDocuments({ _id: { $in: dataset.workspaces ?? [] } });
    const tags = await db.collection('tags').countDocuments({ _dataset_id: dataset._id });
    const results = runs.flatMap((run) => (run.results ? [run.results] : []));
    for (const file of results) for await (const _ of new GridFSBucket(db).openDownloadStream(file));
    owned.views += views;
    owned.workspaces += workspaces;
    owned.runs += runs.length;
    owned['fs.files'] += results.length;
    owned.tags += tags;
    const sample = await db.collection(samples).findOne();
    const isOwn = sample === null || sample._dataset_id.equals(dataset._id);
    lines.push(
      `${dataset.name} ${counts} ${indexes} ${maps.length} ${runs.length} ${views} ${workspaces} ${results.length} ${tags} ${isOwn} ${sample?.tags}`,
    );
  }
  for (const [name, count] of Object.entries(owned)) {
    const found = await db.collection(name).countDocuments();
    if (found !== count) lines.push(`${found - count} of ${name} belong to nothing`);
  }
  const collections = (await db.listCollections({ name: /^(samples|frames|migrations\.imports)/ }).toArray()).map(
    ({ name }) => name,
  );
  for (const name of collections) if (name !== IMPORTS && !named.has(name)) lines.push(`${name} belongs to nothing`);
  const notes = await db.collection(IMPORTS).countDocuments();
  if (notes > 0) lines.push(`${notes} notes left`);
  return lines;
}

/** All of them on request (`npm run test:deaths`): it takes its time. */
const STEP = process.env.EVERY_DEATH ? 1 : 4;
const FIRST = process.env.EVERY_DEATH ? 1 : 2;

interface Journey {
  readonly before: (database: FreshDatabase) => Promise<void>;
  readonly options: ImportOptions;
}

async function dieEverywhere({ before, options }: Journey): Promise<{ deaths: number; unchanged: number; done: number }> {
  const tally = { deaths: 0, unchanged: 0, done: 0 };
  let after: string[] | undefined;
  for (let most = Number.POSITIVE_INFINITY; ; most = most === Number.POSITIVE_INFINITY ? FIRST : most + STEP) {
    let died = false;
    for (const death of most === Number.POSITIVE_INFINITY ? [DEATHS[0]] : DEATHS) {
      const database = await freshDatabase();
      await database.db.collection('config').insertOne({ version: '1.22.1', type: 'fiftyone' });
      await before(database);
      const old = await contentOf(database.db);
      const dying = await connectAsAdmin(database);
      const life = mortal(database.name, most, death);
      const outcome = await importDataset(dying, options).catch((error: Error) => error);
      await life.settled();
      await dying.close();
      await database.db.collection(LEASES).updateMany({}, { $set: { expires: new Date(0) } });
      const connection = await connectAsAdmin(database);
      await settleDeadImports(connection);
      const content = await contentOf(database.db);
      if (after === undefined) {
        expect(outcome).not.toBeInstanceOf(Error);
        after = content;
      } else {
        expect([old, after], `dead at command ${most} (${death})`).toContainEqual(content);
        died ||= life.died();
        tally.deaths++;
        if (JSON.stringify(content) === JSON.stringify(after)) tally.done++;
        else {
          tally.unchanged++;
          await importDataset(connection, options);
          expect(await contentOf(database.db), `imported again after a death at command ${most} (${death})`).toEqual(after);
        }
      }
      await connection.close();
      await database.db.dropDatabase();
    }
    if (most !== Number.POSITIVE_INFINITY && !died) return tally;
  }
}

test('whoever dies while a dataset is imported leaves all of it or nothing', { timeout: 300_000 }, async () => {
  const exports = await recordedExport('views_runs');
  const other = await recordedExport('video_frames');
  expect(await readdir(join(exports, 'copy'))).toContain('tags.json');
  const { deaths, unchanged, done } = await dieEverywhere({
    before: async (database) => {
      const connection = await connectAsAdmin(database);
      await importDataset(connection, { datasetDir: join(other, 'copy'), name: 'other', persistent: true });
      await connection.close();
    },
    options: { datasetDir: join(exports, 'copy'), name: 'new', persistent: true, tags: ['added'] },
  });
  expect(deaths).toBeGreaterThan(30 / STEP);
  expect(unchanged).toBeGreaterThan(20 / STEP);
  expect(done).toBeGreaterThan(0);
});

test('whoever dies while a dataset is replaced leaves the old one or the new one, whole', { timeout: 300_000 }, async () => {
  const exports = await recordedExport('views_runs');
  const { unchanged, done } = await dieEverywhere({
    before: async (database) => {
      const connection = await connectAsAdmin(database);
      await importDataset(connection, { datasetDir: join(exports, 'copy'), name: 'it', persistent: true });
      await connection.close();
    },
    options: { datasetDir: join(exports, 'copy'), name: 'it', persistent: true, overwrite: true, tags: ['new'] },
  });
  expect(unchanged).toBeGreaterThan(20 / STEP);
  expect(done).toBeGreaterThan(10 / STEP);
});
