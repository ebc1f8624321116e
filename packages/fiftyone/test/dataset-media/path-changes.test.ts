import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { Doc, decode, encode, ObjectId, type Value } from '../../src/bson/index.js';
import { findDocs, insertRaw } from '../../src/database/raw.js';
import { checkMayChange } from '../../src/dataset-media/may-change.js';
import { mediaFields } from '../../src/dataset-media/media-fields.js';
import { type ChangeReport, changePaths, type PathChange } from '../../src/dataset-media/path-changes.js';
import { MEDIA_CHANGES, MEDIA_JOURNAL, pathRuns } from '../../src/dataset-media/path-journal.js';
import { type MediaReference, mediaReferences } from '../../src/dataset-media/references.js';
import { revertPaths } from '../../src/dataset-media/revert.js';
import { Dataset } from '../../src/datasets/dataset.js';
import { migrateAll } from '../../src/migrations/migrate.js';
import { differences } from '../support/differences.js';
import { readDump } from '../support/dump.js';
import {
  groupsWithPaths,
  picture,
  picturesWithPaths,
  videosWithPaths,
  viewWith,
  withoutJournal,
} from '../support/media-paths.js';
import { connectAsAdmin } from '../support/migrated.js';
import { startMongod } from '../support/mongod.js';
import { DEATHS, mortal } from '../support/mortal.js';
import { reset } from '../support/reset.js';
import { sameDatabase, sdkDatabase } from '../support/sdk-database.js';
import { type Snapshot, snapshot } from '../support/snapshot.js';

/** `EVERY_DEATH=1` dies at every command in both ways, otherwise in one of them. */
const ALL = process.env.EVERY_DEATH === '1';

const inBucket = ({ path }: MediaReference) => (path.startsWith('/') ? `s3://bucket${path}` : path);

/** Changes in batches of three. */
async function* changed(dataset: Dataset, to: (reference: MediaReference) => string = inBucket): AsyncGenerator<PathChange[]> {
  for await (const references of mediaReferences(dataset, mediaFields(dataset.doc))) {
    const changes = references.map((reference) => ({ reference, to: to(reference) }));
    for (let i = 0; i < changes.length; i += 3) yield changes.slice(i, i + 3);
  }
}

async function all(batches: AsyncIterable<PathChange[]>): Promise<PathChange[]> {
  const changes: PathChange[] = [];
  for await (const batch of batches) changes.push(...batch);
  return changes;
}

const moveAll = (dataset: Dataset, to = inBucket): Promise<ChangeReport> =>
  changePaths(dataset.connection, dataset.doc, changed(dataset, to), { command: 'upload', note: 's3://bucket' });

const revert = (dataset: Dataset, run?: string) => revertPaths(dataset, { run });

async function pathsOf(dataset: Dataset): Promise<string[]> {
  const paths: string[] = [];
  for await (const batch of mediaReferences(dataset, mediaFields(dataset.doc))) paths.push(...batch.map(({ path }) => path));
  return paths;
}

/** Without the times of changes. */
function timeless({ collections, metadata }: Snapshot): Snapshot {
  const without = (bytes: Uint8Array) => encode(new Doc([...decode(bytes)].filter(([key]) => key !== 'last_modified_at')));
  return { metadata, collections: new Map([...collections].map(([name, docs]) => [name, docs.map(without)])) };
}

const WORLDS = { pictures: picturesWithPaths, videos: videosWithPaths, groups: groupsWithPaths };

test.each(Object.entries(WORLDS))('all paths are changed, and reverted to the same bytes: %s', async (_, make) => {
  const { dataset, db } = await make();
  const before = await withoutJournal(db);
  const paths = await pathsOf(dataset);
  const start = new Date();
  const report = await moveAll(dataset);
  expect(report).toMatchObject({ changed: paths.length, already: 0, others: 0, examples: [] });
  expect(await pathsOf(dataset)).toEqual(paths.map((path) => `s3://bucket${path}`));
  const sample = await db.collection(String(dataset.doc.get('sample_collection_name'))).findOne();
  expect(sample?.last_modified_at.getTime()).toBeGreaterThanOrEqual(start.getTime());
  expect(await revert(dataset)).toMatchObject({ changed: paths.length, others: 0, reverted: { _id: report.run } });
  expect(differences(timeless(before), timeless(await withoutJournal(db)))).toEqual([]);
});

test('the journal says who changed what, where, and what it was before', async () => {
  const { dataset, db } = await picturesWithPaths(1);
  const { run } = await moveAll(dataset);
  const [entry] = await pathRuns(db, dataset.doc.get('_id') as ObjectId);
  expect(entry).toMatchObject({
    ...{ _id: run, name: 'pictures', command: 'upload', note: 's3://bucket', by: { pid: process.pid } },
    ...{ changed: 7, others: 0, reverts: null, reverted: null, started: expect.any(Date), ended: expect.any(Date) },
  });
  expect([...(entry?.fields ?? [])].sort()).toEqual(
    mediaFields(dataset.doc)
      .map(({ name }) => name)
      .sort(),
  );
  const batches = await db.collection(MEDIA_CHANGES).find().sort({ _id: 1 }).toArray();
  expect(batches.flatMap(({ changes }) => changes).map((change: unknown[]) => change.slice(2))[2]).toEqual([
    'gt.detections.0.mask_path',
    '/masks/0-0.png',
    's3://bucket/masks/0-0.png',
  ]);
});

test('what has nothing to change leaves no trace, also the second time', async () => {
  const { dataset, db } = await picturesWithPaths(1);
  const same = await moveAll(dataset, ({ path }) => path);
  expect(same).toEqual({ run: null, changed: 0, already: 7, others: 0, examples: [] });
  const changes = [await all(changed(dataset))];
  await changePaths(dataset.connection, dataset.doc, changes, { command: 'upload' });
  const before = await snapshot(db);
  const again = await changePaths(dataset.connection, dataset.doc, changes, { command: 'upload' });
  expect(again).toEqual({ run: null, changed: 0, already: 7, others: 0, examples: [] });
  expect(differences(before, await snapshot(db))).toEqual([]);
});

test('what others have changed meanwhile stays as it is, and is told', async () => {
  const { dataset, db } = await picturesWithPaths(2);
  const samples = db.collection(String(dataset.doc.get('sample_collection_name')));
  const changes = await all(changed(dataset));
  await samples.updateOne({ filepath: '/data/0.jpg' }, { $set: { filepath: '/mine.jpg' }, $unset: { seg: '' } });
  await samples.deleteOne({ filepath: '/data/1.jpg' });
  const report = await changePaths(dataset.connection, dataset.doc, [changes], { command: 'upload' });
  expect(report).toMatchObject({ changed: 5, others: 2 + 6 });
  expect(report.examples.map(({ reference }) => reference.path)).toContain('/data/0.jpg');
  expect((await samples.findOne())?.filepath).toBe('/mine.jpg');
  await samples.updateOne({}, { $set: { 'heat.map_path': '/mine.png' } });
  const back = await revert(dataset);
  expect(back).toMatchObject({ changed: 4, others: 1 });
  expect(back.examples.map(({ reference, to }) => [reference.place, reference.path, to])).toEqual([
    ['heat.map_path', 's3://bucket/heat/0.png', '/heat/0.png'],
  ]);
  expect((await samples.findOne())?.heat.map_path).toBe('/mine.png');
});

test('labels that come and go meanwhile do not confuse it', async () => {
  const { dataset, db } = await picturesWithPaths(1);
  const samples = db.collection(String(dataset.doc.get('sample_collection_name')));
  const changes = await all(changed(dataset));
  await samples.updateOne({}, { $pop: { 'gt.detections': -1 } } as never);
  const report = await changePaths(dataset.connection, dataset.doc, [changes], { command: 'upload' });
  expect(report).toMatchObject({ changed: 6, others: 1 });
  const masks = async () => (await samples.findOne())?.gt.detections.map((one: { mask_path?: string }) => one.mask_path);
  expect(await masks()).toEqual([undefined, 's3://bucket/masks/0-2.png']);
  const first = { $push: { 'gt.detections': { $each: [{ label: 'new' }, null], $position: 0 } } };
  await samples.updateOne({}, first as never);
  expect(await revert(dataset)).toMatchObject({ changed: 6, others: 0 });
  expect((await samples.findOne())?.gt.detections.at(-1).mask_path).toBe('/masks/0-2.png');
});

test('somebody who edits the same documents all the time does not keep it from changing all', async () => {
  const { dataset, db, uri, name } = await picturesWithPaths(40);
  const other = await sameDatabase({ uri, name });
  const samples = other.connection.db.collection(String(dataset.doc.get('sample_collection_name')));
  let busy = true;
  const edits = (async () => {
    for (let n = 0; busy; n++) await samples.updateMany({ number: n % 40 }, { $set: { note: `edit ${n}` } });
  })();
  const report = await moveAll(dataset);
  busy = false;
  await edits;
  expect(report.others).toBe(0);
  expect((await pathsOf(dataset)).every((path) => path.startsWith('s3://'))).toBe(true);
  expect(await db.collection(MEDIA_JOURNAL).countDocuments()).toBe(1);
});

test('a revert can be reverted by its name, and the run after that again', async () => {
  const { dataset, db } = await picturesWithPaths(1);
  await moveAll(dataset);
  const moved = await pathsOf(dataset);
  const first = await revert(dataset);
  await expect(revert(dataset)).rejects.toThrow("nothing to revert: no run has changed media paths of dataset 'pictures'");
  await revert(dataset, first.run as string);
  expect(await pathsOf(dataset)).toEqual(moved);
  expect(await revert(dataset)).toMatchObject({ changed: 7 });
  const again = await revert(dataset, first.reverted._id);
  expect(again).toMatchObject({ run: null, changed: 0, already: 7, others: 0 });
  await expect(revert(dataset, 'none')).rejects.toThrow("there is no run 'none'");
  expect(await pathRuns(db, dataset.doc.get('_id') as ObjectId)).toHaveLength(4);
});

test('runs are reverted one after the other, the last one first, also after the dataset got another name', async () => {
  const { dataset } = await picturesWithPaths(1);
  const paths = await pathsOf(dataset);
  await moveAll(dataset);
  await moveAll(dataset, ({ path }) => path.replace('s3:', 'gs:'));
  dataset.name = 'renamed';
  await dataset.save();
  await revert(dataset);
  expect(await pathsOf(dataset)).toEqual(paths.map((path) => `s3://bucket${path}`));
  await revert(dataset);
  expect(await pathsOf(dataset)).toEqual(paths);
});

test('a dataset that was taken to an older release meanwhile is reverted', async () => {
  const { dataset, db, fo } = await videosWithPaths();
  const paths = await pathsOf(dataset);
  await moveAll(dataset);
  await migrateAll(fo.connection, { target: '0.18.0' });
  const older = new Dataset(fo.connection, (await findDocs(db, 'datasets'))[0] as Doc);
  expect(await revert(older)).toMatchObject({ changed: 14, others: 0 });
  expect(await pathsOf(older)).toEqual(paths);
  await migrateAll(fo.connection, { target: '1.22.1' });
  expect(await pathsOf(dataset)).toEqual(paths);
});

test('a dataset of a release without times gets none', async () => {
  const { db, fo } = await sdkDatabase(await readDump('databases/0.18.0-main'));
  const before = await withoutJournal(db);
  let changed = 0;
  for (const doc of await findDocs(db, 'datasets', { sample_collection_name: /^samples/ })) {
    const dataset = new Dataset(fo.connection, doc);
    const { run, changed: paths } = await moveAll(dataset);
    if (run !== null) expect(await revert(dataset)).toMatchObject({ changed: paths, others: 0 });
    changed += paths;
  }
  expect(changed).toBeGreaterThan(20);
  expect(differences(before, await withoutJournal(db))).toEqual([]);
});

test('a run that is stopped leaves what it has changed, and the next one does the rest in its place', async () => {
  const { dataset } = await picturesWithPaths(3);
  const stop = new AbortController();
  const batches = async function* () {
    for await (const batch of changed(dataset)) {
      yield batch;
      stop.abort();
    }
  };
  const purpose = { command: 'upload', note: 's3://bucket' };
  const run = changePaths(dataset.connection, dataset.doc, batches(), { ...purpose, signal: stop.signal });
  await expect(run).rejects.toThrow('stopped');
  const some = (await pathsOf(dataset)).filter((path) => path.startsWith('s3:')).length;
  expect(some).toBeGreaterThan(0);
  expect(await moveAll(dataset)).toMatchObject({ changed: 18 - some, others: 0 });
  expect(await revert(dataset)).toMatchObject({ changed: 18, others: 0 });
});

test('a run that noted changes, died before it wrote them and was reverted is not gone on with', async () => {
  const made = await picturesWithPaths(1);
  const { dataset, db, name } = made;
  const start = await snapshot(db);
  const id = dataset.doc.get('_id') as ObjectId;
  const changes = await all(changed(dataset));
  for (let most = 1; (await db.collection(MEDIA_CHANGES).countDocuments()) === 0; most++) {
    await reset(db, start, await snapshot(db));
    const dying = await sameDatabase(made);
    const life = mortal(name, most);
    await changePaths(dying.connection, dataset.doc, [changes], { command: 'upload' }).catch(() => undefined);
    await life.settled();
  }
  expect((await pathsOf(dataset))[0]).toBe('/data/0.jpg');
  expect(await revert(dataset)).toMatchObject({ run: null, changed: 0, already: 7, others: 0 });
  await changePaths(dataset.connection, dataset.doc, changed(dataset), { command: 'upload' });
  expect(await pathRuns(db, id)).toHaveLength(2);
  expect(await revert(dataset)).toMatchObject({ changed: 7, others: 0 });
});

test('the journal of a dataset goes with it, and that of others stays', async () => {
  const { dataset, db, fo } = await picturesWithPaths(1);
  const other = await fo.createDataset('other');
  await other.addSamples([picture(0)]);
  await moveAll(dataset);
  await moveAll(other);
  await dataset.delete();
  expect(await db.collection(MEDIA_JOURNAL).distinct('name')).toEqual(['other']);
  expect(await db.collection(MEDIA_CHANGES).countDocuments()).toBe(2);
});

test('paths of read-only fields, and of what a view has made, are not changed', async () => {
  const { dataset, db } = await picturesWithPaths(1);
  await db.collection('datasets').updateOne(
    {},
    { $set: { 'sample_fields.$[one].read_only': true } },
    {
      arrayFilters: [{ 'one.name': 'thumbnail_path' }],
    },
  );
  await dataset.reload();
  const before = await withoutJournal(db);
  await expect(moveAll(dataset)).rejects.toThrow("Cannot edit read-only field 'thumbnail_path' of dataset 'pictures'");
  const patches = await viewWith(dataset, ['ToPatches', { field: 'gt', config: null }]);
  await expect(checkMayChange(dataset, mediaFields(dataset.doc))).rejects.toThrow("read-only field 'thumbnail_path'");
  await expect(checkMayChange(patches, [])).rejects.toThrow('that a view has made');
  await expect(changePaths(dataset.connection, patches.doc, [], { command: 'upload' })).rejects.toThrow('that a view has made');
  expect(differences(before, await withoutJournal(db))).toEqual([]);
});

test('a user who may only read is told what to ask for, and nothing is changed', async () => {
  const { dataset, db } = await picturesWithPaths(1);
  const server = await startMongod({ auth: true });
  onTestFinished(() => server.stop());
  const admin = await connectAsAdmin({ uri: server.uri, name: 'fo' });
  onTestFinished(() => admin.close());
  for (const [name, docs] of (await snapshot(db)).collections) if (docs.length > 0) await insertRaw(admin.db, name, docs);
  await admin.db.command({ createUser: 'reader', pwd: 'secret', roles: ['read'] });
  const reader = await connectAsAdmin({ uri: `mongodb://reader:secret@127.0.0.1:${server.port}/?authSource=fo`, name: 'fo' });
  onTestFinished(() => reader.close());
  const before = await snapshot(admin.db);
  const theirs = new Dataset(reader, dataset.doc);
  await expect(checkMayChange(theirs, mediaFields(dataset.doc))).rejects.toThrow('the database user may not write');
  await checkMayChange(new Dataset(admin, dataset.doc), mediaFields(dataset.doc));
  const error = await moveAll(theirs).catch((error) => error);
  expect(error.message).toContain('the database user may not write');
  expect(error.hint).toContain('use a user with the role readWrite');
  expect(differences(before, await snapshot(admin.db))).toEqual([]);
});

test.each(Object.entries(WORLDS))(
  'whoever dies while paths are changed or reverted: the next one ends it, %s',
  async (_, make) => {
    const made = await make();
    const { db, name } = made;
    const before = await withoutJournal(db);
    const start = await snapshot(db);
    const dataset = (connection = made.fo.connection) => new Dataset(connection, made.dataset.doc);
    const run = async (by: Dataset) => {
      await moveAll(by);
      await revert(by);
    };
    const life = mortal(name);
    await run(dataset());
    const commands = life.commands();
    await life.settled();
    expect(commands).toBeGreaterThan(15);
    const moved = (await pathsOf(made.dataset)).map((path) => `s3://bucket${path}`);
    for (let most = 1; most <= commands; most++) {
      for (const death of ALL ? DEATHS : DEATHS.slice(most % 2, (most % 2) + 1)) {
        await reset(db, start, await snapshot(db));
        const dying = await sameDatabase(made);
        const short = mortal(name, most, death);
        await run(dataset(dying.connection)).catch(() => undefined);
        await short.settled();
        await dying.connection.close();
        expect(short.died()).toBe(true);
        const where = `dead at ${most} (${death})`;
        await moveAll(dataset());
        expect(await pathsOf(dataset()), where).toEqual(moved);
        // what was reverted before the death was done by a run of its own
        while ((await pathsOf(dataset())).some((path) => path.startsWith('s3:'))) await revert(dataset());
        expect(differences(timeless(before), timeless(await withoutJournal(db))), where).toEqual([]);
      }
    }
  },
  480_000,
);

test('what was changed and reverted is as before, whatever the paths are', async () => {
  const { dataset, db } = await picturesWithPaths(1);
  const samples = String(dataset.doc.get('sample_collection_name'));
  const text = fc.string({ unit: 'grapheme', minLength: 0, maxLength: 12 });
  const value: fc.Arbitrary<Value> = fc.oneof(text, fc.constantFrom<Value>(null, true, '$filepath', 'a.b', '/x'));
  const labels = fc.array(
    fc.oneof(
      value,
      value.map((path): Value => Doc.of(['mask_path', path])),
    ),
    { maxLength: 4 },
  );
  const sample = fc.record({ filepath: value, list: labels, seg: value });
  const arbitrary = fc.tuple(fc.array(sample, { maxLength: 4 }), fc.array(text.filter(Boolean), { minLength: 1, maxLength: 3 }));
  await fc.assert(
    fc.asyncProperty(arbitrary, async ([given, targets]) => {
      await db.collection(samples).deleteMany({});
      await db.collection(MEDIA_JOURNAL).deleteMany({});
      const docs = given.map(({ filepath, list, seg }) =>
        Doc.of(
          ['_id', new ObjectId()],
          ['filepath', filepath],
          ['gt', Doc.of(['detections', list])],
          ['seg', Doc.of(['mask_path', seg])],
        ),
      );
      if (docs.length > 0) await insertRaw(db, samples, docs.map(encode));
      const before = timeless(await withoutJournal(db));
      let n = 0;
      const report = await moveAll(dataset, () => targets[n++ % targets.length] as string);
      expect(report.others).toBe(0);
      if (report.run !== null) expect(await revert(dataset, report.run)).toMatchObject({ others: 0 });
      expect(differences(before, timeless(await withoutJournal(db)))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
