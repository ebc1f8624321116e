import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Doc, decode, toEjson } from '../src/bson/index.js';
import type { Connection } from '../src/database/connection.js';
import { findDocs } from '../src/database/raw.js';
import { Dataset } from '../src/datasets/dataset.js';
import type { Reading } from '../src/datasets/sample-collection.js';
import { listSavedViews, loadSavedView } from '../src/views/saved-views.js';
import { type RecordedView, readRecordedViews, restoreRecordedViews } from './support/recorded-views.js';

const recorded = await readRecordedViews();

let client: MongoClient;
const name = `views-${process.pid}`;

beforeAll(async () => {
  client = await MongoClient.connect(inject('mongodbUri'));
  await restoreRecordedViews(client.db(name), recorded);
});

afterAll(async () => {
  await client.db(name).dropDatabase();
  await client.close();
});

async function dataset(of: string): Promise<Dataset> {
  const db = client.db(name);
  const [doc] = await findDocs(db, 'datasets', { name: of });
  return new Dataset({ db } as Connection, doc as Doc);
}

async function read({ collection, pipeline }: Reading): Promise<Doc[]> {
  const cursor = client
    .db(name)
    .collection(collection)
    .aggregate([...pipeline], { raw: true });
  return (await cursor.toArray()).map((bytes) => decode(bytes as unknown as Uint8Array));
}

const lines = (docs: readonly Doc[]) => docs.map(toEjson);

describe('a saved view shows what the real client exports', () => {
  test.each(recorded.views)('$name: $python', async (expected: RecordedView) => {
    const view = await loadSavedView(await dataset(expected.dataset), expected.name);
    expect(lines(await read(view.samples('all')))).toEqual(lines(expected.samples));
    const frames = view.frames();
    expect(frames && lines(await read(frames))).toEqual(expected.frames && lines(expected.frames));
    expect((await read(view.samples('active'))).map((doc) => String(doc.get('_id')))).toEqual(expected.ids);
  });
});
