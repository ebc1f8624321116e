import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { cacheStats, downloadMedia, getLocalPaths } from '../../src/dataset-media/cached-media.js';
import { Database } from '../../src/datasets/database.js';
import type { Dataset } from '../../src/datasets/dataset.js';
import { bytesSource } from '../../src/media/source.js';
import { writeObject } from '../../src/media/write-object.js';
import { Group } from '../../src/samples/group.js';
import { Detection, Detections, Segmentation } from '../../src/samples/labels.js';
import { Frame, Sample } from '../../src/samples/sample.js';
import { parseStage } from '../../src/views/stage.js';
import { viewOf } from '../../src/views/view.js';
import { freshDatabase } from '../support/fresh-database.js';
import { startHttpProxy } from '../support/http-proxy.js';
import { mediaOf, orLeftOut, s3World } from '../support/media-worlds.js';
import { connectAsAdmin } from '../support/migrated.js';
import { folderForData } from '../support/mongod.js';

const SCENE = JSON.stringify({ pcdPath: 'far/c.pcd', background: { image: '/local.png' } });

describe('media of a dataset in the cache', async () => {
  const s3 = await orLeftOut(s3World);
  if (s3 === undefined) return;
  const folder = await mkdtemp(join(await folderForData(), 'fiftyone-test-cached-'));
  beforeEach(async () => {
    const cache = await mkdtemp(join(folder, 'cache-'));
    const env = { ...s3.env(), HOME: cache, FIFTYONE_MEDIA_CACHE_DIR: cache };
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value as string);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await s3.server.stop();
    await rm(folder, { recursive: true });
  });

  /** A bucket with these objects, whose content is their key unless one is given. */
  async function bucketWith(contents: Readonly<Record<string, string | undefined>>): Promise<string> {
    const root = await s3?.bucket();
    const { store } = await mediaOf(s3?.env() ?? {})(`${root}x`);
    for (const [key, content] of Object.entries(contents)) {
      await writeObject(store, key, bytesSource(Buffer.from(content ?? key)));
    }
    return root as string;
  }

  async function datasetWith(samples: readonly Sample[]): Promise<Dataset> {
    const database = await freshDatabase();
    const connection = await connectAsAdmin(database);
    onTestFinished(() => connection.close());
    const dataset = await new Database(connection).createDataset('street', { persistent: true });
    await dataset.addSamples(samples);
    return dataset;
  }

  /** Groups of an image with a mask, a video with masks of frames, and a scene. */
  async function grouped(): Promise<{ dataset: Dataset; root: string }> {
    const names = ['a.png', 'm/a.png', 'v.mp4', 'm/v1.png', 's/far/c.pcd'];
    const root = await bucketWith({ ...Object.fromEntries(names.map((name) => [name, undefined])), 's/a.fo3d': SCENE });
    const group = new Group();
    const video = new Sample({ filepath: `${root}v.mp4`, group: group.element('video') });
    video.frames.set(1, new Frame({ seg: new Segmentation({ mask_path: `${root}m/v1.png` }) }));
    const dataset = await datasetWith([
      new Sample({
        filepath: `${root}a.png`,
        group: group.element('image'),
        gt: new Detections({
          detections: [new Detection({ label: 'x', mask_path: `${root}m/a.png` }), new Detection({ label: 'y' })],
        }),
      }),
      video,
      new Sample({ filepath: `${root}s/a.fo3d`, group: group.element('scene') }),
    ]);
    return { dataset, root };
  }

  const sizes = { 'a.png': 5, 'm/a.png': 7, 'v.mp4': 5, 'm/v1.png': 8, 's/far/c.pcd': 11, 's/a.fo3d': SCENE.length };

  test('is fetched from all slices, with masks, frames and what scenes name, once', async () => {
    const { dataset } = await grouped();
    const seen: number[] = [];
    const report = await dataset.downloadMedia({ progress: ({ files }) => void seen.push(files) });
    const bytes = Object.values(sizes).reduce((sum, size) => sum + size, 0);
    expect(report).toEqual({ done: 6, bytes, failed: [] });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await dataset.cacheStats()).toMatchObject({ currentCount: 6, currentSize: bytes });
    const proxy = await startHttpProxy(s3.server.port);
    vi.stubEnv('AWS_ENDPOINT_URL_S3', proxy.url);
    expect(await dataset.downloadMedia()).toEqual({ done: 6, bytes: 0, failed: [] });
    expect(proxy.requests()).toBe(0);
    await dataset.downloadMedia({ update: true });
    expect(proxy.requests()).toBe(6);
    await proxy.close();
  });

  test('is only that of the fields and slices that are asked for', async () => {
    const { dataset } = await grouped();
    const counts = async (options: Parameters<Dataset['downloadMedia']>[0]) => {
      await dataset.clearMedia();
      expect((await dataset.cacheStats()).currentCount).toBe(0);
      await dataset.downloadMedia(options);
      return (await dataset.cacheStats()).currentSize;
    };
    expect(await counts({ groupSlices: 'image' })).toBe(sizes['a.png'] + sizes['m/a.png']);
    expect(await counts({ groupSlices: ['video'] })).toBe(sizes['v.mp4'] + sizes['m/v1.png']);
    expect(await counts({ mediaFields: 'gt.detections' })).toBe(sizes['m/a.png']);
    expect(await counts({ mediaFields: ['frames.seg.mask_path'] })).toBe(sizes['m/v1.png']);
    expect(await counts({ groupSlices: 'scene', includeAssets: false })).toBe(sizes['s/a.fo3d']);
    await dataset.clearMedia();
    expect(await dataset.downloadScenes()).toMatchObject({ done: 1, bytes: sizes['s/a.fo3d'] });
    await expect(dataset.downloadMedia({ mediaFields: 'tg' })).rejects.toThrow("has no field 'tg'");
    await expect(dataset.downloadMedia({ groupSlices: 'imgae' })).rejects.toThrow('has no group slice "imgae"');
    await expect(dataset.clearMedia({ mediaField: 'gt' } as object)).rejects.toThrow("clearMedia has no option 'mediaField'");
  });

  test('has local paths in the shape of the values', async () => {
    const { dataset, root } = await grouped();
    const [image] = (await dataset.getLocalPaths()) as string[];
    expect(`${await readFile(image as string)}`).toBe('a.png');
    const [masks] = (await dataset.getLocalPaths({ mediaField: 'gt', download: false })) as string[][];
    expect(masks).toEqual([expect.stringContaining(join('media', 's3', root.slice(5), 'm/a.png')), null]);
    await expect(stat(masks?.[0] as string)).rejects.toThrow('ENOENT');
  });

  test('is that of a view, too', async () => {
    const { dataset } = await grouped();
    const stage = '{"_cls": "fiftyone.core.stages.SelectGroupSlices", "kwargs": [["slices", "scene"], ["flat", true]]}';
    const view = await viewOf(dataset, [parseStage(stage)]);
    const paths = (await getLocalPaths(view)) as string[];
    expect(paths).toHaveLength(1);
    // with what it names beside it
    expect(`${await readFile(join(paths[0] as string, '../far/c.pcd'))}`).toBe('s/far/c.pcd');
    expect(await cacheStats(view)).toMatchObject({ currentCount: 2 });
    expect(await downloadMedia(view)).toMatchObject({ done: 2, bytes: 0 });
  });

  test('fails file by file, or at once if failures are not to be skipped', async () => {
    const root = await bucketWith({ 'a.png': undefined });
    const filepaths = ['/local.png', `${root}a.png`, `${root}gone.png`, 'hdfs://host/a.png', `${root}folder/`];
    const dataset = await datasetWith(filepaths.map(() => new Sample({ filepath: '/x.png' })));
    await dataset.setValues('filepath', filepaths);
    const { done, failed } = await dataset.downloadMedia();
    expect(done).toBe(1);
    expect(failed.map(({ path }) => path).sort()).toEqual([...filepaths.slice(2)].sort());
    await expect(dataset.downloadMedia({ skipFailures: false })).rejects.toMatchObject({ name: 'StoreError' });
    const local = await dataset.getLocalPaths();
    expect([local[0], local[3], local[4]]).toEqual([filepaths[0], filepaths[3], filepaths[4]]);
    expect(await dataset.cacheStats()).toMatchObject({ currentCount: 1, currentSize: 5 });
    await dataset.clearMedia();
    expect(await dataset.cacheStats()).toMatchObject({ currentCount: 0 });
  });
});
