import { expect, test } from 'vitest';
import { mediaFieldOf, shownMediaFields } from '../../src/dataset-media/find-field.js';
import type { UsageError } from '../../src/errors.js';
import { picturesWithPaths, videosWithPaths, viewWith } from '../support/media-paths.js';

const ALL = 'filepath thumbnail_path gt.detections.mask_path one.mask_path seg.mask_path heat.map_path'.split(' ');

function failure(call: () => unknown): UsageError {
  try {
    call();
  } catch (error) {
    return error as UsageError;
  }
  throw new Error('nothing was thrown');
}

test('media fields are the filepath, those that the App shows, and the files of labels', async () => {
  const { dataset } = await picturesWithPaths(1);
  expect(shownMediaFields(dataset).map(({ name }) => name)).toEqual(ALL);
  const view = await viewWith(dataset, ['SelectFields', { field_names: ['seg'], _allow_missing: false }]);
  expect(shownMediaFields(view).map(({ name }) => name)).toEqual(['filepath', 'seg.mask_path']);
});

test('of labels that the App shows as media it is the files that are media fields', async () => {
  const { dataset } = await videosWithPaths();
  dataset.appConfig = { ...dataset.appConfig, media_fields: ['filepath', 'frames.heat', 'frames.filepath', 'poster'] };
  await dataset.save();
  const names = shownMediaFields(dataset).map(({ name, scope }) => `${scope} ${name}`);
  expect(names).toEqual([
    'samples filepath',
    'frames frames.filepath',
    'samples poster',
    'frames frames.objects.detections.mask_path',
    'frames frames.heat.map_path',
  ]);
});

test.each([
  ['filepath', 'filepath'],
  ['gt', 'gt.detections.mask_path'],
  ['gt.detections', 'gt.detections.mask_path'],
  ['gt.detections.mask_path', 'gt.detections.mask_path'],
  ['heat', 'heat.map_path'],
  ['note', 'note'],
  ['extra', 'extra'],
  ['one.label', 'one.label'],
])('%s stands for %s', async (text, name) => {
  const { dataset } = await picturesWithPaths(1);
  expect(mediaFieldOf(dataset, text)).toMatchObject({ name, scope: 'samples', path: name.split('.') });
});

test('fields of frames have their prefix', async () => {
  const { dataset } = await videosWithPaths();
  const [scope, path] = ['frames', ['objects', 'detections', 'mask_path']];
  expect(mediaFieldOf(dataset, 'frames.objects')).toMatchObject({ name: 'frames.objects.detections.mask_path', scope, path });
  expect(mediaFieldOf(dataset, 'frames.filepath')).toMatchObject({ scope, path: ['filepath'] });
  const error = failure(() => mediaFieldOf(dataset, 'frames'));
  expect(error.message).toBe("'frames' of dataset 'videos' has 3 media fields: name one");
  expect(error.hint).toBe('media fields are: frames.filepath, frames.objects.detections.mask_path, frames.heat.map_path');
});

test('what is no field of paths is refused with the fields that are', async () => {
  const { dataset } = await picturesWithPaths(1);
  const unknown = failure(() => mediaFieldOf(dataset, 'filepth'));
  expect(unknown.message).toBe("Dataset 'pictures' has no field 'filepth'");
  expect(unknown.hint).toBe(`is 'filepath' meant? media fields are: ${ALL.join(', ')}`);
  expect(failure(() => mediaFieldOf(dataset, 'video')).hint).toBe(`media fields are: ${ALL.join(', ')}`);
  expect(failure(() => mediaFieldOf(dataset, 'number')).message).toBe(
    "'number' of dataset 'pictures' has no paths: it is a IntField",
  );
  expect(failure(() => mediaFieldOf(dataset, 5 as never)).message).toContain('needs the path of a field');
  const view = await viewWith(dataset, ['ExcludeFields', { field_names: ['seg'], _allow_missing: false }]);
  expect(failure(() => mediaFieldOf(view, 'seg')).message).toBe("the view of dataset 'pictures' does not show the field 'seg'");
});
