import { MongoClient } from 'mongodb';
import { expect, onTestFinished, test } from 'vitest';
import { Doc, double, int64, toEjson } from '../src/bson/index.js';
import { leaseStore } from '../src/database/lease-store.js';
import { isHeld, Leases } from '../src/database/leases.js';
import { findDocs, updateRaw } from '../src/database/raw.js';
import * as fo from '../src/index.js';
import { readDump } from './support/dump.js';
import { startMongod } from './support/mongod.js';
import { sameDatabase, sdkDatabase } from './support/sdk-database.js';
import { smallDataset } from './support/small-database.js';

test('datasets are listed by code point, by pattern and by tag, and known by name', async () => {
  const { fo: database } = await sdkDatabase();
  for (const name of ['b', 'a', 'C', 'e é', 'a [1]']) await database.createDataset(name);
  const a = await database.loadDataset('a');
  a.tags = ['x', 'y'];
  await a.save();
  expect(await database.listDatasets()).toEqual(['C', 'a', 'a [1]', 'b', 'e é']);
  expect(await database.listDatasets('a*')).toEqual(['a', 'a [1]']);
  expect(await database.listDatasets('?')).toEqual(['C', 'a', 'b']);
  expect(await database.listDatasets('[!ab]*')).toEqual(['C', 'e é']);
  expect(await database.listDatasets('a [[]1]')).toEqual(['a [1]']);
  expect(await database.listDatasets(undefined, { tags: ['y', 'z'] })).toEqual(['a']);
  expect((await database.listDatasets('a', { info: true }))[0]).toMatchObject({
    name: 'a',
    persistent: false,
    mediaType: null,
    version: '1.22.1',
    tags: ['x', 'y'],
  });
  expect(await database.datasetExists('b')).toBe(true);
  expect(await database.datasetExists('c')).toBe(false);
});

test('names and slugs are used once', async () => {
  const { fo: database } = await sdkDatabase();
  await database.createDataset('D 1');
  await expect(database.createDataset('D 1')).rejects.toThrow("Dataset name 'D 1' is not available");
  await expect(database.createDataset('D-1!')).rejects.toThrow(
    "Dataset name 'D-1!' is not available: slug 'd-1' in use by dataset 'D 1'",
  );
  await expect(database.createDataset('漢字')).rejects.toThrow("'漢字' has invalid slug-friendly name ''; length 0 < 1");
  await expect(database.createDataset('x'.repeat(1552))).rejects.toThrow('is too long; length 1552 > 1551');
  expect((await database.createDataset()).name).toMatch(/^\d{4}\.\d\d\.\d\d\.\d\d\.\d\d\.\d\d\.\d{6}$/);
  const again = await database.createDataset('D 1', { overwrite: true });
  expect(await database.listDatasets('D*')).toEqual(['D 1']);
  expect(await again.count()).toBe(0);
});

test('of ten clients that create a dataset of one name, one succeeds and nothing else is left', async () => {
  const database = await sdkDatabase();
  const made = await Promise.allSettled(Array.from({ length: 10 }, () => database.fo.createDataset('d')));
  expect(made.filter(({ status }) => status === 'fulfilled').length).toBe(1);
  const collections = (await database.db.listCollections().toArray()).map(({ name }) => name);
  expect(collections.filter((name) => name.startsWith('samples.')).length).toBe(1);
});

test('what is assigned is saved, one key at a time', async () => {
  const database = await sdkDatabase();
  const dataset = await database.fo.createDataset('d');
  const other = await (await sameDatabase(database)).loadDataset('d');
  dataset.persistent = true;
  dataset.tags = ['a'];
  dataset.description = 'what it is';
  dataset.classes = { gt: ['cat', 'dog'] };
  dataset.defaultClasses = ['cat'];
  dataset.defaultMaskTargets = { 1: 'cat' };
  dataset.maskTargets = { seg: { '#ff0000': 'dog' } };
  dataset.appConfig = { ...dataset.appConfig, grid_media_field: 'thumb' };
  other.info = { author: 'me' };
  await Promise.all([dataset.save(), other.save()]);
  const [stored] = (await findDocs(database.db, 'datasets', {})) as [Doc];
  const loaded = await database.fo.loadDataset('d');
  expect({ ...loaded.appConfig, plugins: {} }).toEqual({
    dynamic_groups_target_frame_rate: 30,
    grid_media_field: 'thumb',
    media_fallback: false,
    media_fields: ['filepath'],
    modal_media_field: 'filepath',
    plugins: {},
  });
  expect([loaded.persistent, loaded.tags, loaded.description, loaded.info]).toEqual([
    true,
    ['a'],
    'what it is',
    { author: 'me' },
  ]);
  expect([loaded.classes, loaded.defaultClasses, loaded.maskTargets, loaded.defaultMaskTargets]).toEqual([
    { gt: ['cat', 'dog'] },
    ['cat'],
    { seg: { '#ff0000': 'dog' } },
    { 1: 'cat' },
  ]);
  expect(toEjson((stored.get('app_config') as Doc).get('dynamic_groups_target_frame_rate') ?? null)).toBe('{"$numberInt":"30"}');
  expect(loaded.lastModifiedAt?.getTime()).toBeGreaterThan(loaded.createdAt?.getTime() as number);
});

test('what of info is assigned as it was keeps its BSON types, its order and its places', async () => {
  const { db, fo: database } = await sdkDatabase();
  await database.createDataset('d');
  const info = new Doc([
    ['b', double(1)],
    ['10', int64(7n)],
    ['list', [double(2), new Doc([['x', int64(3n)]])]],
    ['a', null],
  ]);
  await updateRaw(db, 'datasets', [Doc.of(['q', Doc.of(['name', 'd'])], ['u', Doc.of(['$set', Doc.of(['info', info])])])]);
  const dataset = await database.loadDataset('d');
  const { a: _, ...others } = dataset.info;
  dataset.info = { ...others, new: 1 };
  await dataset.save();
  const [doc] = (await findDocs(db, 'datasets', {})) as [Doc];
  expect(toEjson(doc.get('info') ?? null)).toBe(
    '{"b":{"$numberDouble":"1.0"},"10":{"$numberLong":"7"},"list":[{"$numberDouble":"2.0"},{"x":{"$numberLong":"3"}}],"new":{"$numberInt":"1"}}',
  );
});

test('a name that is taken is refused when it is saved, and the dataset keeps its own', async () => {
  const { fo: database } = await sdkDatabase();
  await database.createDataset('a');
  const dataset = await database.createDataset('b');
  dataset.name = 'a';
  await expect(dataset.save()).rejects.toThrow("Dataset name 'a' is not available");
  expect([dataset.name, dataset.slug]).toEqual(['b', 'b']);
  dataset.name = 'New Name';
  expect(dataset.slug).toBe('new-name');
  await dataset.save();
  expect(await database.listDatasets()).toEqual(['New Name', 'a']);
  expect(() => {
    dataset.name = '';
  }).toThrow('length 0 < 1');
});

test('what cannot be saved is told by the next verb, and by closing', async () => {
  const database = await sdkDatabase();
  const dataset = await database.fo.createDataset('a');
  await database.fo.deleteDataset('a');
  dataset.tags = ['x'];
  await expect(dataset.count()).rejects.toThrow('Dataset a not found');
  const other = await sameDatabase(database);
  const gone = await other.createDataset('b');
  await other.deleteDataset('b');
  gone.description = 'x';
  await expect(other.close()).rejects.toThrow('Dataset b not found');
});

test('loading notes the time; whoever may only read loads as well', async () => {
  const server = await startMongod({ auth: true });
  onTestFinished(() => server.stop());
  const admin = await MongoClient.connect(server.uri);
  await admin.db('fo').collection('config').insertOne({ version: '1.22.1', type: 'fiftyone' });
  const before = new Date(0);
  await admin
    .db('fo')
    .collection('datasets')
    .insertOne(smallDataset('d', '1.22.1', { last_loaded_at: before }));
  await admin.db('fo').command({ createUser: 'reader', pwd: 'secret', roles: ['read'] });
  const open = (login: string) =>
    fo.connect(
      fo.readSettings({
        HOME: '/nonexistent',
        FIFTYONE_DATABASE_URI: `mongodb://${login}@127.0.0.1:${server.port}/${login.startsWith('reader') ? '?authSource=fo' : ''}`,
        FIFTYONE_DATABASE_NAME: 'fo',
      }),
    );
  const reader = await open('reader:secret');
  expect((await reader.loadDataset('d')).lastLoadedAt).toEqual(before);
  await reader.close();
  const writer = await open('admin:secret');
  expect((await writer.loadDataset('d')).lastLoadedAt?.getTime()).toBeGreaterThan(0);
  await writer.close();
  await admin.close();
});

test('closing is no failure for users who may see others but not write, and when the server is gone', async () => {
  const server = await startMongod({ auth: true });
  const admin = await MongoClient.connect(server.uri);
  await admin.db('fo').collection('config').insertOne({ version: '1.22.1', type: 'fiftyone' });
  await admin
    .db('fo')
    .collection('datasets')
    .insertOne(smallDataset('d', '1.22.1', { persistent: false }));
  const roles = [
    { role: 'read', db: 'fo' },
    { role: 'clusterMonitor', db: 'admin' },
  ];
  await admin.db('admin').command({ createUser: 'watcher', pwd: 'secret', roles });
  const uri = `mongodb://watcher:secret@127.0.0.1:${server.port}/?serverSelectionTimeoutMS=500`;
  const settings = { HOME: '/nonexistent', FIFTYONE_DATABASE_URI: uri, FIFTYONE_DATABASE_NAME: 'fo' };
  const watcher = await fo.connect(fo.readSettings(settings));
  expect(await watcher.listDatasets()).toEqual(['d']);
  await watcher.close();
  expect(await admin.db('fo').collection('datasets').countDocuments()).toBe(1);
  const other = await fo.connect(fo.readSettings(settings));
  await admin.close();
  await server.stop();
  await other.close();
});

test('datasets that are not persistent go with the last client, and not while anybody is at work', async () => {
  const server = await startMongod();
  onTestFinished(() => server.stop());
  const database = { uri: server.uri, name: 'fo' };
  const first = await sameDatabase(database);
  const kept = await first.createDataset('kept', { persistent: true });
  await kept.addSamples([new fo.Sample({ filepath: '/1.mp4' })]);
  await (await first.createDataset('temporary')).addSamples([new fo.Sample({ filepath: '/1.mp4' })]);
  const second = await sameDatabase(database);
  await second.listDatasets();
  await first.close();
  expect(await second.listDatasets()).toEqual(['kept', 'temporary']);

  const third = await sameDatabase(database);
  const leases = new Leases(leaseStore(third.connection.db));
  expect(isHeld(await leases.take('dataset of somebody'))).toBe(true);
  await second.close();
  expect(await third.listDatasets()).toEqual(['kept', 'temporary']);
  await leases.releaseAll();
  const { db } = third.connection;
  expect((await db.listCollections().toArray()).filter(({ name }) => name.startsWith('samples.')).length).toBe(2);
  await third.close();

  const last = await sameDatabase(database);
  expect(await last.listDatasets()).toEqual(['kept']);
  const left = (await last.connection.db.listCollections().toArray()).map(({ name }) => name);
  expect(left.filter((name) => /^(samples|frames)\./.test(name)).length).toBe(2);
  await last.createDataset('other');
  expect(await last.deleteNonPersistentDatasets()).toEqual(['other']);
  await last.close();
});

test('a dataset of every recorded database can be loaded, and tells what it is', async () => {
  const { fo: database } = await sdkDatabase(await readDump('databases/1.0.2-main'));
  const groups = await database.loadDataset('groups');
  expect(groups.mediaType).toBe('group');
  expect(groups.groupSlice).toBe('center');
  expect(Object.keys(groups.groupMediaTypes)).toContain('center');
  expect(await groups.count()).toBeGreaterThan(0);
  const video = await database.loadDataset('video');
  expect([...video.frameSchema.keys()]).toContain('frame_number');
  expect(video.schema.has('_rand')).toBe(false);
});
