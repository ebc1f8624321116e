import { ObjectId } from 'mongodb';
import { expect, test } from 'vitest';
import { applyEdit } from '../src/migrations/bulk-edits.js';
import { JOURNAL } from '../src/migrations/journal.js';
import { pathBetween } from '../src/migrations/path.js';
import { type DatasetPlan, planDataset } from '../src/migrations/plan.js';
import { readRecord } from '../src/migrations/read-record.js';
import { afterRunCheck } from '../src/migrations/verify/after-run.js';
import { adminOf, fiftyone } from './support/command.js';
import type { FreshDatabase } from './support/fresh-database.js';
import { smallDatabase, smallDataset } from './support/small-database.js';

const FIELDS = [{ name: 'id', ftype: 'fiftyone.core.fields.ObjectIdField' }];
const SAMPLES = 'samples.1';

/** A database with samples of a dataset at 0.19.0, and the plan to bring it to 1.22.1. */
async function planned(samples: number): Promise<FreshDatabase & { plan: DatasetPlan; id: ObjectId }> {
  const dataset = smallDataset('a', '0.19.0', { sample_collection_name: SAMPLES, sample_fields: FIELDS });
  const database = await smallDatabase('1.22.1', dataset);
  await database.db.collection(SAMPLES).insertMany(Array.from({ length: samples }, () => ({ filepath: 'x' })));
  const record = await readRecord(database.db, dataset._id);
  if (!record) throw new Error('no record');
  const { direction, path } = pathBetween('0.19.0', '1.22.1', false);
  const none = { has: () => false };
  const plan = planDataset(record, '1.22.1', direction, path, (warn) => ({
    now: { ms: Date.now(), micros: 0 },
    others: { names: none, slugs: none },
    newId: () => new ObjectId(),
    warn,
  }));
  return { ...database, plan, id: dataset._id };
}

async function applyEdits({ db, plan }: { db: FreshDatabase['db']; plan: DatasetPlan }): Promise<void> {
  for (const edit of plan.stages.flatMap(({ bulk }) => bulk)) await applyEdit(db, edit);
}

test('when all edits were applied there is nothing to find', async () => {
  const database = await planned(2000);
  await applyEdits(database);
  expect(await afterRunCheck(database.db)(database.plan)).toEqual([]);
});

test('a sample that an older client inserted meanwhile is found, however many there are', async () => {
  const database = await planned(2000);
  await applyEdits(database);
  const { insertedId } = await database.db.collection(SAMPLES).insertOne({ filepath: 'late' });
  const findings = await afterRunCheck(database.db)(database.plan);
  expect(findings.map(({ problem, documents }) => [problem, documents])).toEqual([
    ['_dataset_id is not the id of the dataset', 1],
    ['no date in created_at', 1],
    ['no date in last_modified_at', 1],
  ]);
  for (const { collection, example, next } of findings) {
    expect({ collection, example: String(example) }).toEqual({ collection: SAMPLES, example: String(insertedId) });
    expect(next).toMatch(/^mend them in mongosh: db\.getCollection\("samples\.1"\)\.updateMany\(/);
  }
});

test('frames that two datasets share may name either', async () => {
  const database = await planned(1);
  await applyEdits(database);
  const clips = smallDataset('clips', '1.22.1', { frame_collection_name: SAMPLES });
  await database.db.collection('datasets').insertOne(clips);
  await database.db.collection(SAMPLES).updateMany({}, { $set: { _dataset_id: clips._id } });
  expect(await afterRunCheck(database.db)(database.plan)).toEqual([]);
});

test('what cannot be looked at is a finding, not a failure', async () => {
  const database = await planned(1);
  await database.db.dropCollection(SAMPLES);
  await database.db.createCollection(SAMPLES, { viewOn: 'datasets', pipeline: [{ $set: { x: { $divide: [1, 0] } } }] });
  const [finding] = await afterRunCheck(database.db)(database.plan);
  expect(finding?.problem).toMatch(/^it could not be verified: /);
  expect(finding?.next).toBe('look again: fiftyone migrate --verify -n a');
});

test('what is found after a run is printed, makes the exit code 3, and is in the journal', async () => {
  const database = await planned(100_000);
  const samples = database.db.collection(SAMPLES);
  let ended = false;
  // an older client that never stops: whenever the edits end, it goes on after them
  const client = (async () => {
    while (!ended) await samples.insertOne({ filepath: 'late' });
  })();
  const { code, stdout } = await fiftyone(['migrate', '-n', 'a'], adminOf(database)).finally(() => {
    ended = true;
  });
  await client;
  expect({ code, stdout }).toEqual({
    code: 3,
    stdout: expect.stringMatching(/^1 dataset: 1 migrated, .*\na: _dataset_id is not/),
  });
  expect((await fiftyone(['migrate', '--verify'], adminOf(database))).code).toBe(1);
  const entry = await database.db.collection(JOURNAL).findOne({ kind: 'dataset' });
  expect(entry?.findings[0]).toMatchObject({ problem: '_dataset_id is not the id of the dataset', collection: SAMPLES });
  const { stdout: history } = await fiftyone(['migrate', '--history', entry?.run], adminOf(database));
  expect(history).toContain('\n  found: _dataset_id is not the id of the dataset\n');
}, 180_000);
