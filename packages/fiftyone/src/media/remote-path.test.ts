import { expect, test } from 'vitest';
import { pathBeside } from './beside.js';
import { readMediaSettings } from './media-settings.js';
import { isRemotePath, joinRemote, pathBelowRemote } from './remote-path.js';

test('addresses are no files of this machine', () => {
  for (const path of ['s3://b/k', 'https://host/a', 'our-minio://b/k']) expect(isRemotePath(path), path).toBe(true);
  for (const path of ['/s3://b', 'a/b', 'C:\\a', 'C://a', '', '://a']) expect(isRemotePath(path), path).toBe(false);
});

test.each([
  ['s3://b/images', 's3://b/images/1/a.png', '1/a.png'],
  ['s3://b/images//', 's3://b/images/ü %2F?.png', 'ü %2F?.png'],
  ['s3://b', 's3://b/a', 'a'],
  ['s3://b/images', 's3://b/imagesque/a.png', undefined],
  ['s3://b/images', 's3://b/images', undefined],
  ['s3://b/images', 's3://b/images/../secret', undefined],
  ['s3://b/images', 's3://b/images//a', undefined],
  ['s3://b/images', 's3://b/images/1/', undefined],
  ['s3://b/images', '/images/a', undefined],
])('below %s, %s is %s', (folder, path, inside) => {
  expect(pathBelowRemote(folder, path)).toBe(inside);
});

test.each([
  ['s3://b', 'data/a.png', 's3://b/data/a.png'],
  ['s3://b/x/', './data//x/../a.png', 's3://b/x/data/a.png'],
  ['s3://b/x', '../a.png', 's3://b/x/../a.png'],
])('in %s, %s is %s', (folder, path, joined) => {
  expect(joinRemote(folder, path)).toBe(joined);
});

test.each([
  ['s3://b/s/a.fo3d', 'far/c.pcd', 's3://b/s/far/c.pcd'],
  ['s3://b/s/a.fo3d', '../up.png', 's3://b/up.png'],
  ['s3://b/s/a.fo3d', '../../x', undefined],
  ['s3://b/s//a.fo3d', 'c.pcd', 's3://b/s//c.pcd'],
  ['s3://b/s/a.fo3d', 'gs://other/c.pcd', 'gs://other/c.pcd'],
  ['s3://b/s/a.fo3d', '/local.pcd', '/local.pcd'],
  ['/s/a.fo3d', 'c.pcd', '/s/c.pcd'],
  ['/s/a.fo3d', 's3://b/c.pcd', 's3://b/c.pcd'],
  ['https://host/s/a.fo3d?sign=/x/y', 'c.pcd', 'https://host/s/c.pcd'],
])('in the scene %s, %s leads to %s', (scene, path, leadsTo) => {
  expect(pathBeside(scene, path, readMediaSettings({ HOME: '/nonexistent' }))).toBe(leadsTo);
});
