import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BsonType, Doc, encode, int32, ObjectId, Scalar } from '../src/bson/index.js';
import { insertRaw } from '../src/database/raw.js';
import { Dataset } from '../src/datasets/dataset.js';
import type { SampleCollection } from '../src/datasets/sample-collection.js';
import { exportDataset } from '../src/formats/export/export-dataset.js';
import { mediaDataset } from './support/media-dataset.js';
import { connectAsAdmin } from './support/migrated.js';
import { temporaryFolder } from './support/recorded-export.js';

test('of a view only what it shows is exported, with the whole document of its dataset but for views and runs', async () => {
  const exportDir = await temporaryFolder();
  const made = await mediaDataset({
    samples: ['/a.png', '/b.png', '/c.png'].map((filepath, i) => ({ filepath, i: int32(i) })),
    more: {
      saved_views: [new ObjectId()],
      workspaces: [new ObjectId()],
      evaluations: Doc.of(['e', new ObjectId()]),
      tags: ['t'],
    },
  });
  const { dataset, connection, database } = made;
  const ids = (await made.samples()).map((sample) => sample.get('_id') as ObjectId);
  const tags = [ids[2], ids[0], ids[1]].map((id, i) =>
    Doc.of(
      ['_dataset_id', dataset.doc.get('_id') as ObjectId],
      ['_sample_id', id as ObjectId],
      ['kind', 'temporal'],
      ['tag', String(i)],
    ),
  );
  await insertRaw(database.db, 'tags', tags.map(encode));
  const collection = String(dataset.doc.get('sample_collection_name'));
  const view: SampleCollection = {
    connection,
    doc: dataset.doc,
    isView: true,
    samples: () => ({ collection, pipeline: [{ $match: { i: { $ne: 1 } } }, { $sort: { i: -1 } }, { $project: { i: 0 } }] }),
    frames: () => undefined,
  };
  const report = await exportDataset(view, { exportDir, exportMedia: false });
  expect(report.samples).toBe(2);
  const read = async (name: string) => JSON.parse(await readFile(join(exportDir, name), 'utf8'));
  expect((await read('samples.json')).samples).toEqual([
    { _id: { $oid: String(ids[2]) }, filepath: '/c.png' },
    { _id: { $oid: String(ids[0]) }, filepath: '/a.png' },
  ]);
  expect(await read('metadata.json')).toMatchObject({
    name: 'pictures',
    tags: ['t'],
    saved_views: [],
    workspaces: [],
    evaluations: {},
  });
  expect((await read('tags.json')).tags.map(({ tag }: { tag: string }) => tag)).toEqual(['1', '0']);
});

test('references to documents that are gone are left out and said', async () => {
  const [view, run] = [new ObjectId(), new ObjectId()];
  const exportDir = await temporaryFolder();
  const { dataset } = await mediaDataset({ samples: [], more: { saved_views: [view], evaluations: Doc.of(['e', run]) } });
  const report = await exportDataset(dataset, { exportDir });
  expect(report.warnings).toEqual([
    `saved_views names the document ${view}, which is not in the collection views`,
    `evaluations.e names the document ${run}, which is not in the collection runs`,
  ]);
});

test('a run whose results are gone is exported without them', async () => {
  const exportDir = await temporaryFolder();
  const run = new ObjectId();
  const made = await mediaDataset({ samples: [], more: { brain_methods: Doc.of(['sim', run]) } });
  await insertRaw(made.database.db, 'runs', [encode(Doc.of(['_id', run], ['key', 'sim'], ['results', new ObjectId()]))]);
  const report = await exportDataset(made.dataset, { exportDir });
  expect(report.warnings).toEqual([
    'the results of brain_methods.sim are missing or broken in the database, and are not in the export',
  ]);
});

test('a dataset that is gone is not exported', async () => {
  const exportDir = await temporaryFolder();
  const { dataset, database } = await mediaDataset({ samples: [] });
  await database.db.collection('datasets').deleteMany({});
  await expect(exportDataset(dataset, { exportDir })).rejects.toThrow('Dataset pictures not found');
});

test('a dataset that is migrated meanwhile has to be exported again', async () => {
  const exportDir = join(await temporaryFolder(), 'export');
  const { dataset, database } = await mediaDataset({ samples: [{ filepath: '/a.png' }] });
  // on one connection, so that the change comes before what the export asks for next
  const { uri, name } = database;
  const connection = await connectAsAdmin({ uri: `${uri}${uri.includes('?') ? '&' : '/?'}maxPoolSize=1`, name });
  onTestFinished(() => connection.close());
  const changes: Promise<unknown>[] = [];
  const onProgress = () => void changes.push(connection.db.collection('datasets').updateOne({}, { $set: { version: '1.0.0' } }));
  const error = await exportDataset(new Dataset(connection, dataset.doc), { exportDir, exportMedia: false, onProgress }).catch(
    (error) => error,
  );
  await Promise.all(changes);
  expect(error.message).toBe("dataset 'pictures' was migrated while it was exported");
  expect(existsSync(exportDir)).toBe(false);
});

test('a sample that has no JSON text is named, with the place', async () => {
  const exportDir = await temporaryFolder();
  const bad = new Scalar(BsonType.string, Buffer.from([2, 0, 0, 0, 0xff, 0]));
  const { dataset } = await mediaDataset({
    samples: [{ filepath: '/a.png', gt: Doc.of(['detections', [Doc.of(['label', bad])]]) }],
  });
  const error = await exportDataset(dataset, { exportDir, exportMedia: false }).catch((error) => error);
  expect(error.message).toBe('the sample 6b0100000000000000000000 cannot be exported: gt.detections[0].label: is not UTF-8');
});
