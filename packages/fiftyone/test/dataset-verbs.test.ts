import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { toEjson } from '../src/bson/index.js';
import { findDocs } from '../src/database/raw.js';
import * as fo from '../src/index.js';
import { readDump } from './support/dump.js';
import { recordedSamples } from './support/label-samples.js';
import { sdkDatabase } from './support/sdk-database.js';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'fiftyone-verbs-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

test.each(['image', 'static', 'video', 'group', 'threed'])(
  'a dataset called %s that was built, exported and imported has the same values',
  async (name) => {
    const { fo: database } = await sdkDatabase();
    const dataset = await database.createDataset(name);
    await dataset.addSamples(recordedSamples()[name] as fo.Sample[], { dynamic: name !== 'static' });
    const exportDir = join(await folder(), 'export');
    const report = await dataset.export({ exportDir, datasetType: fo.types.FiftyOneDataset, exportMedia: false });
    expect(report.samples).toBe(recordedSamples()[name]?.length);
    const warnings: string[] = [];
    const copy = await database.importDataset({
      datasetDir: exportDir,
      datasetType: fo.types.FiftyOneDataset,
      name: 'copy',
      onWarning: (warning) => warnings.push(warning),
    });
    expect(warnings.join()).toContain('persistent');
    expect([copy.name, copy.mediaType, copy.persistent]).toEqual(['copy', dataset.mediaType, false]);
    expect([...copy.schema.keys()].sort()).toEqual([...dataset.schema.keys()].sort());
    const paths = [...dataset.schema.keys()].filter((path) => !['created_at', 'last_modified_at'].includes(path));
    for (const path of paths)
      expect(await copy.values(path, { raw: true }), path).toEqual(await dataset.values(path, { raw: true }));
  },
);

test('values are read and set, and new fields are known at once', async () => {
  const { fo: database } = await sdkDatabase();
  const dataset = await database.createDataset('d');
  await dataset.addSamples(recordedSamples().image as fo.Sample[]);
  expect(await dataset.values('filepath')).toEqual(['/d/im1.jpg', '/d/im2.PNG']);
  expect(await dataset.values(['i', 'f'])).toEqual([
    [1, null],
    [1.5, null],
  ]);
  expect(await dataset.setValues('score', [1, 2.5])).toBe(2);
  expect(dataset.schema.get('score')?.ftype).toBe('FloatField');
  const seen: unknown[] = [];
  for await (const value of dataset.iterateValues('score')) seen.push(value);
  expect(seen).toEqual([1, 2.5]);
  await dataset.setValues('score', { '/d/im2.PNG': 9 }, { keyField: 'filepath' });
  expect(await dataset.values('score')).toEqual([1, 9]);
});

test('labels are read as objects, and those that were set again are what they were', async () => {
  const { db, fo: database } = await sdkDatabase();
  const dataset = await database.createDataset('d');
  await dataset.addSamples(recordedSamples().image as fo.Sample[], { dynamic: true });
  const before = await findDocs(db, dataset.samples('all').collection, {}, { projection: { last_modified_at: 0 } });
  const [labels] = (await dataset.values('dets')) as [fo.Detections];
  expect(labels).toBeInstanceOf(fo.Detections);
  expect(labels.detections?.map(({ label }) => label)).toEqual(['a', 'b']);
  const [mask] = (await dataset.values('det')) as [fo.Detection];
  expect(mask.mask).toEqual(new fo.NdArray(Uint8Array.of(1, 0, 0, 1), [2, 2], '|b1'));
  const paths = [...dataset.schema]
    .filter(([, field]) => field.embeddedDocType !== null && field.name !== 'metadata')
    .map(([path]) => path);
  for (const path of paths) await dataset.setValues(path, await dataset.values(path), { skipNone: true });
  const after = await findDocs(db, dataset.samples('all').collection, {}, { projection: { last_modified_at: 0 } });
  expect(after.map(toEjson)).toEqual(before.map(toEjson));
});

test('a saved view can be exported and read like a dataset', async () => {
  const { fo: database } = await sdkDatabase(await readDump('databases/1.0.2-main'));
  const found = await database.connection.db.collection('views').findOne({});
  const owner = await database.connection.db.collection('datasets').findOne({ _id: found?._dataset_id });
  const dataset = await database.loadDataset(owner?.name);
  const [name] = await dataset.listSavedViews();
  const view = await dataset.loadSavedView(name as string);
  const paths = (await fo.values(view, 'filepath')) as string[];
  expect(await dataset.values('filepath')).toEqual(expect.arrayContaining(paths));
  await expect(dataset.loadSavedView('nope')).rejects.toThrow('nope');
});

test('only formats that there are can be imported', async () => {
  const { fo: database } = await sdkDatabase();
  const options = { datasetDir: '/nowhere', datasetType: 'COCO' as never };
  await expect(database.importDataset(options)).rejects.toThrow("there is no datasetType 'COCO'");
});
