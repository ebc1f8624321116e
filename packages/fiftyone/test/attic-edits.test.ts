import { randomBytes } from 'node:crypto';
import { Binary, type Document, ObjectId } from 'mongodb';
import { expect, test } from 'vitest';
import { listDatasets, loadDataset } from '../src/datasets/load.js';
import { ATTIC } from '../src/migrations/attic/entry.js';
import { KEPT_DOCUMENTS } from '../src/migrations/attic/kept-documents.js';
import { WORK } from '../src/migrations/work.js';
import { adminOf, fiftyone } from './support/command.js';
import { idsOf, partOf } from './support/dataset-parts.js';
import { differences } from './support/differences.js';
import { readDump } from './support/dump.js';
import { type FreshDatabase, freshDatabase } from './support/fresh-database.js';
import { connectAsAdmin, migrated } from './support/migrated.js';
import { databaseOf, smallDataset } from './support/small-database.js';
import { snapshot } from './support/snapshot.js';

const FIELDS = 'fiftyone.core.fields.';

function field(name: string, others: Document = {}): Document {
  const common = {
    subfield: null,
    embedded_doc_type: null,
    fields: [],
    db_field: name,
    description: null,
    info: null,
    read_only: false,
  };
  return { _cls: 'SampleField', name, ftype: `${FIELDS}StringField`, ...common, ...others };
}

/** A dataset of 1.22.1 with a saved view, a run, a description, and labels with instances. */
async function richDatabase(others: Document = {}): Promise<FreshDatabase & { id: ObjectId; samples: string }> {
  const [view, run, samples] = [new ObjectId(), new ObjectId(), `samples.${new ObjectId()}`];
  const label = { ftype: `${FIELDS}EmbeddedDocumentField`, embedded_doc_type: 'fiftyone.core.labels.Classification' };
  const dataset = smallDataset('rich', '1.22.1', {
    slug: 'my-own-slug',
    description: 'hands off',
    media_type: 'image',
    sample_collection_name: samples,
    frame_collection_name: null,
    saved_views: [view],
    evaluations: { eval: run },
    annotation_runs: {},
    brain_methods: {},
    runs: {},
    tags: ['one'],
    label_schemas: { a: { type: 'text' } },
    app_config: { color_scheme: { _id: new ObjectId(), color_by: 'value', opacity: 0.5 }, sidebar_groups: null },
    sample_fields: [field('a'), field('weather', label), field('_dataset_id', { ftype: `${FIELDS}ObjectIdField` })],
    ...others,
  });
  const database = await databaseOf({
    config: [{ version: '1.22.1', type: 'fiftyone' }],
    datasets: [dataset],
    views: [{ _id: view, _dataset_id: dataset._id, name: 'best', view_stages: [] }],
    runs: [
      {
        _id: run,
        _dataset_id: dataset._id,
        key: 'eval',
        version: '1.22.1',
        config: { method: 'm' },
        view_stages: [],
        results: null,
      },
    ],
    [samples]: ['sun', 'rain', 'snow'].map((text) => ({
      _id: new ObjectId(),
      weather: { _cls: 'Classification', label: text, instance: { _cls: 'Instance', _id: new ObjectId() } },
      a: text,
      _dataset_id: dataset._id,
    })),
  });
  return { ...database, id: dataset._id, samples };
}

function kept(database: FreshDatabase): Promise<number[]> {
  return Promise.all([ATTIC, KEPT_DOCUMENTS].map((name) => database.db.collection(name).countDocuments()));
}

test('a downgrade and an upgrade give back every byte, and leave the attic empty', async () => {
  const database = await richDatabase();
  const before = await snapshot(database.db);
  const down = await migrated(database, { target: '0.18.0' });
  expect(down.report.datasets[0]).toMatchObject({ result: 'migrated', kept: true });
  expect(await kept(database)).toEqual([1, 3]);
  const up = await migrated(database, { target: '1.22.1' });
  expect(up.report.datasets[0]?.putBack).toContain('values of 3 documents of '.concat(database.samples));
  expect(up.report.datasets[0]?.notPutBack).toBeUndefined();
  expect(differences(before, await snapshot(database.db))).toEqual([]);
  expect(await kept(database)).toEqual([0, 0]);
});

test.each([
  [['0.22.3', '0.15.1'], ['1.22.1']],
  [['0.15.1'], ['0.18.0', '0.23.8', '1.22.1']],
  [
    ['1.0.2', '0.18.0', '0.9.4'],
    ['0.15.1', '0.19.1', '1.22.1'],
  ],
  [['0.6.2', '0.18.0', '0.14.3'], ['1.22.1']],
])(
  'down by %j and up by %j is what it was',
  async (down, up) => {
    const whole = await readDump('databases/1.22.1-main');
    const input = partOf(whole, idsOf(whole, ['labels', 'video', 'labels-clone']));
    const database = await freshDatabase(input);
    const failed: string[] = [];
    for (const target of [...down, ...up]) {
      const { report } = await migrated(database, { target });
      failed.push(
        ...report.datasets.flatMap(({ result, name, reasons }) => (result === 'failed' ? [`${target} ${name}: ${reasons}`] : [])),
      );
    }
    expect(failed).toEqual([]);
    const after = await snapshot(database.db);
    (after.collections as Map<string, unknown>).delete('config');
    expect(differences(input, after)).toEqual([]);
    expect(await kept(database)).toEqual([0, 0]);
  },
  120_000,
);

test('going up a part of the way puts back what there is a place for, and the rest later', async () => {
  const database = await richDatabase();
  const { db, samples } = database;
  const before = await snapshot(db);
  await migrated(database, { target: '0.18.0' });
  const part = await migrated(database, { target: '1.0.2' });
  expect(part.report.datasets[0]).toMatchObject({ putBack: expect.arrayContaining(['description', '1 saved view']) });
  expect(part.report.datasets[0]).not.toHaveProperty('notPutBack');
  const now = await db.collection('datasets').findOne({});
  expect(now).toMatchObject({ version: '1.0.2', description: 'hands off' });
  expect(now).not.toHaveProperty('label_schemas');
  // 1.5.0 is the first release that can load instances
  expect(await db.collection(samples).countDocuments({ 'weather.instance': { $exists: true } })).toBe(0);
  expect(await kept(database)).toEqual([1, 3]);
  const rest = await migrated(database, { target: '1.22.1' });
  expect(rest.report.datasets[0]).not.toHaveProperty('notPutBack');
  expect(differences(before, await snapshot(db))).toEqual([]);
  expect(await kept(database)).toEqual([0, 0]);
});

test('what a client changed meanwhile stays as it is, and the rest is put back', async () => {
  const database = await richDatabase();
  const { db, id, samples } = database;
  await migrated(database, { target: '0.18.0' });
  const changed = await db.collection(samples).findOne({ a: 'sun' });
  await db.collection(samples).updateOne({ a: 'sun' }, { $set: { 'weather.label': 'fog' } });
  await db.collection(samples).updateOne({ a: 'rain' }, { $set: { a: 'drizzle' } });
  await db.collection<Document>('datasets').updateOne(
    { _id: id },
    {
      $set: { name: 'renamed', 'app_config.color_scheme.opacity': 0.9, description: 'my own' },
    },
  );
  const dry = await migrated(database, { target: '1.22.1', dryRun: true });
  expect(dry.report.datasets[0]?.notPutBack).toEqual([
    // the slug goes with the name
    'slug',
    'description',
    'app_config.color_scheme.opacity',
    `values of 1 document of ${samples}`,
  ]);
  const { report } = await migrated(database, { target: '1.22.1' });
  expect(report.datasets[0]?.notPutBack).toEqual(dry.report.datasets[0]?.notPutBack);
  const dataset = await db.collection('datasets').findOne({});
  expect(dataset).toMatchObject({
    name: 'renamed',
    description: 'my own',
    label_schemas: { a: { type: 'text' } },
    app_config: { color_scheme: { opacity: 0.9, color_by: 'value' } },
  });
  expect(await db.collection('views').countDocuments({ _id: { $in: dataset?.saved_views } })).toBe(1);
  const labels = await db.collection(samples).find().sort({ _id: 1 }).toArray();
  expect(labels.map(({ a, weather }) => [a, weather.label, weather.instance?._cls])).toEqual([
    ['sun', 'fog', undefined],
    ['drizzle', 'rain', 'Instance'],
    ['snow', 'snow', 'Instance'],
  ]);
  expect(changed?._id).toEqual(labels[0]?._id);
  // what is left takes no part any more, but can be exported
  expect(await kept(database)).toEqual([1, 3]);
  await migrated(database, { target: '0.18.0' });
  const again = await migrated(database, { target: '1.22.1' });
  expect(again.report.datasets[0]?.notPutBack).toBeUndefined();
  expect(await db.collection('datasets').findOne({})).toEqual({ ...dataset, last_modified_at: dataset?.last_modified_at });
});

test('values do not come back into a field that is another one by now', async () => {
  const database = await richDatabase();
  const { db, id, samples } = database;
  await migrated(database, { target: '0.18.0' });
  await db.collection<Document>('datasets').updateOne(
    { _id: id, 'sample_fields.name': 'weather' },
    {
      $set: { 'sample_fields.$.ftype': `${FIELDS}StringField`, 'sample_fields.$.embedded_doc_type': null },
    },
  );
  await db.collection(samples).updateMany({}, { $set: { weather: 'cloudy' } });
  const { report } = await migrated(database, { target: '1.22.1' });
  expect(report.datasets[0]?.notPutBack).toContain(`values of 3 documents of ${samples}`);
  expect(await db.collection(samples).distinct('weather')).toEqual(['cloudy']);
});

test('runs and views that were deleted meanwhile are not brought back, those that are new stay', async () => {
  const database = await richDatabase();
  const { db, id } = database;
  await migrated(database, { target: '0.18.0' });
  const run = { key: 'new', version: '0.18.0', timestamp: new Date(), config: { method: 'n' }, view_stages: [], results: null };
  await db
    .collection<Document>('datasets')
    .updateOne({ _id: id }, { $unset: { 'evaluations.eval': '' }, $set: { 'evaluations.new': run } });
  await migrated(database, { target: '1.22.1' });
  expect(
    await db
      .collection('runs')
      .find()
      .map(({ key }) => key)
      .toArray(),
  ).toEqual(['new']);
  expect(Object.keys((await db.collection('datasets').findOne({}))?.evaluations)).toEqual(['new']);
  expect(await db.collection('views').countDocuments()).toBe(1);
});

test('a slug that another dataset has by now is not put back', async () => {
  const database = await richDatabase();
  const { db } = database;
  await migrated(database, { target: '0.18.0' });
  await db.collection('datasets').insertOne(smallDataset('other', '1.22.1', { slug: 'my-own-slug' }));
  const { report } = await migrated(database, { target: '1.22.1' });
  expect(report.datasets.find(({ name }) => name === 'rich')?.notPutBack).toEqual(['slug, which another dataset has by now']);
  expect((await db.collection('datasets').findOne({ name: 'rich' }))?.slug).toBe('rich');
});

test('without the attic nothing is kept, and nothing put back', async () => {
  const database = await richDatabase();
  await migrated(database, { target: '0.18.0', attic: false });
  expect(await kept(database)).toEqual([0, 0]);
  await migrated(database, { target: '1.22.1' });
  expect(await database.db.collection('views').countDocuments()).toBe(0);
  await migrated(database, { target: '0.18.0' });
  await migrated(database, { target: '1.22.1', attic: false });
  expect(await kept(database)).toEqual([1, 0]);
});

test('a way down that takes out nothing leaves nothing in the attic', async () => {
  const database = await databaseOf({
    config: [{ version: '1.22.1', type: 'fiftyone' }],
    datasets: [smallDataset('plain', '1.22.1')],
  });
  const { report } = await migrated(database, { target: '1.0.2' });
  expect(report.datasets[0]).not.toHaveProperty('kept');
  expect(await kept(database)).toEqual([0, 0]);
});

test('very large documents are kept and put back as well', async () => {
  // what does not pack needs several documents of the attic
  const noise = new Binary(randomBytes(6_500_000));
  const text = (length: number) => 'x'.repeat(length);
  const database = await richDatabase({ info: { noise }, label_schemas: { large: text(7_000_000) } });
  const { db, samples } = database;
  await db.collection(samples).updateOne({ a: 'rain' }, { $set: { 'weather.mask': text(9_000_000) } });
  const before = await snapshot(db);
  const down = await migrated(database, { target: '0.18.0' });
  expect(down.report.datasets[0]).toMatchObject({ result: 'migrated', reasons: [] });
  expect((await kept(database))[0]).toBeGreaterThan(1);
  const { report } = await migrated(database, { target: '1.22.1' });
  expect(report.datasets[0]).toMatchObject({ result: 'migrated', reasons: [] });
  expect(differences(before, await snapshot(db))).toEqual([]);
  expect(await kept(database)).toEqual([0, 0]);
}, 120_000);

test('a dataset that is upgraded because it is loaded gets back what the attic has of it', async () => {
  const database = await richDatabase();
  await migrated(database, { target: '0.18.0' });
  await database.db.collection('config').updateOne({}, { $set: { version: '1.22.1' } });
  const connection = await connectAsAdmin(database);
  try {
    expect(await listDatasets(connection)).toEqual(['rich']);
    await loadDataset(connection, 'rich');
  } finally {
    await connection.close();
  }
  expect((await database.db.collection('datasets').findOne({}))?.description).toBe('hands off');
});

test('the clocks of the runners do not matter: one that is an hour ahead takes the dataset down first', async () => {
  const whole = await readDump('databases/1.22.1-main');
  const input = partOf(whole, idsOf(whole, ['labels']));
  const database = await freshDatabase(input);
  const shifted = new URL('../../../reliability/shifted-clock.mjs', import.meta.url);
  const ahead = { ...adminOf(database), NODE_OPTIONS: `--import ${shifted}`, CLOCK_OFF_BY_MS: '3600000' };
  expect((await fiftyone(['migrate', '--all', '-v', '0.20.0', '--yes'], ahead)).code).toBe(0);
  expect((await fiftyone(['migrate', '--all', '-v', '0.14.3', '--yes'], adminOf(database))).code).toBe(0);
  expect((await fiftyone(['migrate', '--all'], adminOf(database))).code).toBe(0);
  // a part of a database has no version of its own, and gets one
  const others = differences(input, await snapshot(database.db)).filter((line) => !line.startsWith('collection config'));
  expect(others).toEqual([]);
});

test('what a dataset came back without stays away: its entry is for people only', async () => {
  const whole = await readDump('databases/1.22.1-main');
  const database = await freshDatabase(partOf(whole, idsOf(whole, ['labels'])));
  await migrated(database, { target: '0.18.0' });
  await migrated(database, { target: '1.22.1', attic: false });
  const without = await snapshot(database.db);
  await migrated(database, { target: '0.18.0' });
  await migrated(database, { target: '1.22.1' });
  expect(differences(without, await snapshot(database.db))).toEqual([]);
  expect((await fiftyone(['migrate', '--attic'], adminOf(database))).stdout).toContain('it came back to 1.22.1 without it');
});

test('samples that are too large to be edited are refused before anything is written', async () => {
  const whole = await readDump('databases/1.22.1-main');
  const database = await freshDatabase(partOf(whole, idsOf(whole, ['labels'])));
  const samples = (await database.db.collection('datasets').findOne({ name: 'labels' }))?.sample_collection_name as string;
  const { insertedId } = await database.db.collection(samples).insertOne({ text: 'x'.repeat(16 * 1024 * 1024 - 200) });
  const before = await snapshot(database.db);
  const { code, stderr } = await fiftyone(['migrate', '-n', 'labels', '-v', '0.18.0', '--yes'], adminOf(database));
  expect(code).toBe(1);
  expect(stderr).toContain(
    `a document has more than 16711680 bytes, and might not fit into MongoDB after the edit, in 1 of ${samples}: _id ${insertedId}`,
  );
  expect(differences(before, await snapshot(database.db))).toEqual([]);
  expect(await database.db.collection(WORK).countDocuments()).toBe(0);
});
