import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EJSON } from 'bson';
import type { Document } from 'mongodb';
import { expect, test } from 'vitest';
import { importDataset } from '../src/formats/import/import-dataset.js';
import { freshDatabase } from './support/fresh-database.js';
import { connectAsAdmin } from './support/migrated.js';
import { recordedExport } from './support/recorded-export.js';

/** What an import makes of an export, without what is new in every import. */
async function imported(folder: string): Promise<{ dataset: Document; samples: string[]; frames: string[]; results: string[] }> {
  const database = await freshDatabase();
  await database.db.collection('config').insertOne({ version: '1.22.1', type: 'fiftyone' });
  const connection = await connectAsAdmin(database);
  await importDataset(connection, { datasetDir: folder, name: 'it', persistent: true });
  await connection.close();
  const dataset = (await database.db.collection('datasets').findOne({})) as Document;
  const docs = async (name: string | null, without: object) => {
    const found =
      name === null ? [] : await database.db.collection(name).find({}, { projection: without, promoteValues: false }).toArray();
    return found.map((doc) => EJSON.stringify(doc, { relaxed: false }).replaceAll(folder, 'FOLDER'));
  };
  const isNew = { _dataset_id: 0, created_at: 0, last_modified_at: 0 };
  const chunks = await database.db
    .collection('fs.chunks')
    .find({}, { projection: { data: 1 } })
    .toArray();
  return {
    dataset,
    samples: await docs(dataset.sample_collection_name, isNew),
    frames: await docs(dataset.frame_collection_name, { ...isNew, _id: 0 }),
    results: chunks.map(({ data }) => data.toString('base64')),
  };
}

test.each([
  ['views_runs', 'labels_only'],
  ['video_frames', 'copy'],
])("the old format of %s becomes what today's format becomes, ids of samples included", async (name, variant) => {
  const exports = await recordedExport(name);
  const [old, today] = [await imported(join(exports, 'legacy')), await imported(join(exports, variant))];
  const sorted = (lines: string[]) => lines.map((line) => EJSON.stringify(Object.entries(JSON.parse(line)).sort()));
  expect(sorted(old.samples)).toEqual(sorted(today.samples));
  expect(old.frames).toEqual(today.frames);
  expect(old.results).toEqual(today.results);
  for (const key of ['media_type', 'info', 'app_config', 'mask_targets', 'version'] as const)
    expect(old.dataset[key]).toEqual(today.dataset[key]);
  const shape = (dataset: Document, key: string) =>
    dataset[key]
      .map(({ name, ftype, subfield, embedded_doc_type, db_field }: Document) =>
        [name, ftype, subfield, embedded_doc_type, db_field].join(),
      )
      .sort();
  expect(shape(old.dataset, 'sample_fields')).toEqual(shape(today.dataset, 'sample_fields'));
  if (name === 'video_frames') expect(shape(old.dataset, 'frame_fields')).toEqual(shape(today.dataset, 'frame_fields'));
  for (const key of ['saved_views', 'workspaces', 'evaluations', 'brain_methods', 'runs']) {
    expect(Object.keys(old.dataset[key] ?? {})).toEqual(Object.keys(today.dataset[key] ?? {}));
  }
});

test('a schema that nobody understands is refused by name', async () => {
  const folder = join(await recordedExport('views_runs'), 'legacy');
  const text = await readFile(join(folder, 'metadata.json'), 'utf8');
  await writeFile(
    join(folder, 'metadata.json'),
    text.replace('"uniqueness": "fiftyone.core.fields.FloatField"', '"uniqueness": 5'),
  );
  await expect(imported(folder)).rejects.toThrow('metadata.json: sample_fields.uniqueness is no type of a field');
});
