import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Document, Long, ObjectId } from 'mongodb';
import { expect, onTestFinished, test } from 'vitest';
import { type Connection, openConnection } from '../src/database/connection.js';
import { LEASES } from '../src/database/lease-store.js';
import { type ImportOptions, importDataset } from '../src/formats/import/import-dataset.js';
import { IMPORTS } from '../src/formats/import/import-notes.js';
import { validateExport } from '../src/formats/validate/validate-export.js';
import { readSettings } from '../src/settings.js';
import { type FreshDatabase, freshDatabase } from './support/fresh-database.js';
import { connectAsAdmin } from './support/migrated.js';
import { recordedExport } from './support/recorded-export.js';
import { snapshot } from './support/snapshot.js';

interface Place {
  readonly database: FreshDatabase;
  readonly connection: Connection;
  /** An export that is whole. */
  readonly folder: string;
  /** Changes the text of one of its files. */
  change(file: string, how: (text: string) => string): Promise<void>;
  import(options?: ImportOptions): ReturnType<typeof importDataset>;
  dataset(): Promise<Document>;
  samples(): Promise<Document[]>;
}

async function place(name = 'views_runs', variant = 'copy', version = '1.22.1'): Promise<Place> {
  const folder = join(await recordedExport(name), variant);
  const database = await freshDatabase();
  await database.db.collection('config').insertOne({ version, type: 'fiftyone' });
  const connection = await connectAsAdmin(database);
  onTestFinished(() => connection.close());
  const dataset = async () => (await database.db.collection('datasets').findOne({})) as Document;
  return {
    database,
    connection,
    folder,
    change: async (file, how) => {
      const text = await readFile(join(folder, file), 'utf8');
      const changed = how(text);
      expect(changed, 'the change changes something').not.toBe(text);
      await writeFile(join(folder, file), changed);
    },
    import: (options = {}) => importDataset(connection, { datasetDir: folder, name: 'it', persistent: true, ...options }),
    dataset,
    samples: async () =>
      await database.db
        .collection((await dataset()).sample_collection_name)
        .find()
        .toArray(),
  };
}

/** What is refused leaves the database as it was. */
async function refused(at: Place, reason: string | RegExp, options?: ImportOptions): Promise<void> {
  const before = await snapshot(at.database.db);
  await expect(at.import(options)).rejects.toThrow(reason);
  const after = await snapshot(at.database.db);
  const filled = (collections: typeof after.collections) =>
    [...collections]
      .filter(([, docs]) => docs.length > 0)
      .map(([name, docs]) => [name, docs.map((doc) => Buffer.from(doc).toString('hex'))]);
  expect(filled(after.collections)).toEqual(filled(before.collections));
  expect(await at.database.db.collection(IMPORTS).countDocuments()).toBe(0);
}

test('an export that is newer than this client or than the database is refused before anything is written', async () => {
  const newer = await place();
  await newer.change('metadata.json', (text) => text.replace('"version": "1.22.1"', '"version": "1.30.0"'));
  await refused(newer, 'it was exported by FiftyOne 1.30.0, and this client knows formats up to 1.22.1');
  const older = await place('views_runs', 'copy', '1.10.0');
  await refused(older, 'it was exported by FiftyOne 1.22.1, and the database is at 1.10.0');
  expect((await newer.database.db.listCollections({ name: /^samples/ }).toArray()).length).toBe(0);
});

test('names and slugs that are taken or impossible are refused before anything is written', async () => {
  const at = await place();
  await at.import({ name: 'D1' });
  await refused(at, "Dataset name 'D1' is not available", { name: 'D1' });
  await refused(at, "Dataset name 'D1!' is not available: slug 'd1' in use by dataset 'D1'", { name: 'D1!' });
  await refused(at, "'漢字' has invalid slug-friendly name ''; length 0 < 1", { name: '漢字' });
});

test('a dataset without a name is called after the local time, and who imports is told that it is not persistent', async () => {
  const at = await place();
  const { name, warnings, persistent } = await importDataset(at.connection, { datasetDir: at.folder });
  expect(name).toMatch(/^\d{4}(\.\d\d){5}\.\d{6}$/);
  expect(persistent).toBe(false);
  expect(warnings).toEqual([
    'it is not persistent: it is deleted when the last client leaves the database, unless it is made persistent',
  ]);
  expect((await at.dataset()).persistent).toBe(false);
});

test('what is not an export, or damaged, leaves nothing', async () => {
  const at = await place();
  await refused(at, 'there is no such folder', { datasetDir: '/nonexistent/x' });
  await at.change('samples.json', (text) => text.slice(0, -1000));
  await refused(at, /samples\.json.*samples\[7\]/);
  await at.change('metadata.json', (text) => text.slice(0, -1));
  await refused(at, /metadata\.json.*at byte/);
});

test('two samples with one id leave nothing', async () => {
  const at = await place();
  await at.change('samples.json', (text) => text.replaceAll('6b0181a64e6b90806a793b01', '6b0181a64e6b90806a793b00'));
  await refused(at, "two documents of samples have the same { _id: ObjectId('6b0181a64e6b90806a793b00') }");
});

test('two frames of a sample with one number leave nothing', async () => {
  const at = await place('video_frames');
  await at.change('frames.json', (text) => text.replace('"frame_number": 2', '"frame_number": 1'));
  await refused(at, 'two documents of frames have the same { _sample_id');
});

test('keys that the schema lacks are declared if their type is plain; otherwise nothing is imported', async () => {
  const at = await place();
  await at.change('samples.json', (text) =>
    text
      .replaceAll('"uniqueness":', '"certainty":')
      .replace('"cgt": ', '"odd": 1, "cgt": ')
      .replaceAll('"cpred": ', '"label": {"_cls": "Classification", "label": "x"}, "cpred": '),
  );
  const { warnings } = await at.import();
  expect(warnings).toContain("'odd' of 1 samples was not in the schema: it is declared as IntField now");
  const fields = (await at.dataset()).sample_fields.slice(-3);
  expect(fields.map((field: Document) => [field.name, field.ftype.split('.').at(-1), field.db_field]).sort()).toEqual([
    ['certainty', 'FloatField', 'certainty'],
    ['label', 'EmbeddedDocumentField', 'label'],
    ['odd', 'IntField', 'odd'],
  ]);
  const bad = await place();
  let count = 0;
  await bad.change('samples.json', (text) => text.replaceAll('"cgt": ', () => `"odd": ${count++ === 0 ? '1' : '"x"'}, "cgt": `));
  await refused(bad, /'odd' of \d samples \(the first is sample 1\) is not in sample_fields: .*Cannot infer one field type/);
  const vector = await place();
  await vector.change('samples.json', (text) => text.replaceAll('"emb":', '"embedding":'));
  await refused(vector, /'embedding' of 8 samples .* BSON value of type binary/);
});

test('tags are added to samples, also of a dataset that has tags of its own', async () => {
  const at = await place();
  await at.change('metadata.json', (text) => text.replace('"tags": [], "info"', '"tags": ["DT"], "info"'));
  await at.import({ tags: ['new'] });
  expect((await at.dataset()).tags).toEqual(['DT']);
  for (const sample of await at.samples()) expect(sample.tags.at(-1)).toBe('new');
});

test('saved views, workspaces and runs belong to the new dataset, and generated views are made anew', async () => {
  const at = await place();
  await at.import();
  const { _id } = await at.dataset();
  for (const name of ['views', 'workspaces', 'runs']) {
    for (const doc of await at.database.db.collection(name).find().toArray()) expect(String(doc._dataset_id)).toBe(String(_id));
  }
  const view = await at.database.db.collection('views').findOne({ name: 'patches' });
  expect(JSON.parse(view?.view_stages[0]).kwargs).toContainEqual(['_state', null]);
});

test('results that are missing are told, and their runs are imported without', async () => {
  const at = await place();
  await (await import('node:fs/promises')).unlink(join(at.folder, 'brain/viz.json'));
  const { warnings, runs } = await at.import();
  expect(warnings).toEqual(['the results of run brain_methods/viz are not in the export']);
  expect(runs).toBe(8);
  expect(await at.database.db.collection('runs').findOne({ key: 'viz' })).not.toHaveProperty('results');
});

test('results of a similarity index of an old release are imported and migrated', async () => {
  const at = await place('eras', 'views_runs_0_18_0');
  await writeFile(
    join(at.folder, 'brain/sim.json'),
    '{"cls": "fiftyone.brain.similarity.SimilarityResults","embeddings": [[1.0,NaN]]}',
  );
  const { warnings } = await at.import();
  expect(warnings).toEqual([]);
  const run = await at.database.db.collection('runs').findOne({ key: 'sim' });
  const chunk = await at.database.db.collection('fs.chunks').findOne({ files_id: run?.results });
  expect(chunk?.data.toString()).toBe(
    '{"cls": "fiftyone.brain.internal.core.sklearn.SklearnSimilarityIndex", "embeddings": [[1.0, {"$numberDouble": "NaN"}]]}',
  );
});

test('media get their place: those of frames too, and addresses stay as they are', async () => {
  const at = await place('video_frames');
  const path = '/srv/media/video_frames/fm/0_2.png';
  await writeFile(join(at.folder, 'frame_media.json'), JSON.stringify({ [path]: 'fields/frames.seg/0_2.png' }));
  await at.change('samples.json', (text) =>
    text.replace('"data/clip.mp4"', '"s3://bucket/clip.mp4"').replace('"data/clip-2.mp4"', '"./data//x/../clip-2.mp4"'),
  );
  await at.import();
  const paths = (await at.samples()).map(({ filepath }) => filepath);
  expect(paths.slice(0, 2)).toEqual(['s3://bucket/clip.mp4', join(at.folder, 'data/clip-2.mp4')]);
  const frames = at.database.db.collection((await at.dataset()).frame_collection_name);
  expect(await frames.distinct('seg.mask_path')).toContain(join(at.folder, 'fields/frames.seg/0_2.png'));
  expect(await frames.distinct('seg.mask_path')).not.toContain(path);
});

test('with a limit on samples there are no views and runs, and only the frames of those samples', async () => {
  const at = await place('video_frames');
  const report = await at.import({ maxSamples: 1 });
  const [sample] = await at.samples();
  const frames = await at.database.db
    .collection((await at.dataset()).frame_collection_name)
    .find()
    .toArray();
  expect([report.samples, report.frames]).toEqual([1, frames.length]);
  expect(frames.length).toBeGreaterThan(0);
  for (const frame of frames) expect(String(frame._sample_id)).toBe(String(sample?._id));
  const views = await place();
  expect(await views.import({ maxSamples: 2 })).toMatchObject({ samples: 2, savedViews: 0, runs: 0, workspaces: 0 });
});

test('a seed gives an order of its own, the same each time; a limit then takes any samples', async () => {
  const orderOf = async (options: ImportOptions) => {
    const at = await place('video_frames');
    const report = await at.import(options);
    const samples = await at.samples();
    const frames = await at.database.db
      .collection((await at.dataset()).frame_collection_name)
      .find()
      .toArray();
    const ids = samples.map(({ _id }) => String(_id));
    expect([report.samples, report.frames]).toEqual([samples.length, frames.length]);
    for (const frame of frames) expect(ids).toContain(String(frame._sample_id));
    expect((await at.database.db.listCollections({ name: /shuffled/ }).toArray()).length).toBe(0);
    return ids.join();
  };
  const orders = await Promise.all([1, 2, 3, 4, 5, 6].map((seed) => orderOf({ shuffle: true, seed })));
  expect(new Set(orders).size).toBeGreaterThan(1);
  expect(await orderOf({ shuffle: true, seed: 3 })).toBe(orders[2]);
  expect(await orderOf({ shuffle: true, seed: 3, maxSamples: 1 })).toBe(orders[2]?.slice(0, 24));
});

test('a dataset that is replaced goes with all that was its own, and nothing that others use', async () => {
  const at = await place();
  const { db } = at.database;
  await at.import();
  const old = await at.dataset();
  const run = await db.collection('runs').findOne({ key: 'viz' });
  const clips = { name: 'clips', sample_collection_name: 'clips.1', frame_collection_name: old.sample_collection_name };
  await db.collection('datasets').insertOne(clips);
  await db.collection('runs').insertOne({ key: 'other', results: run?.results });
  await db.collection('datasets').updateOne({ _id: old._id }, { $set: { tags: ['old'] } });
  const { id } = await at.import({ overwrite: true });
  const now = await db.collection('datasets').findOne({ name: 'it' });
  expect([String(now?._id), String(old._id), now?.tags]).toEqual([id, id, []]);
  expect(now?.sample_collection_name).not.toBe(old.sample_collection_name);
  expect((await db.listCollections({ name: old.sample_collection_name }).toArray()).length).toBe(0);
  expect(await db.collection('runs').countDocuments({ _dataset_id: old._id })).toBe(8);
  expect(await db.collection('fs.files').countDocuments()).toBe(6);
  expect(await db.collection('tags').countDocuments()).toBe(2);
  await db.collection(now?.sample_collection_name).updateOne({}, { $set: { mark: 1 } });
  await refused(at, 'is not available', { name: 'it!', overwrite: true });
  const borrowed = { frame_collection_name: now?.sample_collection_name };
  await db.collection('datasets').updateOne({ name: 'clips' }, { $set: borrowed });
  await at.import({ name: 'clips', overwrite: true });
  expect(await db.collection(now?.sample_collection_name).countDocuments({ mark: 1 }), 'clips have the frames of others').toBe(1);
});

test('who is no admin gets datasets of older versions as they are, if this client can use them', async () => {
  const at = await place('eras', 'views_runs_1_0_0');
  const env = {
    FIFTYONE_DATABASE_URI: at.database.uri,
    FIFTYONE_DATABASE_NAME: at.database.name,
    FIFTYONE_DATABASE_ADMIN: 'false',
    HOME: '/nonexistent',
  };
  const connection = await openConnection(readSettings(env));
  const { from, to } = await importDataset(connection, { datasetDir: at.folder, name: 'it', persistent: true });
  await connection.close();
  expect([from, to, (await at.dataset()).version]).toEqual(['1.0.0', '1.0.0', '1.0.0']);
});

test('an import that is asked to stop leaves nothing', async () => {
  const at = await place();
  await refused(at, 'the import was stopped', { signal: AbortSignal.abort() });
});

test('the progress ends where the file ends', async () => {
  const at = await place();
  const told: unknown[] = [];
  await at.import({ onProgress: (progress) => told.push(progress) });
  const { length } = await readFile(join(at.folder, 'samples.json'));
  expect(told.at(-1)).toEqual({ what: 'Importing samples', done: length, total: length, unit: 'bytes' });
});

test('what is missing or cannot be loaded is told by the import too', async () => {
  const at = await place();
  await rm(join(at.folder, 'data', '0.jpg'));
  await at.change('samples.json', (text) => text.replace(/"filepath": "[^"]*1\.jpg"/, '"filepath": null'));
  await at.change('metadata.json', (text) =>
    text
      .replace('{\\"_cls\\"', '\\"_cls\\"')
      .replace('fields.FloatField', 'fields.WeirdField')
      .replace('"name": "emb"', '"name": "a.b"'),
  );
  const { warnings } = await at.import();
  expect(warnings).toEqual([
    expect.stringMatching(/sample_fields\[\d+\]\S*: no client of FiftyOne knows the type "fiftyone\.core\.fields\.WeirdField"/),
    expect.stringMatching(/sample_fields\[\d+\]\.name: no field can be called "a\.b"/),
    'metadata.json: saved_views[0].view_stages[0]: is not the text of a view stage',
    `1 media are not in the export, the first is ${join(at.folder, 'data/0.jpg')}`,
    '1 samples have no filepath',
  ]);
});

test('frames of no sample, and frames without a number, are told', async () => {
  const at = await place('video_frames');
  expect((await at.import()).warnings).toEqual([]);
  await at.change('frames.json', (text) =>
    text
      .replace('"_sample_id": {"$oid": "6b01818c', '"_sample_id": {"$oid": "7b01818c')
      .replace('"frame_number": 2', '"frame_number": 2.5'),
  );
  expect((await at.import({ name: 'again' })).warnings).toEqual([
    '1 frames belong to no sample of the export',
    '1 frames have no number from 1 on',
  ]);
});

test('frames that are missing are told', async () => {
  const at = await place('video_frames');
  await rm(join(at.folder, 'frames.json'));
  const { warnings } = await at.import();
  expect(warnings).toEqual([expect.stringContaining('neither frames.json nor a folder frames: it is imported without frames')]);
});

test('options that cannot be are refused', async () => {
  const at = await place();
  for (const maxSamples of [-1, 0, 1.5, Number.NaN]) await refused(at, `maxSamples is ${maxSamples}`, { maxSamples });
  await refused(at, 'tags are no list of strings', { tags: 'abc' as never });
  await refused(at, 'tags are no list of strings', { tags: [1] as never });
  const named = { max_samples: 3 } as ImportOptions;
  await expect(at.import(named)).rejects.toMatchObject({
    message: "the import has no option 'max_samples'",
    hint: "is 'maxSamples' meant?",
  });
});

test('what cannot be read is an error that says what to do', async () => {
  const at = await place();
  await writeFile(join(at.folder, 'x.tar'), '');
  await expect(at.import({ datasetDir: join(at.folder, 'x.tar') })).rejects.toMatchObject({
    message: expect.stringContaining('it is no folder'),
    hint: expect.stringContaining('archivePath'),
  });
  await at.change('metadata.json', (text) => text.replace('"1.22.1"', '1.22'));
  await refused(at, 'metadata.json: version is a number, expected one such as "1.22.1"');
  await at.change('metadata.json', (text) => text.replace('"version": 1.22', '"version": "0.5"'));
  await expect(at.import()).rejects.toMatchObject({
    name: 'ImportError',
    hint: 'correct metadata.json: above all its version, which says in what form the export is',
  });
  await rm(join(at.folder, 'metadata.json'));
  await mkdir(join(at.folder, 'metadata.json'));
  const refusal = { name: 'ImportError', message: expect.stringContaining('EISDIR'), hint: expect.stringContaining('folder') };
  await expect(at.import()).rejects.toMatchObject(refusal);
  await expect(validateExport(at.folder)).rejects.toMatchObject(refusal);
  await expect(validateExport(join(at.folder, 'samples.json'))).rejects.toThrow('it is neither a folder nor an archive');
  await expect(validateExport('/nonexistent/x')).rejects.toThrow('there is no such file or folder');
});

test('the place of a mistake is short, and the hint names the folder', async () => {
  const at = await place();
  await at.change('samples.json', (text) => text.replace('"label": "cat"', `"label": ${'{"some_key":'.repeat(300)}`));
  const error = await at.import().catch((thrown) => thrown);
  expect(error.message).toContain('is nested deeper than');
  expect(error.message.length).toBeLessThan(500);
  expect(error.hint).toBe(`see all problems with: fiftyone datasets validate ${at.folder}`);
});

test('an import waits for the lease of a process that died, and settles what that one has left', async () => {
  const at = await place();
  const { id } = await at.import();
  const dead = new ObjectId();
  const holder = { run: 'x', host: hostname(), pid: 999_999_999, user: 'x' };
  const now = Date.now();
  const lease = (_id: string) => ({
    ...{ _id, fence: new Long(1), holder, claim: 'x', since: new Date(now), heartbeat: new Date(now) },
    expires: new Date(now + 2_500),
  });
  const leases = at.database.db.collection<ReturnType<typeof lease>>(LEASES);
  for (const key of [`import ${dead}`, `dataset ${id}`]) await leases.replaceOne({ _id: key }, lease(key), { upsert: true });
  const parts = { collections: [`samples.${dead}`], views: [], workspaces: [], runs: [], files: [] };
  const { run, ...by } = holder;
  const note = { _id: dead, name: 'y', by, at: new Date(now), dataset: dead, samples: `samples.${dead}`, parts };
  await at.database.db.collection(IMPORTS).insertOne(note);
  await at.import({ name: 'it', overwrite: true });
  expect(Date.now() - now).toBeGreaterThan(2_000);
  expect(await at.database.db.collection(IMPORTS).countDocuments()).toBe(0);
  const other = { ...lease(`dataset ${id}`), holder: { ...holder, host: 'elsewhere' }, expires: new Date(Date.now() + 8_000) };
  await leases.replaceOne({ _id: other._id }, other, { upsert: true });
  await expect(at.import({ overwrite: true })).rejects.toMatchObject({
    name: 'LockedError',
    hint: `wait until that is done; if that process has died, until ${other.expires.toISOString()}`,
  });
});
