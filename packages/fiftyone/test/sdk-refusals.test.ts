import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as fo from '../src/index.js';
import { differences } from './support/differences.js';
import { temporaryFolder } from './support/recorded-export.js';
import { sdkDatabase } from './support/sdk-database.js';
import { snapshot } from './support/snapshot.js';

/** A dataset of two samples, and a check that nothing was changed since. */
async function twoSamples() {
  const { fo: database, db } = await sdkDatabase();
  const dataset = await database.createDataset('d');
  const labels = () => new fo.Detections({ detections: [new fo.Detection({ label: 'a', bounding_box: [0, 0, 1, 1] })] });
  await dataset.addSamples([
    new fo.Sample({ filepath: '/a.jpg', when: new Date(0), gt: labels(), any: { a: 5 } }),
    new fo.Sample({ filepath: '/b.jpg' }),
  ]);
  const before = await snapshot(db);
  return { database, dataset, unchanged: async () => expect(differences(before, await snapshot(db))).toEqual([]) };
}

test('fields of classes that the Python client does not have are not declared', async () => {
  const { dataset, unchanged } = await twoSamples();
  const odd: [fo.FieldType, string][] = [
    [fo.simpleType('WeirdField'), 'there is no class of fields called WeirdField'],
    [fo.simpleType('ListField', 'Weird'), 'there is no class of fields called Weird'],
    [fo.simpleType('fiftyone.core.fields.IntField'), 'there is no class of fields called fiftyone.core.fields.IntField'],
    [fo.documentType('fiftyone.core.labels.Weird', []), 'there is no class of documents called fiftyone.core.labels.Weird'],
    [fo.simpleType('EmbeddedDocumentField'), 'the class of its documents is missing'],
    [fo.listOf(fo.simpleType('EmbeddedDocumentField')), 'the class of its documents is missing'],
    [fo.documentType('my.Doc', [{ ...fo.simpleType('X'), name: 'x' }]), "Field 'q.x' cannot be a X"],
    [fo.documentType('my.Doc', [{ ...fo.simpleType('IntField'), name: 'a.b' }]), "Field names cannot contain '.'"],
    ['IntField' as never, "the type of field 'q' is missing"],
    [undefined as never, "the type of field 'q' is missing"],
  ];
  for (const [type, message] of odd) {
    const error = await dataset.addSampleField('q', type).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(fo.UsageError);
    expect(error.message).toContain(message);
  }
  await unchanged();
  await dataset.addSampleField('own', fo.simpleType('my_module.fields.MyField'));
  expect(dataset.schema.get('own')?.ftype).toBe('my_module.fields.MyField');
});

test('what is no name finds no dataset, and deletes none', async () => {
  const { database, dataset, unchanged } = await twoSamples();
  const given = [undefined, null, 5, {}, { $gt: '' }, /d/, ['d']] as never[];
  for (const name of given) {
    await expect(database.deleteDataset(name)).rejects.toThrow('the name of a dataset must be text');
    await expect(database.deleteDatasets(name)).rejects.toThrow('the pattern must be text');
    await expect(database.loadDataset(name)).rejects.toThrow('the name of a dataset must be text');
    await expect(database.datasetExists(name)).rejects.toThrow('the name of a dataset must be text');
    if (name !== undefined) {
      await expect(database.listDatasets(name)).rejects.toThrow('the pattern must be text');
      await expect(database.listDatasets(undefined, { tags: [name] })).rejects.toThrow('a tag must be text');
    }
    await expect(dataset.addSampleField(name, fo.simpleType('IntField'))).rejects.toThrow('needs the path of a field');
    await expect(dataset.deleteSampleField(name)).rejects.toThrow('needs the path of a field');
  }
  await expect(database.listDatasets(undefined, { tag: 'x' } as object)).rejects.toThrow("no option 'tag'");
  await unchanged();
});

test('labels, samples and frames are made of objects', async () => {
  const { dataset, unchanged } = await twoSamples();
  for (const given of [null, 5, 'abc', []] as never[]) {
    expect(() => new fo.Detection(given)).toThrow('the attributes of a Detection must be an object');
    expect(() => new fo.Sample(given)).toThrow('the fields must be an object');
    const sample = new fo.Sample({ filepath: '/c.mp4' });
    sample.frames.set(1, given);
    await expect(dataset.addSamples([sample])).rejects.toThrow('samples[0].frames[1] is not a Frame');
  }
  await unchanged();
});

test('documents of classes that the Python client cannot have are not added', async () => {
  const { dataset, unchanged } = await twoSamples();
  class Nameless extends fo.EmbeddedDocument {}
  class Unknown extends fo.EmbeddedDocument {
    static override readonly path = 'fiftyone.core.labels.Unknown';
  }
  const add = (own: unknown) => dataset.addSamples([new fo.Sample({ filepath: '/c.jpg', own })]);
  await expect(add(new Nameless())).rejects.toThrow('Nameless needs a path');
  await expect(add(new Unknown())).rejects.toThrow('there is no class of documents called fiftyone.core.labels.Unknown');
  await expect(dataset.setValues('own', [new Unknown(), null])).rejects.toThrow('there is no class of documents called');
  await unchanged();
});

test.each([
  ['skeletons', { a: 5 }, 'skeletons.a must be an object'],
  ['skeletons', { a: { labels: 'x' } }, 'skeletons.a.labels must be a list'],
  ['skeletons', { a: { edges: [[0, 'x']] } }, 'skeletons.a.edges[0][1] must be a number'],
  ['appConfig', [], 'app_config must be an object'],
  ['appConfig', { media_fields: 'x' }, 'app_config.media_fields must be a list'],
  ['appConfig', { color_scheme: 5 }, 'app_config.color_scheme must be an object'],
  ['appConfig', { color_scheme: { opacity: 'x' } }, 'app_config.color_scheme.opacity must be a number'],
  ['appConfig', { sidebar_groups: [{ paths: [] }] }, 'app_config.sidebar_groups[0].name must be text'],
  ['maskTargets', { a: 'x' }, 'mask_targets.a must be an object'],
  ['defaultMaskTargets', ['x'], 'default_mask_targets must be an object'],
  ['classes', [['x']], 'classes must be an object'],
  ['classes', { a: ['x', 5] }, 'classes.a[1] must be text'],
  ['info', [1, 2], 'info must be an object'],
  ['info', null, 'info must be an object'],
  ['info', { when: new Date('+010000-01-01') }, 'is not in the years 1 to 9999'],
])('%s = %j is refused, and stays what it was', async (property, value, message) => {
  const { dataset, unchanged } = await twoSamples();
  const properties = dataset as unknown as Record<string, unknown>;
  const before = properties[property];
  let error: unknown;
  try {
    properties[property] = value;
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(fo.UsageError);
  expect((error as Error).message).toContain(message);
  expect(properties[property]).toEqual(before);
  await dataset.save();
  await unchanged();
});

test('what the Python client can load of them is stored', async () => {
  const { dataset } = await twoSamples();
  dataset.skeletons = { kp: { labels: null, edges: [[0, 1]] }, empty: {} };
  dataset.appConfig = {
    ...dataset.appConfig,
    color_scheme: { color_pool: ['#fff'], opacity: 0.5, fields: [{ path: 'gt' }] },
    active_fields: { paths: ['gt'], exclude: false },
    sidebar_groups: [{ name: 'labels', paths: ['gt'], expanded: true }],
    plugins: { map: { style: 'x' } },
  };
  await dataset.save();
  await dataset.reload();
  expect(dataset.skeletons).toEqual({ kp: { labels: null, edges: [[0, 1]] }, empty: {} });
  expect(dataset.appConfig).toMatchObject({ color_scheme: { opacity: 0.5 }, sidebar_groups: [{ name: 'labels' }] });
});

test('dates beyond the years 1 to 9999, which Python does not have, are not stored', async () => {
  const { dataset, unchanged } = await twoSamples();
  const [first, last] = [new Date('0001-01-01T00:00:00.000Z'), new Date('9999-12-31T23:59:59.999Z')];
  for (const bad of [new Date(first.getTime() - 1), new Date(last.getTime() + 1)]) {
    for (const path of ['when', 'fresh', 'any']) {
      const value = path === 'any' ? { when: bad } : bad;
      const error = await dataset.setValues(path, [value, null]).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(fo.InvalidValueError);
      expect(error.message).toContain('is not in the years 1 to 9999');
    }
    const sample = new fo.Sample({ filepath: '/c.jpg', when: bad });
    await expect(dataset.addSamples([sample])).rejects.toThrow('is not in the years 1 to 9999');
  }
  await unchanged();
  await dataset.setValues('when', [first, last]);
  expect(await dataset.values('when')).toEqual([first, last]);
});

describe('calls that JavaScript does not check', () => {
  const calls: [string, (dataset: fo.Dataset & Any) => unknown, string, string][] = [
    ['setValues without values', (d) => d.setValues('n', null), "the values for 'n' must be a list", ''],
    ['setValues without a path', (d) => d.setValues(5, [1, 2]), 'setValues needs the path of a field, not 5', 'such as'],
    [
      'setValues with another option',
      (d) => d.setValues('n', [1, 2], { skip_none: true }),
      "no option 'skip_none'",
      "'skipNone'",
    ],
    ['values of a number', (d) => d.values(5), 'values needs the path of a field, not 5', 'such as'],
    ['values of nothing', (d) => d.values(null), 'values needs the path of a field, not null', 'such as'],
    ['values of a list with nothing', (d) => d.values(['id', null]), 'values needs the path of a field, not null', 'such as'],
    ['values with another option', (d) => d.values('id', { unwnd: true }), "no option 'unwnd'", "is 'unwind' meant?"],
    [
      'values with an odd option',
      (d) => d.values('id', { odd: true }),
      "no option 'odd'",
      'its options are: unwind, missingValue',
    ],
    ['values with null options', (d) => d.values('id', null), 'the options of values must be an object', 'such as'],
    ['iterateValues of a number', (d) => d.iterateValues(5).next(), 'iterateValues needs the path of a field', 'such as'],
    [
      'one sample',
      (d) => d.addSamples(new fo.Sample({ filepath: '/c.jpg' })),
      'needs a list of samples, not a Sample',
      '[sample]',
    ],
    ['no samples', (d) => d.addSamples(null), 'needs a list of samples, not null', 'such as'],
    [
      'plain objects',
      (d) => d.addSamples([{ filepath: '/c.jpg' }]),
      'samples[0] is not a Sample: it is a Object',
      'new fo.Sample',
    ],
    ['plain objects in turn', (d) => d.addSamples(new Set([{}])), 'samples[0] is not a Sample', 'new fo.Sample'],
    ['samples with another option', (d) => d.addSamples([], { dynamics: true }), "no option 'dynamics'", "is 'dynamic' meant?"],
    ['keyField that is none', (d) => d.setValues('n', {}, { keyField: 5 }), 'keyField of setValues must be text, not 5', ''],
    ['onProgress that is none', (d) => d.values('id', { onProgress: 5 }), 'onProgress of values must be a function, not 5', ''],
    ['useDirs that is text', (d) => d.export({ exportDir: '/x', useDirs: 'no' }), "must be true or false, not 'no'", ''],
    ['relDir that is none', (d) => d.export({ exportDir: '/x', relDir: null }), 'relDir of export must be text, not null', ''],
    ['export to nowhere', (d) => d.export({}), 'export needs the option exportDir', 'the folder to make'],
    ['export without options', (d) => d.export(), 'the options of export must be an object', 'exportDir'],
    ['export with another option', (d) => d.export({ export_dir: '/x' }), "export has no option 'export_dir'", "'exportDir'"],
    ['addDir with another option', (d) => d.addDir({ datasetDir: '/x', maxSample: 1 }), "no option 'maxSample'", "'maxSamples'"],
  ];
  type Any = {
    [verb in 'setValues' | 'values' | 'addSamples' | 'export' | 'addDir']: (...args: unknown[]) => Promise<unknown>;
  } & {
    iterateValues(...args: unknown[]): AsyncGenerator;
  };

  test.each(calls)('%s', async (_, call, message, hint) => {
    const { dataset, unchanged } = await twoSamples();
    const error = (await Promise.resolve()
      .then(() => call(dataset as fo.Dataset & Any))
      .catch((thrown) => thrown)) as fo.FiftyOneError;
    expect(error).toBeInstanceOf(fo.UsageError);
    expect(error.message).toContain(message);
    expect(error.hint ?? '').toContain(hint);
    await unchanged();
  });

  test('what is imported has to be said, and archives are no folders', async () => {
    const archive = join(await temporaryFolder(), 'good.tar');
    await writeFile(archive, '');
    const { Dataset } = fo as never as { Dataset: Record<'fromDir' | 'fromArchive', (options?: object) => Promise<unknown>> };
    for (const [call, message, hint] of [
      [() => Dataset.fromDir({ datasetDir: archive }), 'good.tar is an archive, not a folder', 'use fromArchive'],
      [() => Dataset.fromDir({}), 'fromDir needs the option datasetDir', 'use fromArchive for an archive'],
      [() => Dataset.fromDir(), 'the options of fromDir must be an object', 'datasetDir'],
      [() => Dataset.fromArchive({ datasetDir: '/x' }), 'fromArchive needs the option archivePath', 'use fromDir for a folder'],
      [() => Dataset.fromDir({ dataset_dir: '/x' }), "fromDir has no option 'dataset_dir'", "is 'datasetDir' meant?"],
    ] as const) {
      const error = (await call().catch((thrown) => thrown)) as fo.FiftyOneError;
      expect(error).toBeInstanceOf(fo.UsageError);
      expect(error.message).toContain(message);
      expect(error.hint).toContain(hint);
    }
    const { fo: database } = await sdkDatabase();
    const wrong = { datasetDir: archive, keepNames: true } as fo.FromOptions;
    await expect(database.importDataset(wrong)).rejects.toThrow("importDataset has no option 'keepNames'");
    await expect(database.createDataset('e', { persist: true } as object)).rejects.toThrow("no option 'persist'");
    for (const persistent of ['yes', 1, null, []]) {
      await expect(database.createDataset('e', { persistent } as object)).rejects.toThrow(
        'persistent of createDataset must be true or false',
      );
      await expect(database.importDataset({ datasetDir: '/x', persistent } as object)).rejects.toThrow(
        'persistent of importDataset must be',
      );
    }
    expect(await database.listDatasets()).toEqual([]);
  });
});
