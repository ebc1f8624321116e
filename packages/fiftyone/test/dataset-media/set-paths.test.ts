import { expect, test } from 'vitest';
import { mediaFieldOf } from '../../src/dataset-media/find-field.js';
import { changePaths } from '../../src/dataset-media/path-changes.js';
import type { PathRule } from '../../src/dataset-media/path-rule.js';
import { mediaReferences } from '../../src/dataset-media/references.js';
import { revertPaths } from '../../src/dataset-media/revert.js';
import { setPaths } from '../../src/dataset-media/set-paths.js';
import type { SampleCollection } from '../../src/datasets/sample-collection.js';
import { differences } from '../support/differences.js';
import { picturesWithPaths, videosWithPaths, viewWith } from '../support/media-paths.js';
import { snapshot } from '../support/snapshot.js';

async function pathsOf(samples: SampleCollection, field = 'filepath'): Promise<string[]> {
  const paths: string[] = [];
  for await (const batch of mediaReferences(samples, [mediaFieldOf(samples, field)]))
    paths.push(...batch.map(({ path }) => path));
  return paths;
}

const RULES: readonly [string, PathRule, readonly string[]][] = [
  ['a folder', { from: '/data', to: 's3://bucket/d' }, ['s3://bucket/d/0.jpg', 's3://bucket/d/1.jpg']],
  ['folders with slashes', { from: '/data/', to: 's3://bucket/d/' }, ['s3://bucket/d/0.jpg', 's3://bucket/d/1.jpg']],
  ['the root', { from: '/', to: 's3://bucket' }, ['s3://bucket/data/0.jpg', 's3://bucket/data/1.jpg']],
  ['a bucket to a root', { from: '/data', to: '/' }, ['/0.jpg', '/1.jpg']],
  ['a pattern', { pattern: /(\d)\.jpg$/g, replacement: 'x$1.png' }, ['/data/x0.png', '/data/x1.png']],
  ['a map', new Map([['/data/1.jpg', 'gs://b/one.jpg']]), ['/data/0.jpg', 'gs://b/one.jpg']],
  ['a function', (path) => (path.includes('0') ? null : `/new${path}`), ['/data/0.jpg', '/new/data/1.jpg']],
  ['the beginning of a name', { from: '/dat', to: '/x' }, ['/data/0.jpg', '/data/1.jpg']],
];

test.each(RULES)('paths are rewritten by %s, and put back', async (_, rule, expected) => {
  const { dataset } = await picturesWithPaths(2);
  const report = await setPaths(dataset, rule, { fields: ['filepath'] });
  expect(await pathsOf(dataset)).toEqual(expected);
  const different = expected.filter((path, i) => path !== `/data/${i}.jpg`).length;
  expect(report).toMatchObject({ changed: different, others: 0, fields: [{ name: 'filepath', paths: 2, different }] });
  if (different > 0) await revertPaths(dataset);
  expect(await pathsOf(dataset)).toEqual(['/data/0.jpg', '/data/1.jpg']);
});

test('paths of Windows get the slashes of the place that they go to', async () => {
  const { dataset } = await picturesWithPaths(2);
  await dataset.setValues('filepath', ['C:\\data\\a\\0.jpg', 'C:\\data\\1.jpg']);
  await setPaths(dataset, { from: 'C:\\data\\', to: 's3://bucket' }, { fields: ['filepath'] });
  expect(await pathsOf(dataset)).toEqual(['s3://bucket/a/0.jpg', 's3://bucket/1.jpg']);
});

test('a dry run says what would be changed and what the rule says nothing about, and changes nothing', async () => {
  const { dataset, db } = await picturesWithPaths(2);
  const before = await snapshot(db);
  const report = await setPaths(dataset, { from: '/data', to: 's3://b' }, { dryRun: true });
  expect(report).toMatchObject({ run: null, changed: 0, merged: [] });
  expect(report.fields).toEqual([
    { name: 'filepath', paths: 2, different: 2, unmatched: 0 },
    { name: 'thumbnail_path', paths: 1, different: 1, unmatched: 0 },
    { name: 'gt.detections.mask_path', paths: 4, different: 0, unmatched: 4 },
    { name: 'one.mask_path', paths: 2, different: 0, unmatched: 2 },
    { name: 'seg.mask_path', paths: 2, different: 0, unmatched: 2 },
    { name: 'heat.map_path', paths: 2, different: 0, unmatched: 2 },
  ]);
  expect(report.examples).toEqual([
    { from: '/data/0.jpg', to: 's3://b/0.jpg' },
    { from: '/data/small/0.jpg', to: 's3://b/small/0.jpg' },
    { from: '/data/1.jpg', to: 's3://b/1.jpg' },
  ]);
  expect(report.unmatched).toHaveLength(10);
  expect(differences(before, await snapshot(db))).toEqual([]);
});

test('different paths do not become one unless that is allowed', async () => {
  const { dataset, db } = await picturesWithPaths(2);
  const before = await snapshot(db);
  const rule = { pattern: /^.*\/([^/]+)$/, replacement: 's3://b/$1' };
  const error = await setPaths(dataset, rule).catch((error) => error);
  expect(error.message).toContain("'/data/0.jpg' and '/data/small/0.jpg' become 's3://b/0.jpg'");
  expect(error.hint).toContain('--allow-merging');
  expect((await setPaths(dataset, rule, { dryRun: true })).merged[0]).toEqual({
    to: 's3://b/0.jpg',
    from: ['/data/0.jpg', '/data/small/0.jpg'],
  });
  const taken = await setPaths(dataset, new Map([['/data/0.jpg', '/data/1.jpg']])).catch((error) => error);
  expect(taken.message).toContain("become '/data/1.jpg'");
  expect(differences(before, await snapshot(db))).toEqual([]);
  expect(await setPaths(dataset, rule, { allowMerging: true })).toMatchObject({ changed: 13, others: 0 });
  expect(await pathsOf(dataset, 'thumbnail_path')).toEqual(['s3://b/0.jpg']);
  await revertPaths(dataset);
  expect(await pathsOf(dataset, 'thumbnail_path')).toEqual(['/data/small/0.jpg']);
});

test('paths that become empty or relative, and what is no rule, are refused before anything is changed', async () => {
  const { dataset, db } = await picturesWithPaths(2);
  const before = await snapshot(db);
  const wrong: [unknown, string][] = [
    [{ pattern: /^.*$/, replacement: '' }, "'/data/0.jpg' (filepath of "],
    [{ pattern: /^\//, replacement: '' }, "becomes 'data/0.jpg', which is relative: nothing was changed"],
    [() => 5, 'becomes 5, which is no path: nothing was changed'],
    [{ from: '/data', to: '' }, 'from and to must be paths of folders'],
    [{ pattern: 'x', replacement: '' }, 'the pattern must be a regular expression'],
    ['/data', "'/data' does not say how paths become others"],
  ];
  for (const [rule, message] of wrong) await expect(setPaths(dataset, rule as PathRule)).rejects.toThrow(message);
  await expect(setPaths(dataset, { from: '/a', to: '/b' }, { fields: ['no'] })).rejects.toThrow("has no field 'no'");
  await expect(setPaths(dataset, { from: '/a', to: '/b' }, { fields: [] })).rejects.toThrow('a list of names');
  await expect(setPaths(dataset, { from: '/a', to: '/b' }, { field: [] } as never)).rejects.toThrow(
    "setPaths has no option 'field'",
  );
  const patches = await viewWith(dataset, ['ToPatches', { field: 'gt', config: null }]);
  await expect(setPaths(patches, { from: '/data', to: '/x' })).rejects.toThrow('that a view has made');
  expect(differences(before, await snapshot(db))).toEqual([]);
});

test('relative paths may stay relative', async () => {
  const { dataset } = await picturesWithPaths(1);
  await dataset.setValues('filepath', ['data/0.jpg']);
  await setPaths(dataset, { from: 'data', to: 'media' }, { fields: ['filepath'] });
  expect(await pathsOf(dataset)).toEqual(['media/0.jpg']);
});

test('of a view only what it shows is rewritten, each path once although the view chooses by paths', async () => {
  const { dataset, db } = await picturesWithPaths(0);
  const collection = db.collection(String(dataset.doc.get('sample_collection_name')));
  const number = (i: number) => String(i).padStart(5, '0');
  await collection.insertMany(Array.from({ length: 40_000 }, (_, i) => ({ filepath: `/data/${number(i)}` })));
  const view = await viewWith(dataset, ['Match', { filter: { filepath: { $gte: '/data/00100' } } }]);
  const report = await setPaths(view, (path) => path.replace('/data/', '/data/z'), { fields: ['filepath'] });
  expect(report).toMatchObject({ changed: 39_900, others: 0 });
  expect(await pathsOf(dataset)).toEqual(
    Array.from({ length: 40_000 }, (_, i) => (i < 100 ? `/data/${number(i)}` : `/data/z${number(i)}`)),
  );
});

test('frames are rewritten too', async () => {
  const { dataset } = await videosWithPaths();
  await setPaths(dataset, { from: '/frames', to: 's3://b' }, { fields: ['frames.objects', 'frames.filepath'] });
  expect((await pathsOf(dataset, 'frames.objects'))[0]).toBe('s3://b/0-1-mask.png');
  expect((await pathsOf(dataset, 'frames.filepath'))[0]).toBe('s3://b/0-1.jpg');
  expect((await pathsOf(dataset, 'frames.heat'))[0]).toBe('/frames/0-1-heat.png');
});

test('a call that was killed is finished by the same call, and reverted as one, also where samples share a file', async () => {
  const made = await picturesWithPaths(6);
  const { dataset } = made;
  await dataset.setValues('filepath', Array(6).fill('/data/same.jpg'));
  const rule: PathRule = { from: '/data', to: 's3://b' };
  const collection = String(dataset.doc.get('sample_collection_name'));
  // as if it had died in the middle of its only batch
  const changes = (async function* () {
    for await (const references of mediaReferences(dataset, [mediaFieldOf(dataset, 'filepath')])) {
      yield references.slice(0, 3).map((reference) => ({ reference, to: 's3://b/same.jpg' }));
      throw new Error('killed');
    }
  })();
  const purpose = { command: 'set-paths', note: '/data → s3://b (filepath)' };
  await expect(changePaths(dataset.connection, dataset.doc, changes, purpose)).rejects.toThrow('killed');
  expect(await made.db.collection(collection).countDocuments({ filepath: 's3://b/same.jpg' })).toBe(3);
  const report = await setPaths(dataset, rule, { fields: ['filepath'] });
  expect(report).toMatchObject({ changed: 3, others: 0 });
  expect(await revertPaths(dataset)).toMatchObject({ changed: 6, reverted: { _id: report.run } });
});
