import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Connection } from '../src/database/connection.js';
import { LEASES } from '../src/database/lease-store.js';
import { type ImportOptions, importDataset } from '../src/formats/import/import-dataset.js';
import { IMPORTS, settleDeadImports } from '../src/formats/import/import-notes.js';
import { type FreshDatabase, freshDatabase } from './support/fresh-database.js';
import { connectAsAdmin } from './support/migrated.js';
import { DEATHS, mortal } from './support/mortal.js';
import { recordedExport } from './support/recorded-export.js';

/** All deaths on request (`npm run test:deaths`): it takes its time. */
const STEP = process.env.EVERY_DEATH ? 1 : 4;

/** A copy of an export with the first digits of all ids of its documents changed, and its metadata as wanted. */
async function variantOf(folder: string, change: (metadata: string) => string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'variant-'));
  onTestFinished(() => rm(copy, { recursive: true }));
  await cp(folder, copy, { recursive: true });
  for (const file of ['samples.json', 'frames.json', 'tags.json']) {
    const text = await readFile(join(copy, file), 'utf8').catch(() => undefined);
    if (text !== undefined) await writeFile(join(copy, file), text.replace(/"6b01/g, '"7c01'));
  }
  await writeFile(join(copy, 'metadata.json'), change(await readFile(join(copy, 'metadata.json'), 'utf8')));
  return copy;
}

async function withDatabase(): Promise<{ database: FreshDatabase; connection: Connection }> {
  const database = await freshDatabase();
  await database.db.collection('config').insertOne({ version: '1.22.1', type: 'fiftyone' });
  const connection = await connectAsAdmin(database);
  onTestFinished(() => connection.close());
  return { database, connection };
}

test('samples, frames, fields and tags are added to a dataset; what it has stays', async () => {
  const videos = join(await recordedExport('video_frames'), 'copy');
  const more = await variantOf(videos, (text) =>
    text
      .replace('"name": "events"', '"name": "episodes"')
      .replace('"db_field": "events"', '"db_field": "episodes"')
      .replace('"info": {}', '"info": {"a": 1, "b": 2}'),
  );
  const samples = await readFile(join(more, 'samples.json'), 'utf8');
  await writeFile(join(more, 'samples.json'), samples.replaceAll('"events":', '"episodes":'));
  const { database, connection } = await withDatabase();
  await importDataset(connection, { datasetDir: videos, name: 'it', persistent: true });
  await database.db.collection('datasets').updateOne({}, { $set: { info: { a: 'mine' } } });
  const report = await importDataset(connection, { datasetDir: more, into: 'it', tags: ['new'] });
  expect([report.name, report.samples, report.frames, report.warnings]).toEqual(['it', 3, 5, []]);
  const dataset = await database.db.collection('datasets').findOne({});
  expect(dataset?.info).toEqual({ a: 'mine', b: 2 });
  const names = dataset?.sample_fields.map(({ name }: { name: string }) => name);
  expect(names.slice(-2)).toEqual(['events', 'episodes']);
  const stored = await database.db.collection(dataset?.sample_collection_name).find().toArray();
  expect(stored.map((sample) => [sample.tags, String(sample._dataset_id) === String(dataset?._id)])).toEqual([
    ...Array(3).fill([['v'], true]),
    ...Array(3).fill([['v', 'new'], true]),
  ]);
  expect(await database.db.collection(dataset?.frame_collection_name).countDocuments()).toBe(10);
  expect((await database.db.listCollections({ name: /^migrations\.imports\./ }).toArray()).length).toBe(0);
});

test('what does not go together is refused before anything is written', async () => {
  const { database, connection } = await withDatabase();
  const views = join(await recordedExport('views_runs'), 'copy');
  await importDataset(connection, { datasetDir: views, name: 'it', persistent: true });
  const before = await database.db.collection('datasets').findOne({});
  const videos = join(await recordedExport('video_frames'), 'copy');
  const into = (datasetDir: string) => importDataset(connection, { datasetDir, into: 'it' });
  await expect(into(videos)).rejects.toThrow(`its media_type is "video", and that of dataset 'it' is "image"`);
  const retyped = await variantOf(views, (text) =>
    text.replace(
      '"name": "uniqueness", "ftype": "fiftyone.core.fields.FloatField"',
      '"name": "uniqueness", "ftype": "fiftyone.core.fields.IntField"',
    ),
  );
  await expect(into(retyped)).rejects.toThrow(
    `field 'uniqueness': its ftype is "fiftyone.core.fields.IntField", and there it is "fiftyone.core.fields.FloatField"`,
  );
  await expect(into(views)).rejects.toThrow("dataset 'it' has samples with the same ids already: 6b01");
  await expect(importDataset(connection, { datasetDir: views, into: 'nope' })).rejects.toThrow('Dataset nope not found');
  await expect(importDataset(connection, { datasetDir: views, into: 'it', name: 'other' })).rejects.toThrow(
    'name and into do not go together',
  );
  expect(await database.db.collection('datasets').findOne({})).toEqual(before);
  expect(await database.db.collection(before?.sample_collection_name).countDocuments()).toBe(8);
  expect(await database.db.collection(IMPORTS).countDocuments()).toBe(0);
});

test('whoever dies while samples are added has added all of them or none', { timeout: 300_000 }, async () => {
  const videos = join(await recordedExport('video_frames'), 'copy');
  const more = await variantOf(videos, (text) => text.replace('"info": {}', '"info": {"a": 1}'));
  const counts = { 3: 0, 6: 0 };
  for (let most = process.env.EVERY_DEATH ? 1 : 2, died = true; died; most += STEP) {
    died = false;
    for (const death of DEATHS) {
      const { database, connection } = await withDatabase();
      await importDataset(connection, { datasetDir: videos, name: 'it', persistent: true });
      const dying = await connectAsAdmin(database);
      const life = mortal(database.name, most, death);
      const options: ImportOptions = { datasetDir: more, into: 'it' };
      await importDataset(dying, options).catch(() => undefined);
      await life.settled();
      await dying.close();
      died ||= life.died();
      await database.db.collection(LEASES).updateMany({}, { $set: { expires: new Date(0) } });
      await settleDeadImports(connection);
      const dataset = await database.db.collection('datasets').findOne({});
      const samples = await database.db.collection(dataset?.sample_collection_name).countDocuments();
      const frames = await database.db.collection(dataset?.frame_collection_name).countDocuments();
      const left = await database.db.listCollections({ name: /^migrations\.imports\./ }).toArray();
      expect(
        [
          [3, 5, {}, 0],
          [6, 10, { a: 1 }, 0],
        ],
        `dead at command ${most} (${death})`,
      ).toContainEqual([samples, frames, dataset?.info, left.length]);
      expect(await database.db.collection(IMPORTS).countDocuments()).toBe(0);
      counts[samples as 3 | 6]++;
      await database.db.dropDatabase();
    }
  }
  expect(counts[3]).toBeGreaterThan(20 / STEP);
  expect(counts[6]).toBeGreaterThan(5 / STEP);
});
