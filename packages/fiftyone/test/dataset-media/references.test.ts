import { expect, test } from 'vitest';

import { mediaFields } from '../../src/dataset-media/media-fields.js';
import { mediaReferences } from '../../src/dataset-media/references.js';
import type { SampleCollection } from '../../src/datasets/sample-collection.js';
import { groupsWithPaths, picturesWithPaths, videosWithPaths, viewWith } from '../support/media-paths.js';

async function linesOf(samples: SampleCollection, only?: readonly string[]): Promise<string[]> {
  const fields = mediaFields(samples.doc).filter(({ name }) => only === undefined || only.includes(name));
  const lines: string[] = [];
  for await (const batch of mediaReferences(samples, fields)) {
    lines.push(...batch.map(({ field, place, path }) => `${field.name}: ${place} = ${path}`));
  }
  return lines;
}

test('every place that names a file is found, sample by sample, and what has no value is left out', async () => {
  const { dataset } = await picturesWithPaths();
  expect(await linesOf(dataset)).toEqual([
    'filepath: filepath = /data/0.jpg',
    'thumbnail_path: thumbnail_path = /data/small/0.jpg',
    'gt.detections.mask_path: gt.detections.0.mask_path = /masks/0-0.png',
    'gt.detections.mask_path: gt.detections.2.mask_path = /masks/0-2.png',
    'one.mask_path: one.mask_path = /masks/one-0.png',
    'seg.mask_path: seg.mask_path = /segmentations/0.png',
    'heat.map_path: heat.map_path = /heat/0.png',
    'filepath: filepath = /data/1.jpg',
    'gt.detections.mask_path: gt.detections.0.mask_path = /masks/1-0.png',
    'gt.detections.mask_path: gt.detections.2.mask_path = /masks/1-2.png',
    'one.mask_path: one.mask_path = /masks/one-1.png',
    'seg.mask_path: seg.mask_path = /segmentations/1.png',
    'heat.map_path: heat.map_path = /heat/1.png',
    'filepath: filepath = /data/2.jpg',
    'thumbnail_path: thumbnail_path = /data/small/2.jpg',
    'one.mask_path: one.mask_path = /masks/one-2.png',
    'seg.mask_path: seg.mask_path = /segmentations/2.png',
    'heat.map_path: heat.map_path = /heat/2.png',
  ]);
});

test('frames come after samples, also the images that were made of them', async () => {
  const { dataset } = await videosWithPaths();
  const lines = await linesOf(dataset);
  expect(lines.slice(0, 5)).toEqual([
    'filepath: filepath = /videos/0.mp4',
    'filepath: filepath = /videos/1.mp4',
    'frames.filepath: filepath = /frames/0-1.jpg',
    'frames.objects.detections.mask_path: objects.detections.0.mask_path = /frames/0-1-mask.png',
    'frames.heat.map_path: heat.map_path = /frames/0-1-heat.png',
  ]);
  expect(lines).toHaveLength(2 + 4 * 3);
});

test('of groups all slices have their references, of a view the slices of the groups that it shows', async () => {
  const { dataset } = await groupsWithPaths();
  expect((await linesOf(dataset)).map((line) => line.split(' = ')[1])).toEqual([
    '/data/left/0.jpg',
    '/data/right/0.jpg',
    '/data/left/1.jpg',
    '/data/right/1.jpg',
  ]);
  const second = await viewWith(dataset, ['Skip', { skip: 1 }]);
  expect((await linesOf(second)).map((line) => line.split(' = ')[1])).toEqual(['/data/left/1.jpg', '/data/right/1.jpg']);
});

test('a view has the references that it shows, with the positions and texts that are stored', async () => {
  const { dataset, db } = await picturesWithPaths();
  const collection = db.collection(String(dataset.doc.get('sample_collection_name')));
  await collection.updateOne({ filepath: '/data/0.jpg' }, { $set: { 'gt.detections.2.label': 'z' } });
  const filtered = await viewWith(dataset, [
    'FilterLabels',
    { field: 'gt', filter: { $eq: ['$$this.label', 'z'] }, only_matches: true, trajectories: false },
  ]);
  expect(await linesOf(filtered, ['gt.detections.mask_path', 'filepath'])).toEqual([
    'filepath: filepath = /data/0.jpg',
    'gt.detections.mask_path: gt.detections.2.mask_path = /masks/0-2.png',
  ]);
  const changed = await viewWith(dataset, ['SetField', { field: 'filepath', expr: { $concat: ['/x', '$filepath'] } }]);
  expect(await linesOf(changed, ['filepath'])).toEqual([0, 1, 2].map((i) => `filepath: filepath = /data/${i}.jpg`));
  const without = await viewWith(dataset, ['ExcludeFields', { field_names: ['seg'], _allow_missing: false }]);
  expect(await linesOf(without, ['seg.mask_path'])).toEqual([]);
  const sorted = await viewWith(dataset, ['SortBy', { field_or_expr: 'number', reverse: true, create_index: false }]);
  expect(await linesOf(sorted, ['filepath'])).toEqual([2, 1, 0].map((i) => `filepath: filepath = /data/${i}.jpg`));
});

test('patches and frames that a view makes have the references of what they are made of', async () => {
  const { dataset } = await picturesWithPaths();
  const patches = await viewWith(dataset, ['ToPatches', { field: 'gt', config: null }]);
  expect((await linesOf(patches, ['filepath'])).map((line) => line.split(' = ')[1])).toEqual(
    ['0', '0', '0', '1', '1', '1'].map((i) => `/data/${i}.jpg`),
  );
  expect(await linesOf(patches, ['gt.mask_path'])).toContain('gt.mask_path: gt.mask_path = /masks/0-2.png');
});
