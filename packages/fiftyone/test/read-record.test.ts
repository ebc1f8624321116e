import { ObjectId } from 'mongodb';
import { expect, test } from 'vitest';
import { type ReadonlyDoc, toEjson, type Value } from '../src/bson/index.js';
import { readRecord, recordReader } from '../src/migrations/read-record.js';
import { smallDatabase, smallDataset } from './support/small-database.js';

const COUNT = 250;

/** Datasets of which each names a run and a view, is named by another run, and by one that the next dataset names. */
async function manyWithRuns() {
  const datasets = Array.from({ length: COUNT }, (_, i) => smallDataset(`d${i}`, '1.0.0'));
  const runs = datasets.flatMap(({ _id }, i) =>
    [0, 1, 2].map((n) => ({ _id: new ObjectId(), key: `${i} ${n}`, _dataset_id: _id })),
  );
  const views = datasets.map(({ _id }) => ({ _id: new ObjectId(), _dataset_id: _id }));
  const stored = datasets.map((dataset, i) => ({
    ...dataset,
    evaluations: { own: runs[3 * i]?._id, others: runs[(3 * i + 5) % runs.length]?._id, gone: new ObjectId() },
    saved_views: [views[i]?._id],
  }));
  const { db } = await smallDatabase('1.0.0', ...stored);
  await db.collection('runs').insertMany(runs);
  await db.collection('views').insertMany(views);
  return { db, ids: datasets.map(({ _id }) => ObjectId.createFromHexString(_id.toHexString())) };
}

const texts = (docs: readonly ReadonlyDoc[] = []) => docs.map((doc) => toEjson(doc as Value));

test('the records of many datasets, read together, are those that are read one by one', async () => {
  const { db, ids } = await manyWithRuns();
  // ids that the driver does not take as they are
  for (const odd of [false, true]) {
    if (odd) await db.collection<{ _id: number }>('runs').insertOne({ _id: 7, _dataset_id: ids[3] } as { _id: number });
    const together = await Promise.all(ids.map(recordReader(db)));
    for (const [i, id] of ids.entries()) {
      const [one, record] = [await readRecord(db, id), together[i]];
      expect(one?.runs).toHaveLength(odd && i === 3 ? 5 : 4);
      expect(texts(record?.runs)).toEqual(texts(one?.runs));
      expect(texts(record?.views)).toEqual(texts(one?.views));
      expect(record?.views).toHaveLength(1);
    }
  }
});
