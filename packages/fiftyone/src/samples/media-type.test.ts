import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { mediaTypeOf, normalPath } from './media-type.js';

test.each([
  ['/a/x.jpg', 'image'],
  ['/a/x.JPG', 'image'],
  ['/a/x.jpg.gz', 'image'],
  ['s3://b/x.webp', 'image'],
  ['/a/x y.mp4', 'video'],
  ['/a/x.mkv', 'video'],
  ['/a/x.pcd', 'point-cloud'],
  ['/a/x.fo3d', '3d'],
  ['/a/x.mcap', 'multimodal'],
  ['/a/x.3gp', 'unknown'],
  ['/a/x', 'unknown'],
  ['/a/.jpg', 'unknown'],
  ['/a.jpg/x', 'unknown'],
])('%s is %s, as for the real client', (path, type) => {
  expect(mediaTypeOf(path)).toBe(type);
});

test('paths become absolute, those of other stores stay', () => {
  expect(normalPath('a/../b.jpg')).toBe(resolve('b.jpg'));
  expect(normalPath('~/b.jpg')).toBe(`${homedir()}/b.jpg`);
  expect(normalPath('/x/./y/../b.jpg')).toBe('/x/b.jpg');
  expect(normalPath('s3://bucket//a/../b.jpg')).toBe('s3://bucket//a/../b.jpg');
  expect(() => normalPath('')).toThrow('a sample needs a filepath');
  expect(() => normalPath(1)).toThrow('a sample needs a filepath, not 1');
});
