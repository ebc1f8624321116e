import { type Document, ObjectId } from 'mongodb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LEASES } from '../src/database/lease-store.js';
import { WORK } from '../src/migrations/work.js';
import { adminOf, fiftyone, userOf } from './support/command.js';
import { differences } from './support/differences.js';
import { readDump } from './support/dump.js';
import { type FreshDatabase, freshDatabase } from './support/fresh-database.js';
import { startMongod } from './support/mongod.js';
import { smallDatabase, smallDataset } from './support/small-database.js';
import { restore, snapshot } from './support/snapshot.js';

interface Found {
  readonly problem: string;
  readonly collection?: string;
  readonly documents?: number;
  readonly example?: unknown;
  readonly next: string;
}

/** What `--verify` finds, by dataset; only those with findings. */
async function findings(database: FreshDatabase, ...args: string[]): Promise<Record<string, Found[]>> {
  const before = await snapshot(database.db);
  const { code, stdout, stderr } = await fiftyone(['migrate', '--verify', '--json', ...args], userOf(database));
  expect(stderr).toBe('');
  expect(differences(before, await snapshot(database.db))).toEqual([]);
  const { datasets } = JSON.parse(stdout) as { datasets: { name: string; findings: Found[] }[] };
  const bad = datasets.filter((dataset) => dataset.findings.length > 0);
  expect(code).toBe(bad.length === 0 ? 0 : 1);
  return Object.fromEntries(bad.map((dataset) => [dataset.name, dataset.findings]));
}

/** Does what a finding says should be done in mongosh. */
async function mend({ db }: FreshDatabase, { next }: Found): Promise<void> {
  const command = next.slice(next.indexOf('db.'));
  const shell = {
    getCollection: (name: string) => db.collection(name),
    runs: db.collection('runs'),
    views: db.collection('views'),
  };
  const run = new Function('db', 'ObjectId', `return ${command}`) as (...args: unknown[]) => Promise<unknown>;
  await run(shell, (hex: string) => new ObjectId(hex));
}

async function recorded(): Promise<FreshDatabase & { labels: Document }> {
  const database = await freshDatabase(await readDump('databases/1.22.1-main'));
  return { ...database, labels: (await database.db.collection('datasets').findOne({ name: 'labels' })) as Document };
}

describe('documents that do not agree with the schema are found, and mended by the command that is named', () => {
  test.each<[string, Document, string]>([
    ['without created_at', { $unset: { created_at: '' } }, 'no date in created_at'],
    ['whose last_modified_at is a text', { $set: { last_modified_at: 'today' } }, 'no date in last_modified_at'],
    ['of another dataset', { $set: { _dataset_id: new ObjectId() } }, '_dataset_id is not the id of the dataset'],
    ['whose _dataset_id is in a list', [{ $set: { _dataset_id: ['$_dataset_id'] } }] as Document, '_dataset_id is not the id'],
    ['with media_type', { $rename: { _media_type: 'media_type' } }, 'called media_type, not _media_type'],
    [
      'with a polyline of before 0.6.2',
      { $set: { line: { _cls: 'Polyline', points: [[0.5, 0.5]] } } },
      'the points of a polyline are no list of shapes',
    ],
  ])('a sample %s', async (_, update, problem) => {
    const database = await recorded();
    const samples = database.db.collection(database.labels.sample_collection_name);
    const { _id } = (await samples.findOne({})) as Document;
    await samples.updateOne({ _id }, update);
    const { labels = [], ...others } = await findings(database);
    expect(others).toEqual({});
    expect(labels).toHaveLength(1);
    expect(labels[0]).toMatchObject({ collection: samples.collectionName, documents: 1, example: { $oid: String(_id) } });
    expect(labels[0]?.problem).toContain(problem);
    await mend(database, labels[0] as Found);
    expect(await findings(database)).toEqual({});
  });

  test('a frame that names another dataset', async () => {
    const database = await recorded();
    const video = (await database.db.collection('datasets').findOne({ name: 'video' })) as Document;
    await database.db.collection(video.frame_collection_name).updateOne({}, { $set: { _dataset_id: new ObjectId() } });
    const found = await findings(database);
    expect(found.video?.[0]).toMatchObject({ collection: video.frame_collection_name, documents: 1 });
  });
});

describe('links that lead nowhere are found', () => {
  test('a run that is missing, one that names another dataset, and one that nothing names', async () => {
    const database = await recorded();
    const [first, second] = Object.values(database.labels.brain_methods) as ObjectId[];
    const runs = database.db.collection('runs');
    await runs.deleteOne({ _id: first as ObjectId });
    await runs.updateOne({ _id: second as ObjectId }, { $set: { _dataset_id: new ObjectId() } });
    await runs.insertOne({ _dataset_id: database.labels._id });
    const { labels = [] } = await findings(database);
    expect(labels.map(({ problem }) => problem)).toEqual([
      expect.stringMatching(/^the document of run ".*" in brain_methods is missing$/),
      expect.stringMatching(/^the document of run ".*" in brain_methods does not name this dataset$/),
      'documents name this dataset, but it does not name them',
    ]);
    await mend(database, labels[1] as Found);
    expect((await findings(database)).labels).toHaveLength(2);
  });

  test('results that are missing', async () => {
    const database = await recorded();
    const run = await database.db.collection('runs').findOne({ _dataset_id: database.labels._id, results: { $ne: null } });
    await database.db.collection('fs.files').deleteOne({ _id: run?.results });
    const { labels } = await findings(database);
    expect(labels).toMatchObject([{ collection: 'fs.files', example: { $oid: String(run?.results) } }]);
    expect(labels?.[0]?.problem).toBe(`the results of run "${run?.key}" are missing`);
  });

  test('a saved view that is missing, a collection that is missing, and one that two datasets name', async () => {
    const database = await recorded();
    await database.db.collection('views').deleteOne({ _id: database.labels.saved_views[0] });
    const datasets = database.db.collection('datasets');
    await datasets.updateOne({ name: 'empty' }, { $set: { sample_collection_name: 'samples.gone' } });
    await datasets.dropIndex('sample_collection_name_1');
    const two = smallDataset('two', '1.22.1', { sample_collection_name: database.labels.sample_collection_name });
    await datasets.insertOne(two);
    const found = await findings(database);
    expect(found.labels?.map(({ problem }) => problem)).toEqual([
      "several datasets name one collection of samples: 'labels', 'two'",
      'the document of saved view is missing',
    ]);
    expect(found.empty).toMatchObject([{ problem: 'the collection of its samples is missing', collection: 'samples.gone' }]);
    expect(found.two).toHaveLength(1);
  });
});

describe('what is not done is found, and done by the command that is named', () => {
  test('a dataset at an older version', async () => {
    const samples = 'samples.1';
    const dataset = smallDataset('two words', '0.23.0', { sample_collection_name: samples });
    const database = await smallDatabase('1.22.1', dataset, smallDataset('later', '1.20.0', { sample_collection_name: samples }));
    await database.db.createCollection(samples);
    await database.db.collection('datasets').updateOne({ name: 'later' }, { $set: { sample_collection_name: 'samples.2' } });
    await database.db.createCollection('samples.2');
    expect(await findings(database)).toEqual({
      'two words': [
        {
          problem: 'pending: v1.0.0 up, v1.1.0 up, v1.4.0 up, v1.13.0 up',
          next: "migrate it with: fiftyone migrate -n 'two words'",
        },
      ],
    });
    expect((await fiftyone(['migrate', '-n', 'two words'], adminOf(database))).code).toBe(0);
    expect(await findings(database)).toEqual({});
  });

  test('a migration that was interrupted, one that was not tidied up, and one of a dataset that is gone', async () => {
    const [a, b] = [smallDataset('a', '1.22.1'), smallDataset('b', '1.22.1')];
    const database = await smallDatabase('1.22.1', a, b);
    for (const { sample_collection_name } of [a, b]) await database.db.createCollection(sample_collection_name);
    const note = { to: '0.18.0', now: { ms: new Date(), micros: 1 }, keepUnknown: false };
    await database.db.collection<Document>(WORK).insertMany([
      { _id: a._id, from: '1.22.1', ...note },
      { _id: b._id, from: '1.21.0', ...note },
    ]);
    const found = await findings(database);
    expect(found.a).toMatchObject([{ next: 'finish it with: fiftyone migrate -v 0.18.0 -n a' }]);
    expect(found.b).toMatchObject([{ next: 'tidy up with: fiftyone migrate -n b' }]);
    expect((await fiftyone(['migrate', '-n', 'b'], adminOf(database))).code).toBe(0);
    expect((await fiftyone(['migrate', '-v', '0.18.0', '-n', 'a', '--yes'], adminOf(database))).code).toBe(0);
    expect(Object.keys(await findings(database))).toEqual(['a']);
    expect((await fiftyone(['migrate', '-n', 'a'], adminOf(database))).code).toBe(0);
    expect(await findings(database)).toEqual({});
    await database.db.collection<Document>(WORK).insertOne({ _id: new ObjectId(), from: '1.22.1', ...note });
    const { code, stdout } = await fiftyone(['migrate', '--verify'], userOf(database));
    expect(code).toBe(1);
    expect(stdout).toContain(
      'database: migrations of datasets that are gone were not finished, in 1 document of migrations.work',
    );
  });
});

test('what somebody is at work on is said to be, whatever else there is', async () => {
  const dataset = smallDataset('a', '0.23.0');
  const database = await smallDatabase('1.22.1', dataset);
  const holder = { run: 'r', host: 'pod-7', pid: 4711, user: 'ann' };
  const expires = new Date(Date.now() + 9_000);
  await database.db
    .collection<Document & { _id: string }>(LEASES)
    .insertOne({ _id: `dataset ${dataset._id}`, fence: 1, holder, expires });
  expect(await findings(database)).toEqual({
    a: [{ problem: 'ann on pod-7 (process 4711) is at work on it', next: 'look again when that is done' }],
  });
});

test('a database that is in order is said to be, and only the datasets that are asked for are looked at', async () => {
  const database = await recorded();
  const { code, stdout } = await fiftyone(['migrate', '--verify'], userOf(database));
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: `${await database.db.collection('datasets').countDocuments()} datasets verified, database at 1.22.1: nothing is pending, nothing is wrong\n`,
  });
  await database.db.collection(database.labels.sample_collection_name).updateMany({}, { $unset: { created_at: '' } });
  expect((await fiftyone(['migrate', '--verify', '-n', 'video'], userOf(database))).code).toBe(0);
  const bad = await fiftyone(['migrate', '--verify', '-n', 'labels'], userOf(database));
  expect(bad.code).toBe(1);
  expect(bad.stdout).toMatch(
    /^labels: no date in created_at, in \d+ documents of samples\.\w+, for example _id \w+\n {2}mend them in mongosh: /,
  );
  expect((await fiftyone(['migrate', '--verify', '-n', 'nope'], userOf(database))).stderr).toContain('Dataset nope not found');
});

test('a user who may only read can verify', async () => {
  const server = await startMongod({ auth: true });
  const { MongoClient } = await import('mongodb');
  const client = await MongoClient.connect(server.uri);
  onTestFinished(async () => {
    await client.close();
    await server.stop();
  });
  const db = client.db('rich');
  await restore(db, await readDump('databases/1.22.1-main'));
  await db.command({ createUser: 'reader', pwd: 'secret', roles: [{ role: 'read', db: 'rich' }] });
  const uri = `mongodb://reader:secret@127.0.0.1:${server.port}/?authSource=rich`;
  expect(await fiftyone(['migrate', '--verify'], userOf({ uri, name: 'rich' }))).toMatchObject({ code: 0, stderr: '' });
});
