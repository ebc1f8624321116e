import { expect, test } from 'vitest';
import { setPaths } from '../../src/dataset-media/set-paths.js';
import { mediaStatus } from '../../src/dataset-media/status.js';
import { groupsWithPaths, picturesWithPaths, videosWithPaths, viewWith } from '../support/media-paths.js';

test('the status counts paths by field and place, and what has none', async () => {
  const { dataset } = await picturesWithPaths(3);
  const map = [
    ['/data/1.jpg', 's3://bucket/1.jpg'],
    ['/data/2.jpg', 's3://bucket/a/2.jpg'],
    ['/masks/0-2.png', 'https://account.blob.core.windows.net/c/0-2.png'],
  ] as const;
  const { run } = await setPaths(dataset, new Map(map));
  await dataset.setValues('seg.mask_path', ['', null, '/a']);
  const { fields, runs } = await mediaStatus(dataset);
  const local = (paths: number) => ({ place: 'local', paths });
  expect(fields).toEqual([
    { name: 'filepath', paths: 3, without: 0, places: [{ place: 's3://bucket', paths: 2 }, local(1)] },
    { name: 'thumbnail_path', paths: 2, without: 1, places: [local(2)] },
    {
      ...{ name: 'gt.detections.mask_path', paths: 4, without: 1 },
      places: [local(3), { place: 'https://account.blob.core.windows.net', paths: 1 }],
    },
    { name: 'one.mask_path', paths: 3, without: 0, places: [local(3)] },
    { name: 'seg.mask_path', paths: 1, without: 2, places: [local(1)] },
    { name: 'heat.map_path', paths: 3, without: 0, places: [local(3)] },
  ]);
  expect(runs).toMatchObject([{ _id: run, command: 'set-paths', changed: 3, reverted: null, ended: expect.any(Date) }]);
});

test('frames are counted too, of groups all slices, and of a view what it shows', async () => {
  const { dataset } = await videosWithPaths();
  const counts = async (samples = dataset as Parameters<typeof mediaStatus>[0]) =>
    (await mediaStatus(samples)).fields.map(({ name, paths }) => `${name} ${paths}`);
  expect(await counts()).toEqual([
    'filepath 2',
    'frames.filepath 4',
    'frames.objects.detections.mask_path 4',
    'frames.heat.map_path 4',
  ]);
  expect((await counts(await viewWith(dataset, ['Limit', { limit: 1 }])))[1]).toBe('frames.filepath 2');
  expect(await counts((await groupsWithPaths()).dataset)).toEqual(['filepath 4']);
});
