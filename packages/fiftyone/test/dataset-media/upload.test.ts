import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { revertPaths } from '../../src/dataset-media/revert.js';
import { planUpload, upload, uploadMedia } from '../../src/dataset-media/upload.js';
import { verifyMedia } from '../../src/dataset-media/verify-media.js';
import * as fo from '../../src/index.js';
import { md5 } from '../../src/media/checksum.js';
import { CollisionError } from '../../src/media/transfer/transfer-plan.js';
import type { Env } from '../../src/settings.js';
import { mediaOf, orLeftOut, s3World } from '../support/media-worlds.js';
import { sdkDatabase } from '../support/sdk-database.js';
import { contentsOf, countingWay, testFolder, writeFiles } from '../support/transfers.js';
import { picturesOnDisk } from '../support/uploads.js';

const here = await orLeftOut(s3World);
if (here !== undefined) {
  afterAll(here.server.stop);

  const pictures = async () => {
    const env: Env = { HOME: await testFolder(), ...here.env() };
    return { ...(await picturesOnDisk()), root: await here.bucket(), env };
  };

  test('uploaded media are in the store, and the dataset says so as soon as they are', async () => {
    const { dataset, root, env } = await pictures();
    const before = await dataset.values('filepath');
    const paths = await uploadMedia(dataset, `${root}images/`, { updateFilepaths: true, env });
    expect(paths).toEqual([0, 1, 2].map((i) => `${root}images/${i}.jpg`));
    expect(await dataset.values('filepath')).toEqual(paths);
    expect(await contentsOf(mediaOf(env), root)).toEqual({
      'images/0.jpg': 'image 0',
      'images/1.jpg': 'image 1',
      'images/2.jpg': 'image 2',
    });
    await revertPaths(dataset);
    expect(await dataset.values('filepath')).toEqual(before);
  });

  test('without updateFilepaths the dataset stays as it is, and samples without a value are passed over', async () => {
    const { dataset, root, env, folder } = await pictures();
    const paths = await uploadMedia(dataset, root, { mediaField: 'thumbnail_path', relDir: folder, env });
    expect(paths).toEqual([`${root}a/0.jpg`, `${root}b/2.jpg`]);
    expect((await dataset.values('filepath'))[0]).toBe(join(folder, 'a/0.jpg'));
  });

  test('several fields get a folder each, of their own names or of given ones', async () => {
    const { dataset, root, env } = await pictures();
    const plan = await planUpload(dataset, root, { mediaField: ['gt', 'heat'], env });
    expect(plan.folders).toEqual({ 'gt.detections.mask_path': `${root}gt`, 'heat.map_path': `${root}heat` });
    expect(plan.collisions.count).toBe(0);
    await upload(dataset, root, { mediaField: ['gt', 'heat'], updateFilepaths: true, env });
    expect(await dataset.values('gt.detections.mask_path')).toEqual([0, 1, 2].map((i) => [null, `${root}gt/${i}.png`]));
    expect(await dataset.values('heat.map_path')).toEqual([0, 1, 2].map((i) => `${root}heat/${i}.png`));
    const given = await planUpload(dataset, root, { mediaField: { filepath: 'images', thumbnail_path: 'small' }, env });
    expect(given.folders).toEqual({ filepath: `${root}images`, thumbnail_path: `${root}small` });
  });

  test('two fields that would replace each other are refused before anything is sent, and named', async () => {
    const { dataset, root, env } = await pictures();
    const options = { mediaField: { gt: 'labels', heat: 'labels' }, updateFilepaths: true, env };
    const before = await dataset.values('heat.map_path');
    await expect(upload(dataset, root, options)).rejects.toThrow(CollisionError);
    await expect(upload(dataset, root, options)).rejects.toThrow(/labels\/0\.png from .*masks\/0\.png and .*maps\/0\.png/);
    expect(await contentsOf(mediaOf(env), root)).toEqual({});
    expect(await dataset.values('heat.map_path')).toEqual(before);
    const report = await upload(dataset, root, { ...options, onCollision: 'rename' });
    expect(report.sent.files).toBe(6);
    const texts = Object.values(await contentsOf(mediaOf(env), root)).sort();
    expect(texts).toEqual(['map 0', 'map 1', 'map 2', 'mask 0', 'mask 1', 'mask 2']);
  });

  test('a rerun sends nothing, asks for one list, and changes nothing', async () => {
    const { dataset, root, env } = await pictures();
    await upload(dataset, root, { env });
    const way = await countingWay(here.server.port);
    const report = await upload(dataset, root, { env: { ...env, ...here.env(way.url) }, updateFilepaths: true });
    expect(report).toMatchObject({ sent: { files: 0, bytes: 0 }, there: 3, changes: { changed: 3 } });
    expect(way.counts.PUT ?? 0).toBe(0);
    const again = await upload(dataset, root, { env, updateFilepaths: true });
    expect(again).toMatchObject({ sent: { files: 0 }, there: 3, changes: { run: null, changed: 0 } });
    expect(await planUpload(dataset, root, { env })).toMatchObject({ remote: 0, there: { files: 3 } });
    expect((await planUpload(dataset, `${root}elsewhere`, { env })).remote).toBe(3);
  });

  test('what is in the store for a sample is replaced by no file of another one, whatever is chosen', async () => {
    const { dataset, root, env, folder } = await pictures();
    const options = { updateFilepaths: true, overwrite: true, env };
    await upload(dataset, root, options);
    const [other] = await writeFiles(folder, { 'other/0.jpg': 'another image 0' });
    await dataset.addSamples([new fo.Sample({ filepath: other as string })]);
    await expect(upload(dataset, root, options)).rejects.toThrow(CollisionError);
    await upload(dataset, root, { ...options, onCollision: 'rename' });
    const paths = (await dataset.values('filepath')) as string[];
    expect(paths.slice(0, 3)).toEqual([0, 1, 2].map((i) => `${root}${i}.jpg`));
    expect(paths[3]?.slice(root.length)).toMatch(/^0-[0-9a-f]{12}\.jpg$/);
    const contents = await contentsOf(mediaOf(env), root);
    expect([contents['0.jpg'], contents[paths[3]?.slice(root.length) as string]]).toEqual(['image 0', 'another image 0']);
  });

  test('what cannot be sent keeps its path, and the others have theirs changed', async () => {
    const { dataset, root, env, folder } = await pictures();
    await dataset.setValues('filepath', [join(folder, 'a/0.jpg'), join(folder, 'missing.jpg'), join(folder, 'b/2.jpg')]);
    await expect(upload(dataset, root, { updateFilepaths: true, env })).rejects.toThrow(/missing\.jpg/);
    expect(await contentsOf(mediaOf(env), root)).toEqual({});
    const report = await upload(dataset, root, { updateFilepaths: true, skipFailures: true, env });
    expect(report.failed).toMatchObject({ count: 1 });
    expect(await dataset.values('filepath')).toEqual([`${root}0.jpg`, join(folder, 'missing.jpg'), `${root}2.jpg`]);
  });

  test('media of one store can be copied to another folder, or left alone', async () => {
    const { dataset, root, env } = await pictures();
    await upload(dataset, `${root}one`, { updateFilepaths: true, env });
    expect(await uploadMedia(dataset, `${root}two`, { env })).toEqual([0, 1, 2].map((i) => `${root}one/${i}.jpg`));
    const paths = await uploadMedia(dataset, `${root}two`, { remote: 'copy', updateFilepaths: true, env });
    expect(paths).toEqual([0, 1, 2].map((i) => `${root}two/${i}.jpg`));
    expect(Object.keys(await contentsOf(mediaOf(env), root))).toHaveLength(6);
  });

  test('the manifest has a line for each file, and a verification with it finds what was changed and what is missing', async () => {
    const { dataset, root, env } = await pictures();
    const manifest = join(await testFolder(), 'manifest.jsonl');
    await upload(dataset, root, { updateFilepaths: true, manifest, env });
    const lines = (await readFile(manifest, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ to }) => to).sort()).toEqual([0, 1, 2].map((i) => `${root}${i}.jpg`));
    expect(lines.every(({ what, size, checksum }) => what === 'sent' && size === 7 && /^[0-9a-f]{32}$/.test(checksum))).toBe(
      true,
    );
    const checked = { mediaField: 'filepath', manifest, env };
    expect(await verifyMedia(dataset, checked)).toMatchObject({ files: 3, compared: 3, problems: { count: 0 } });
    const open = mediaOf(env);
    const { store } = await open(root);
    await store.delete('0.jpg');
    const other = (await writeFiles(await testFolder(), { 'x.jpg': 'Image 2' }))[0] as string;
    await (await import('../../src/media/copy-files.js')).copyFiles(open, [other], [`${root}2.jpg`]);
    const { problems } = await verifyMedia(dataset, checked);
    expect(problems.listed.map(({ path, problem }) => `${path} ${problem.slice(0, 16)}`).sort()).toEqual([
      `${root}0.jpg is missing`,
      `${root}2.jpg has the checksum`,
    ]);
  });

  test('uploaded files can be kept in the cache, where a download finds them', async () => {
    const { dataset, root, env, folder } = await pictures();
    await upload(dataset, root, { updateFilepaths: true, cache: 'move', env });
    // the thumbnail of this one has no path: all others are the files that thumbnails name
    await expect(readFile(join(folder, 'a/1.jpg'))).rejects.toThrow('ENOENT');
    expect(await readFile(join(folder, 'a/0.jpg'), 'utf8')).toBe('image 0');
    const { cache } = fo.mediaFiles({ env });
    const [local] = await cache.getLocalPaths([`${root}0.jpg`], { download: false });
    expect(await readFile(local as string, 'utf8')).toBe('image 0');
    await expect(upload(dataset, root, { cache: 'move', env })).rejects.toThrow(/cannot be moved into the cache/);
  });

  test('options that do not exist, folders that cannot be, and plain addresses are refused', async () => {
    const { dataset, root, env } = await pictures();
    await expect(upload(dataset, root, { env, overwrit: true } as never)).rejects.toThrow(/has no option 'overwrit'/);
    await expect(upload(dataset, '', { env })).rejects.toThrow(/needs the folder/);
    await expect(upload(dataset, 'https://example.org/x', { env })).rejects.toThrow(/nothing can be written/);
    await expect(upload(dataset, 's3://no-such-bucket-here/x', { env })).rejects.toThrow(/no such bucket/);
    await expect(upload(dataset, root, { env, mediaField: 'filepth' })).rejects.toThrow(/no field 'filepth'/);
    await expect(upload(dataset, root, { env, relDir: '/elsewhere' })).rejects.toThrow(/is not in \/elsewhere/);
  });

  test('a login or a signature in the address of a folder is refused, and not repeated', async () => {
    const { dataset, env } = await pictures();
    for (const folder of ['https://a.blob.core.windows.net/c/d?sv=1&sig=SECRET', 'http://user:SECRET@127.0.0.1:1/bucket']) {
      const error = await upload(dataset, folder, { env }).catch((thrown: Error) => thrown);
      expect(String(error)).toMatch(/does not belong into the address/);
      expect(String(error)).not.toContain('SECRET');
    }
    const minio = { ...env, MINIO_ENDPOINT_URL: 'http://user:SECRET@127.0.0.1:1' };
    await expect(upload(dataset, 's3://b/c', { env: minio })).rejects.toThrow(/must have no login/);
  });

  test('a field that is named twice is refused', async () => {
    const { dataset, root, env } = await pictures();
    const mediaField = ['gt', 'gt.detections.mask_path'];
    await expect(upload(dataset, root, { mediaField, env })).rejects.toThrow(/names 'gt.detections.mask_path' twice/);
  });

  test('the files of a 3D scene are uploaded and verified with it', async () => {
    const { fo: database } = await sdkDatabase();
    const folder = await testFolder();
    const scene = JSON.stringify({ children: [{ _type: 'PlyMesh', name: 'a', plyPath: 'parts/a.ply' }] });
    const [filepath] = await writeFiles(folder, { 'one.fo3d': scene, 'parts/a.ply': 'a mesh' });
    const dataset = await database.createDataset('scenes');
    await dataset.addSamples([new fo.Sample({ filepath: filepath as string })]);
    const [root, env] = [await here.bucket(), { HOME: await testFolder(), ...here.env() }];
    await upload(dataset, root, { updateFilepaths: true, env });
    expect(Object.keys(await contentsOf(mediaOf(env), root)).sort()).toEqual(['one.fo3d', 'parts/a.ply']);
    expect(await verifyMedia(dataset, { env })).toMatchObject({ references: 1, files: 2, problems: { count: 0 } });
    await (await mediaOf(env)(root)).store.delete('parts/a.ply');
    const { problems } = await verifyMedia(dataset, { env });
    expect(problems.listed).toEqual([{ path: `${root}parts/a.ply`, problem: 'is missing' }]);
    await expect(upload(dataset, root, { env })).rejects.toThrow(/parts\/a\.ply.*not found/);
  });

  test('a file that is not what was uploaded any more stays out of the cache, and where it is', async () => {
    const { dataset, root, env, folder } = await pictures();
    await upload(dataset, root, { updateFilepaths: true, env });
    const { cache } = fo.mediaFiles({ env });
    const from = join(folder, 'a/1.jpg');
    await writeFiles(folder, { 'a/1.jpg': 'IMAGE 1' });
    await cache.adopt([{ from, to: `${root}1.jpg` }], 'move');
    expect(await readFile(from, 'utf8')).toBe('IMAGE 1');
    const [local] = await cache.getLocalPaths([`${root}1.jpg`]);
    expect(await readFile(local as string, 'utf8')).toBe('image 1');
  });

  test('folders that would be found nowhere, or under another name, are refused', async () => {
    const { dataset, root, env } = await pictures();
    await expect(upload(dataset, 's3://', { env })).rejects.toThrow(/names no bucket/);
    await expect(upload(dataset, `${root}a/../b`, { env })).rejects.toThrow(/for names, or for something else/);
    await expect(upload(dataset, `${root}a//b`, { env })).rejects.toThrow(/doubled slashes/);
    expect((await planUpload(dataset, 'somewhere/', { env })).folders).toEqual({ filepath: resolve('somewhere') });
    expect((await planUpload(dataset, '/', { env })).folders).toEqual({ filepath: '' });
  });

  test('the manifest of several runs has what all of them did, and one about other files is no proof', async () => {
    const { dataset, root, env } = await pictures();
    const manifest = join(await testFolder(), 'manifest.jsonl');
    await upload(dataset, root, { manifest, env });
    await appendFile(manifest, '{"from":"half a li');
    await upload(dataset, root, { manifest, updateFilepaths: true, env });
    await upload(dataset, root, { manifest, updateFilepaths: true, env });
    const lines = (await readFile(manifest, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ what }) => what)).toEqual([...Array(3).fill('sent'), ...Array(6).fill('there')]);
    const { store } = await mediaOf(env)(root);
    await store.put('1.jpg', Buffer.from('IMAGE 1'), md5(Buffer.from('IMAGE 1')));
    const { problems } = await verifyMedia(dataset, { mediaField: 'filepath', manifest, env });
    expect(problems.listed).toEqual([{ path: `${root}1.jpg`, problem: expect.stringContaining('checksum') }]);
    const other = join(await testFolder(), 'other.jsonl');
    await writeFile(other, `${JSON.stringify({ from: '/x', to: `${root}x`, size: 1, what: 'sent' })}\n`);
    expect((await verifyMedia(dataset, { mediaField: 'filepath', manifest: other, env })).problems.count).toBe(1);
    await writeFile(other, 'something else\n');
    await expect(upload(dataset, root, { manifest: other, env })).rejects.toThrow(/is no manifest/);
    expect(await readFile(other, 'utf8')).toBe('something else\n');
  });

  test('paths of stores that are not known here are left alone', async () => {
    const { dataset, root, env } = await pictures();
    const paths = (await dataset.values('filepath')) as string[];
    await dataset.setValues('filepath', ['other-minio://b/0.jpg', ...paths.slice(1)]);
    const report = await upload(dataset, root, { updateFilepaths: true, env });
    expect(report).toMatchObject({ sent: { files: 2 }, failed: { count: 0 } });
    expect(await dataset.values('filepath')).toEqual(['other-minio://b/0.jpg', `${root}1.jpg`, `${root}2.jpg`]);
  });
}
