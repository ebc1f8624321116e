import { expect, onTestFinished, test } from 'vitest';
import { Doc, date, decode, double, int32, ObjectId, type Value } from '../src/bson/index.js';
import type { Connection } from '../src/database/connection.js';
import { findDocs } from '../src/database/raw.js';
import { Dataset } from '../src/datasets/dataset.js';
import { FiftyOneError } from '../src/errors.js';
import { NdArray } from '../src/fields/nd-array.js';
import { assignmentsOf } from '../src/values/assignments.js';
import { sampleOwners } from '../src/values/owners.js';
import { setValues } from '../src/values/set-values.js';
import { Statements } from '../src/values/statements.js';
import { targetOf } from '../src/values/target.js';
import { values } from '../src/values/values.js';
import { writeAssignments } from '../src/values/write-assignments.js';
import { startProxy } from './support/cutting-proxy.js';
import { type FreshDatabase, freshDatabase } from './support/fresh-database.js';
import { connectAsAdmin } from './support/migrated.js';
import { DEATHS, mortal } from './support/mortal.js';
import { sourceOf } from './support/recorded-values.js';
import { reset } from './support/reset.js';
import { type Snapshot, snapshot } from './support/snapshot.js';

async function opened(source: string, name: string) {
  const database = await freshDatabase(await sourceOf(source));
  const connection = await connectAsAdmin(database);
  onTestFinished(() => connection.close());
  return { database, connection, samples: await datasetOf(database, connection, name) };
}

async function datasetOf(database: FreshDatabase, connection: Connection, name: string): Promise<Dataset> {
  const [doc] = await findDocs(database.db, 'datasets', { name });
  return new Dataset(connection, doc as Doc);
}

function collectionOf({ db }: FreshDatabase, samples: Dataset) {
  return db.collection(String(samples.doc.get('sample_collection_name')));
}

/** A database without the times that a call makes. */
function timeless({ collections, metadata }: Snapshot): Record<string, unknown> {
  const without = (value: Value): unknown => {
    if (Array.isArray(value)) return value.map(without);
    if (!(value instanceof Doc)) return value;
    return [...value]
      .filter(([key]) => !['last_modified_at', 'created_at'].includes(key))
      .map(([key, item]) => [key, without(item)]);
  };
  return {
    metadata,
    ...Object.fromEntries([...collections].map(([name, docs]) => [name, docs.map((doc) => without(decode(doc)))])),
  };
}

const CALLS: readonly { name: string; dataset: string; path: string; given: unknown; options?: object }[] = [
  { name: 'a new field', dataset: 'table', path: 'fresh', given: [1, 2.5, null, 4] },
  { name: 'labels in lists', dataset: 'table', path: 'gt.detections.label', given: [['p', 'q'], [], null, null] },
  {
    name: 'a new attribute',
    dataset: 'table',
    path: 'gt.detections.more',
    given: [[1, 2], [], null, null],
    options: { dynamic: true },
  },
  {
    name: 'frames that are not there yet',
    dataset: 'video-table',
    path: 'frames.speed',
    given: [{ 1: 5, 2: 6 }, { 4: 7 }, null],
  },
  {
    name: 'values by key',
    dataset: 'table',
    path: 'f',
    given: { '/a/1.jpg': 1, '/a/2.jpg': 2 },
    options: { keyField: 'filepath' },
  },
];

test.each(CALLS)(
  'a call that dies at any command is finished by the same call: $name',
  async ({ dataset, path, given, options }) => {
    const { database, connection } = await opened('table', dataset);
    const before = await snapshot(database.db);
    const run = async (by: Connection) => await setValues(await datasetOf(database, by, dataset), path, given as never, options);
    const life = mortal(database.name);
    await run(connection);
    const commands = life.commands();
    await life.settled();
    const wanted = await snapshot(database.db);
    expect(commands).toBeGreaterThan(2);
    for (let most = 1; most <= commands; most++) {
      for (const death of DEATHS) {
        await reset(database.db, before, await snapshot(database.db));
        const dying = await connectAsAdmin(database);
        const short = mortal(database.name, most, death);
        await run(dying).catch(() => undefined);
        await short.settled();
        await dying.close();
        expect(short.died()).toBe(true);
        await run(connection);
        const withoutIds = JSON.stringify(timeless(await snapshot(database.db))).replaceAll(NEW_ID, '');
        expect(withoutIds, `dead at ${most} (${death})`).toEqual(JSON.stringify(timeless(wanted)).replaceAll(NEW_ID, ''));
      }
    }
  },
);

/** Ids of this run; the recorded ones begin with 6b01. */
const NEW_ID = new RegExp(`"${Math.floor(Date.now() / 2 ** 28 / 1000).toString(16)}[0-9a-f]{20,}"`, 'g');

test('all fields can be read and set again, and nothing is changed by it', async () => {
  const { database, samples } = await opened('image_all_labels', 'Image all labels');
  const paths: string[] = [];
  const collect = (entries: Value | undefined, before: string, lists: number): void => {
    for (const entry of entries as Doc[]) {
      const isList = entry.get('ftype') === 'fiftyone.core.fields.ListField';
      const path = before + entry.get('name');
      if (entry.get('read_only') === true || lists > 1 || path.endsWith('[]')) continue;
      if (!/(^|\.)(id|_\w+|attributes\.value)$/.test(path)) paths.push(path);
      if (entry.get('ftype') !== 'fiftyone.core.fields.DictField')
        collect(entry.get('fields'), `${path}.`, lists + (isList ? 1 : 0));
    }
  };
  collect(samples.doc.get('sample_fields'), '', 0);
  expect(paths.length).toBeGreaterThan(80);
  const before = JSON.stringify(timeless(await snapshot(database.db)));
  for (const path of paths) await setValues(samples, path, await values(samples, path, { raw: true }), { skipNone: true });
  expect(JSON.stringify(timeless(await snapshot(database.db)))).toBe(before);
  for (const path of paths) {
    const found = await values(samples, path);
    // documents as objects are for reading
    if (JSON.stringify(found).includes('_cls')) continue;
    await setValues(samples, path, found, { skipNone: true });
    expect(await values(samples, path)).toEqual(found);
  }
});

test('what somebody else changes meanwhile stays, and labels get their values wherever they are by then', async () => {
  const { database, connection, samples } = await opened('table', 'table');
  const collection = collectionOf(database, samples);
  const long = Array.from({ length: 120 }, (_, i) => ({ _id: new ObjectId(), _cls: 'Detection', label: String(i) }));
  const few = long.slice(0, 3);
  await collection.updateMany({}, { $set: { gt: { _cls: 'Detections', detections: few } } });
  await collection.updateOne({ filepath: '/a/1.jpg' }, { $set: { 'gt.detections': long } });
  const target = targetOf(samples.doc, 'gt.detections.label', { expandSchema: true, dynamic: false });
  const owners = [];
  for await (const batch of sampleOwners(samples, target)) owners.push(...batch);
  const pairs = owners.map((owner) => ({ owner, value: (owner.elements?.all() ?? []).map((_, i) => `new ${i}`) }));
  const assignments = assignmentsOf(target, target.path.field, pairs, { skipNone: false, validate: true });
  const added = { _id: new ObjectId(), _cls: 'Detection', label: 'added' };
  await collection.updateOne({ filepath: '/a/0.jpg' }, { $push: { 'gt.detections': { $each: [added], $position: 0 } } as never });
  await collection.updateOne({ filepath: '/a/1.jpg' }, { $set: { 'gt.detections': [added, ...long.slice(10).reverse()] } });
  await collection.updateOne({ filepath: '/a/2.jpg' }, { $set: { gt: null, f: 7 } });
  await collection.deleteOne({ filepath: '/a/3.jpg' });
  await writeAssignments(connection.db, collection.collectionName, new Statements(target, date(5), new ObjectId()), assignments);
  const found = await values(samples, ['gt.detections.label', 'f']);
  expect(found[0]?.[0]).toEqual(['added', 'new 0', 'new 1', 'new 2']);
  expect(found[0]?.[1]).toEqual([
    'added',
    ...long
      .slice(10)
      .map((_, i) => `new ${i + 10}`)
      .reverse(),
  ]);
  expect(found[0]?.[2]).toBeNull();
  expect(found[1]?.[2]).toBe(7);
});

test('lists with more than fifty labels, and with the same id twice', async () => {
  const { database, samples } = await opened('table', 'table');
  const collection = collectionOf(database, samples);
  const long = Array.from({ length: 120 }, () => ({ _id: new ObjectId(), _cls: 'Detection' }));
  const [twice] = long;
  await collection.updateOne({ filepath: '/a/0.jpg' }, { $set: { 'gt.detections': long } });
  await collection.updateOne({ filepath: '/a/1.jpg' }, { $set: { 'gt.detections': [twice, twice] } });
  const given = [long.map((_, i) => `l${i}`), ['first', 'second'], null, null];
  await setValues(samples, 'gt.detections.label', given);
  expect(await values(samples, 'gt.detections.label')).toEqual(given);
});

test('somebody who makes the missing label first keeps what he made', async () => {
  const { database, connection, samples } = await opened('table', 'table');
  const collection = collectionOf(database, samples);
  const target = targetOf(samples.doc, 'cl.confidence', { expandSchema: true, dynamic: false });
  const owners = [];
  for await (const batch of sampleOwners(samples, target)) owners.push(...batch);
  const pairs = owners.map((owner) => ({ owner, value: 0.25 }));
  const assignments = assignmentsOf(target, target.path.field, pairs, { skipNone: false, validate: true });
  await collection.updateOne({ filepath: '/a/1.jpg' }, { $set: { cl: { _cls: 'Classification', label: 'mine' } } });
  await writeAssignments(connection.db, collection.collectionName, new Statements(target, date(5), new ObjectId()), assignments);
  expect(await values(samples, 'cl.confidence')).toEqual([0.25, 0.25, 0.25, 0.25]);
  expect(await values(samples, 'cl.label')).toEqual(['c', 'mine', null, null]);
  expect(await values(samples, 'cl._cls', { allowMissing: true })).toEqual(Array(4).fill('Classification'));
});

test('values that come one after the other are set batch by batch', async () => {
  const { database, samples } = await opened('table', 'table');
  const collection = collectionOf(database, samples);
  await collection.deleteMany({});
  await collection.insertMany(Array.from({ length: 25_000 }, (_, i) => ({ filepath: `/x/${i}.jpg` })));
  async function* given(count: number) {
    for (let i = 0; i < count; i++) yield i + 0.5;
  }
  const { updated, doc } = await setValues(samples, 'late', given(25_000));
  expect(updated).toBe(25_000);
  const now = new Dataset(samples.connection, doc as Doc);
  expect((await values(now, 'late')).slice(-2)).toEqual([24_998.5, 24_999.5]);
  async function* sparse() {
    for (let i = 0; i < 25_000; i++) yield i < 15_000 ? null : 'x';
  }
  expect((await setValues(now, 'sparse', sparse())).updated).toBe(25_000);
  expect(await collection.countDocuments({ sparse: 'x' })).toBe(10_000);
  await expect(setValues(now, 'late', given(24_999))).rejects.toThrow("24999 values for 'late' are too few for dataset 'table'");
  await expect(setValues(now, 'late', given(25_001))).rejects.toThrow('there are more values');
  expect(await collection.distinct('last_modified_at')).not.toHaveLength(0);
});

test('frames that are made have all that frames have', async () => {
  const { database, samples } = await opened('table', 'video-table');
  const ids = await values(samples, '_id');
  const { updated } = await setValues(samples, 'frames.d.detections', [
    { 9: [] },
    null,
    new Map([
      [1, []],
      [2, []],
    ]),
  ]);
  expect(updated).toBe(3);
  const frames = await findDocs(database.db, String(samples.doc.get('frame_collection_name')), {}, { sort: { _id: 1 } });
  const made = frames.find((frame) => (frame.get('frame_number') as { bytes: Uint8Array }).bytes[0] === 9) as Doc;
  expect([...made.keys()].sort()).toEqual('_dataset_id _id _sample_id created_at d frame_number last_modified_at'.split(' '));
  expect(made.get('d')).toEqual(Doc.of(['_cls', 'Detections'], ['detections', []]));
  expect(made.get('_dataset_id')).toEqual(samples.doc.get('_id'));
  expect(made.get('_sample_id')).toEqual(ids[0]);
  expect(made.get('created_at')).toEqual(made.get('last_modified_at'));
});

test('only the active slice of a grouped dataset gets values', async () => {
  const { database, samples } = await opened('group_mixed', 'groups');
  const count = (await values(samples, 'id')).length;
  const all = await collectionOf(database, samples).countDocuments();
  expect(all).toBeGreaterThan(count);
  await setValues(samples, 'weight', Array(count).fill(1.5));
  expect(await collectionOf(database, samples).countDocuments({ weight: 1.5 })).toBe(count);
  await expect(setValues(samples, 'weight', Array(all).fill(1))).rejects.toThrow(`but dataset 'groups' has ${count} samples`);
});

test('keys that several samples have, and ways to give keys', async () => {
  const { samples } = await opened('table', 'table');
  const ids = (await values(samples, 'id')) as string[];
  await setValues(samples, 'f', { [String(ids[1]).toUpperCase()]: 5 }, { keyField: 'id' });
  await setValues(samples, 'f', new Map([[new ObjectId(ids[2]), 6]]), { keyField: '_id' });
  expect((await values(samples, 'f')).slice(0, 3)).toEqual([1.5, 5, 6]);
  await setValues(samples, 's', ['a', 'a', 'b', null]);
  const again = await datasetOf({ db: samples.connection.db } as FreshDatabase, samples.connection, 'table');
  await expect(setValues(again, 'f', { a: 1 }, { keyField: 's' })).rejects.toThrow('have the s a: it cannot be a key');
  await setValues(again, 'f', { b: 9 }, { keyField: 's' });
  expect((await values(again, 'f'))[2]).toBe(9);
  await expect(setValues(again, 'f', [1, 2, 3, 4], { keyField: 's' })).rejects.toThrow('keyField is for values by key');
});

test('all of a call has one time, and the dataset is touched only when a field is declared', async () => {
  const { database, samples } = await opened('table', 'table');
  const touched = async () => (await findDocs(database.db, 'datasets', { name: 'table' }))[0]?.get('last_modified_at');
  const before = await touched();
  await setValues(samples, 'f', new Float64Array([1, 2, 3, 4]));
  expect(await touched()).toEqual(before);
  expect(new Set((await values(samples, 'last_modified_at')).map(String)).size).toBe(1);
  expect(await values(samples, 'f', { raw: true })).toEqual([1, 2, 3, 4].map(double));
  await setValues(samples, 'g', [new NdArray(new Float32Array(6), [2, 3]), null, null, null]);
  expect(await touched()).not.toEqual(before);
  await setValues(samples, 'i', [int32(1), 2n, 3, null], { validate: false });
  expect(await values(samples, 'i')).toEqual([1, 2, 3, null]);
});

test('a call that is stopped leaves what is set, and says that it was stopped', async () => {
  const { database, samples } = await opened('table', 'table');
  const collection = collectionOf(database, samples);
  await collection.insertMany(Array.from({ length: 30_000 }, (_, i) => ({ filepath: `/x/${i}.jpg` })));
  const stop = new AbortController();
  const told: number[] = [];
  const onProgress = ({ done }: { done: number }) => {
    told.push(done);
    stop.abort();
  };
  const given = Array(30_004).fill(1.5);
  await expect(setValues(samples, 'f', given, { onProgress, signal: stop.signal })).rejects.toThrow('stopped');
  const set = await collection.countDocuments({ f: 1.5, last_modified_at: { $exists: true } });
  expect(set).toBeGreaterThanOrEqual(told[0] as number);
  expect(set).toBeLessThan(30_004);
  await setValues(samples, 'f', given);
  expect(await collection.countDocuments({ f: 1.5 })).toBe(30_004);
  const stopped = new AbortController();
  stopped.abort();
  await expect(values(samples, 'f', { signal: stopped.signal })).rejects.toThrow('stopped');
});

test('when the server is gone the message says that the same call sets the rest, and it does', async () => {
  const { database, connection } = await opened('table', 'table');
  const run = async (by: Connection) => await setValues(await datasetOf(database, by, 'table'), 'fresh', [1, 2, null, 4]);
  const errors: FiftyOneError[] = [];
  for (let most = 1; most <= 20; most++) {
    const proxy = await startProxy(Number(new URL(database.uri).port), most);
    const uri = `mongodb://127.0.0.1:${proxy.port}/?directConnection=true&serverSelectionTimeoutMS=200`;
    const cut = await connectAsAdmin({ uri, name: database.name }).catch(() => undefined);
    const result = cut && (await run(cut).catch((thrown) => thrown));
    await cut?.close();
    await proxy.close();
    if (result instanceof Error) errors.push(result as FiftyOneError);
    else if (errors.length > 0) break;
  }
  expect(errors.length).toBeGreaterThan(2);
  for (const error of errors) {
    expect(error.message).toContain("setting 'fresh' was interrupted");
    expect(error.hint).toContain('the same call with the same values sets the rest');
  }
  await run(connection);
  expect(await values(await datasetOf(database, connection, 'table'), 'fresh')).toEqual([1, 2, null, 4]);
});

test('what the server refuses is named with its sample', async () => {
  const { connection, database } = await opened('table', 'table');
  const samples = await datasetOf(database, connection, 'table');
  await setValues(samples, 'dct', [{ a: {} }, { a: 5 }, null, null]);
  const again = await datasetOf(database, connection, 'table');
  const [, second] = await values(again, 'id');
  const error = await setValues(again, 'dct.a.b', [1, 2, null, null]).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(FiftyOneError);
  expect(error.message).toContain(`the server refused the value for 'dct.a.b' of sample ${second}: Cannot create field`);
  expect(error.hint).toContain('what is set by now stays');
});
