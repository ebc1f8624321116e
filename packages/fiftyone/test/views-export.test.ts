import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Doc, parseEjsonDoc, toEjson } from '../src/bson/index.js';
import type { Connection } from '../src/database/connection.js';
import { findDocs } from '../src/database/raw.js';
import { Dataset } from '../src/datasets/dataset.js';
import { exportDataset } from '../src/formats/export/export-dataset.js';
import { loadSavedView } from '../src/views/saved-views.js';
import { parseStage } from '../src/views/stage.js';
import { viewOf } from '../src/views/view.js';
import { isDifferent, readRecordedViews, restoreRecordedViews } from './support/recorded-views.js';

const recorded = await readRecordedViews();
const name = `views-export-${process.pid}`;

let client: MongoClient;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), name));
  client = await MongoClient.connect(inject('mongodbUri'));
  await restoreRecordedViews(client.db(name), recorded);
});

afterAll(async () => {
  await client.db(name).dropDatabase();
  await client.close();
  await rm(folder, { recursive: true });
});

const some = recorded.views.filter((view, i) => !isDifferent(view) && (i % 12 === 0 || view.python.includes('slices')));

test.each(some)('the files of an exported view have what those of the real client have: $name: $python', async (expected) => {
  const db = client.db(name);
  const [doc] = await findDocs(db, 'datasets', { name: expected.dataset });
  const view = await loadSavedView(new Dataset({ db } as Connection, doc as Doc), expected.name);
  await exportDataset(view, { exportDir: join(folder, 'export'), exportMedia: false, overwrite: true });
  expect(await documents('samples')).toEqual(expected.samples.map(toEjson));
  expect(await documents('frames')).toEqual(expected.frames?.map(toEjson));
});

test('a folder with media of the dataset that a view is made of is not replaced', async () => {
  const db = client.db(name);
  const [doc] = await findDocs(db, 'datasets', { name: 'images' });
  const images = new Dataset({ db } as Connection, doc as Doc);
  const patches = parseStage('{"_cls": "fiftyone.core.stages.ToPatches", "kwargs": [["field", "gt"], ["_state", null]]}');
  const view = await viewOf(images, [patches]);
  const there = join(folder, 'media');
  await mkdir(there);
  await writeFile(join(there, '1.jpg'), 'one');
  await db.collection(String(doc?.get('sample_collection_name'))).updateOne({}, { $set: { filepath: join(there, '1.jpg') } });
  await expect(exportDataset(view, { exportDir: there, exportMedia: false, overwrite: true })).rejects.toThrow('to be replaced');
});

/** The documents of an exported file, or undefined if there is none. */
async function documents(kind: 'samples' | 'frames'): Promise<string[] | undefined> {
  const text = await readFile(join(folder, 'export', `${kind}.json`), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (parseEjsonDoc(text).get(kind) as Doc[]).map(toEjson);
}
