import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Doc } from '../src/bson/index.js';
import { exportDataset } from '../src/formats/export/export-dataset.js';
import { MissingMediaError } from '../src/formats/export/missing-media.js';
import { partSize } from '../src/media/checksum.js';
import { mediaFiles } from '../src/media/media-files.js';
import { bytesSource } from '../src/media/source.js';
import { writeObject } from '../src/media/write-object.js';
import { startFiftyone, userOf } from './support/command.js';
import { startHttpProxy } from './support/http-proxy.js';
import { makeFile, mediaDataset } from './support/media-dataset.js';
import { azureWorld, gcsWorld, type MediaWorld, mediaOf, minioWorld, orLeftOut, s3World } from './support/media-worlds.js';
import { folderForData } from './support/mongod.js';
import { filesIn, temporaryFolder } from './support/recorded-export.js';

describe('media in stores', async () => {
  const worlds = await orLeftOut(() => Promise.all([s3World(), gcsWorld(), azureWorld(), minioWorld()]));
  if (worlds === undefined) return;
  const [s3, , , minio] = worlds;
  const cacheDir = await mkdtemp(join(await folderForData(), 'fiftyone-test-cache-'));
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  afterAll(async () => {
    await Promise.all(worlds.map(({ server }) => server.stop()));
    await rm(cacheDir, { recursive: true, force: true });
  });

  /** From here on these stores are reached, and no others. */
  function reach(...these: readonly Readonly<Record<string, string | undefined>>[]): void {
    const env = { HOME: cacheDir, FIFTYONE_MEDIA_CACHE_DIR: cacheDir, ...Object.assign({}, ...these) };
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value as string);
  }

  /** Writes objects whose content is their path, if none is given. @returns their paths */
  async function written(world: MediaWorld, contents: Readonly<Record<string, string | Buffer | undefined>>): Promise<string[]> {
    const open = mediaOf(world.env());
    return await Promise.all(
      Object.entries(contents).map(async ([path, content]) => {
        const { store, key } = await open(path);
        await writeObject(store, key, bytesSource(Buffer.from(content ?? path)));
        return path;
      }),
    );
  }

  const objects = (world: MediaWorld, ...paths: string[]) =>
    written(world, Object.fromEntries(paths.map((path) => [path, undefined])));

  async function documentsIn(exportDir: string) {
    return JSON.parse(await readFile(join(exportDir, 'samples.json'), 'utf8')).samples as Record<string, unknown>[];
  }

  /** What is in the files of an export, as text. */
  async function textsIn(exportDir: string): Promise<Record<string, string>> {
    const files = [...(await filesIn(exportDir))].filter(([name]) => /^(data|fields)\//.test(name));
    return Object.fromEntries(files.map(([name, content]) => [name, content.toString()]));
  }

  test('of every kind are exported as those of the disk are', async () => {
    const [media, exportDir] = [await temporaryFolder(), await temporaryFolder()];
    const samples = [{ filepath: await makeFile(join(media, 'a.png')) }];
    for (const world of worlds) {
      const root = await world.bucket();
      samples.push(...(await objects(world, `${root}x/a.png`, `${root}y/ü %?#.png`)).map((filepath) => ({ filepath })));
    }
    const { dataset } = await mediaDataset({ samples: [...samples, samples[1] as { filepath: string }] });
    reach(...worlds.map((world) => world.env()));
    const report = await exportDataset(dataset, { exportDir });
    const documents = await documentsIn(exportDir);
    expect(documents.map(({ filepath }) => filepath)).toEqual([
      'data/a.png',
      ...['data/a-2.png', 'data/ü -?#.png', 'data/a-3.png', 'data/ü -?#-2.png', 'data/a-4.png', 'data/ü -?#-3.png'],
      ...['data/a-5.png', 'data/ü -?#-4.png', 'data/a-2.png'],
    ]);
    const texts = await textsIn(exportDir);
    for (const [i, { filepath }] of samples.entries()) expect(texts[documents[i]?.filepath as string]).toBe(filepath);
    expect(report).toMatchObject({ media: { files: 9 }, missing: [], warnings: [] });
    expect(report.media.bytes).toBe(samples.reduce((sum, { filepath }) => sum + Buffer.byteLength(filepath), 0));
  });

  test('keep their folders below one of a store, fields and masks too', async () => {
    const [root, exportDir] = [await s3.bucket(), await temporaryFolder()];
    const folder = `${root}images/`;
    const [a, b, mask, thumb, outside, under, deep, odd] = (await objects(
      s3,
      ...[`${folder}1/a.png`, `${folder}2/a.png`, `${folder}m/a.png`, `${folder}t/a.png`, `${root}imagesque/a.png`],
      ...[`${folder}3`, `${folder}4/5`, `${folder}long/${'ü'.repeat(125)}.png`],
    )) as [string, string, string, string, string, string, string, string];
    const { dataset } = await mediaDataset({
      samples: [
        { filepath: a, thumbs: [thumb, thumb], gt: Doc.of(['detections', [Doc.of(['mask_path', mask])]]) },
        ...[b, outside, under, deep, odd].map((filepath) => ({ filepath, thumbs: [] })),
      ],
      mediaFields: ['thumbs'],
      labels: { gt: 'Detections' },
    });
    reach(s3.env());
    await exportDataset(dataset, { exportDir, relDir: folder });
    const texts = await textsIn(exportDir);
    const standing = Object.keys(texts).find((name) => name.startsWith('data/long/')) as string;
    expect(texts).toEqual({
      ...{ 'data/1/a.png': a, 'data/2/a.png': b, 'data/a.png': outside, 'data/3': under, 'data/4/5': deep, [standing]: odd },
      ...{ 'fields/gt.detections/m/a.png': mask, 'fields/thumbs/t/a.png': thumb },
    });
    expect((await documentsIn(exportDir))[0]).toMatchObject({
      filepath: 'data/1/a.png',
      thumbs: ['fields/thumbs/t/a.png', 'fields/thumbs/t/a.png'],
      gt: { detections: [{ mask_path: 'fields/gt.detections/m/a.png' }] },
    });
    await exportDataset(dataset, { exportDir: join(exportDir, 'without'), exportMedia: false, relDir: folder });
    const without = await documentsIn(join(exportDir, 'without'));
    expect(without.map(({ filepath }) => filepath)).toEqual([
      ...['1/a.png', '2/a.png', outside, '3', '4/5', odd.slice(folder.length)],
    ]);
  });

  test('of frames are in the export too, also in an archive', async () => {
    const [root, folder] = [await s3.bucket(), await temporaryFolder()];
    const [video, mask] = (await objects(s3, `${root}v.mp4`, `${root}m/1.png`)) as [string, string];
    const { dataset } = await mediaDataset({
      samples: [{ filepath: video }],
      frames: [{ seg: Doc.of(['_cls', 'Segmentation'], ['mask_path', mask]) }],
      frameLabels: { seg: 'Segmentation' },
    });
    reach(s3.env());
    await exportDataset(dataset, { exportDir: join(folder, 'export') });
    const files = await filesIn(join(folder, 'export'));
    expect(JSON.parse(`${files.get('frame_media.json')}`)).toEqual({ [mask]: 'fields/frames.seg/1.png' });
    expect(`${files.get('fields/frames.seg/1.png')}`).toBe(mask);
    await exportDataset(dataset, { exportDir: join(folder, 'export.zip') });
    expect((await readdir(folder)).sort()).toEqual(['export', 'export.zip']);
  });

  test('that are 3D scenes come with all that they name', async () => {
    const [root, exportDir, media] = [await s3.bucket(), await temporaryFolder(), await temporaryFolder()];
    const [far, up, near] = (await objects(s3, `${root}far/c.pcd`, `${root}up.png`, `${root}scenes/near/c.pcd`)) as string[];
    const [scene, broken] = (await written(s3, {
      [`${root}scenes/a.fo3d`]: JSON.stringify({
        children: [{ pcdPath: 'near/c.pcd' }, { objPath: far }, { gltfPath: '../../x' }],
        background: { image: '../up.png' },
      }),
      [`${root}scenes/b.fo3d`]: 'no JSON',
    })) as [string, string];
    const here = await makeFile(join(media, 'here.fo3d'), JSON.stringify({ pcdPath: near }));
    const { dataset } = await mediaDataset({ samples: [scene, broken, here].map((filepath) => ({ filepath })) });
    reach(s3.env());
    const report = await exportDataset(dataset, { exportDir });
    expect(await textsIn(exportDir)).toEqual({
      'data/a.fo3d':
        '{"children": [{"pcdPath": "c.pcd"},{"objPath": "c-2.pcd"},{"gltfPath": "../../x"}],"background": {"image": "up.png"}}',
      ...{ 'data/b.fo3d': 'no JSON', 'data/c.pcd': near, 'data/c-2.pcd': far, 'data/up.png': up },
      'data/here.fo3d': '{"pcdPath": "c.pcd"}',
    });
    expect(report.media.files).toBe(6);
  });

  test('that are missing are all named before anything is written, or left out', async () => {
    const [root, minioRoot] = [await s3.bucket(), await minio.bucket()];
    const exportDir = join(await temporaryFolder(), 'export');
    const [there] = (await objects(s3, `${root}there.png`)) as [string];
    const gone = [`${root}gone.png`, '/gone.png', `${minioRoot}gone.png`, `${root}folder/`];
    const { dataset } = await mediaDataset({
      samples: [gone[0], there, ...gone.slice(1), 'hdfs://host/a.png'].map((filepath) => ({ filepath: filepath as string })),
    });
    reach(s3.env(), minio.env());
    const error = await exportDataset(dataset, { exportDir }).catch((error) => error);
    expect(error).toBeInstanceOf(MissingMediaError);
    expect([...error.files]).toEqual([...gone.slice(0, 3).map((path) => [path, 'is missing']), [gone[3], 'is no file']]);
    await expect(readdir(exportDir)).rejects.toThrow('ENOENT');
    const report = await exportDataset(dataset, { exportDir, skipMissing: true });
    expect(report.missing).toEqual(gone);
    expect(report.warnings).toEqual([
      '1 media are in stores that are not known here and stay where they are, for example hdfs://host/a.png',
    ]);
    expect(await textsIn(exportDir)).toEqual({ 'data/there.png': there });
    expect((await documentsIn(exportDir)).map(({ filepath }) => filepath)).toEqual([
      ...[gone[0], 'data/there.png', ...gone.slice(1), 'hdfs://host/a.png'],
    ]);
  });

  test('cannot be moved or linked, and stay where they are if they are not to be exported', async () => {
    const exportDir = join(await temporaryFolder(), 'export');
    const { dataset, samples } = await mediaDataset({ samples: [{ filepath: 's3://nowhere/a.png' }] });
    reach(s3.env());
    for (const exportMedia of ['move', 'symlink'] as const) {
      await expect(exportDataset(dataset, { exportDir, exportMedia })).rejects.toThrow(
        /^media in a store cannot be (moved|linked)/,
      );
      await expect(readdir(exportDir)).rejects.toThrow('ENOENT');
    }
    expect((await samples())[0]?.get('filepath')).toBe('s3://nowhere/a.png');
    await exportDataset(dataset, { exportDir, exportMedia: false });
    expect(await documentsIn(exportDir)).toMatchObject([{ filepath: 's3://nowhere/a.png' }]);
  });

  test('of a bucket that is not there, or behind a login that is refused, end the export though missing ones are left out', async () => {
    const root = await s3.bucket();
    const exportDir = join(await temporaryFolder(), 'export');
    const absent = await mediaDataset({ samples: [{ filepath: root.replace(/\/$/, '-absent/a.png') }] });
    const { dataset } = await mediaDataset({ samples: [{ filepath: (await objects(s3, `${root}a.png`))[0] as string }] });
    reach(s3.env());
    await expect(exportDataset(absent.dataset, { exportDir, skipMissing: true })).rejects.toMatchObject({
      trouble: 'no bucket',
      hint: expect.stringContaining('exportMedia: false'),
    });
    reach(s3.env(), { AWS_SECRET_ACCESS_KEY: 'wrong' });
    await expect(exportDataset(dataset, { exportDir, skipMissing: true })).rejects.toMatchObject({ trouble: 'denied' });
    await expect(readdir(exportDir)).rejects.toThrow('ENOENT');
  });

  test('are taken from the cache if that has just what the store has', async () => {
    const root = await s3.bucket();
    const [same, changed, large] = [`${root}same.png`, `${root}changed.png`, `${root}large.bin`];
    await objects(s3, same, changed);
    await written(s3, { [large]: randomBytes(partSize(1) + 5) });
    reach(s3.env());
    const { cache } = mediaFiles();
    await cache.download([same, changed, large]);
    await written(s3, { [changed]: 'other' });
    // so that it can be told which one was taken
    const cached = cache.localPath(same);
    const { mtime } = await stat(cached);
    await writeFile(cached, 'x'.repeat(same.length));
    await utimes(cached, mtime, mtime);
    const proxy = await startHttpProxy(s3.server.port);
    reach(s3.env(proxy.url));
    const { dataset } = await mediaDataset({ samples: [same, changed, large].map((filepath) => ({ filepath })) });
    const exportDir = await temporaryFolder();
    await exportDataset(dataset, { exportDir });
    const files = await filesIn(exportDir);
    expect(`${files.get('data/same.png')}`).toBe('x'.repeat(same.length));
    expect(`${files.get('data/changed.png')}`).toBe('other');
    expect(files.get('data/large.bin')?.equals(await readFile(cache.localPath(large)))).toBe(true);
    // one question for the store, one for each file, and one file
    expect(proxy.requests()).toBe(5);
    await proxy.close();
  });

  test('that are replaced while they are fetched arrive as one of both', async () => {
    const [root, exportDir] = [await s3.bucket(), await temporaryFolder()];
    const contents = ['1', '2'].map((text) => Buffer.alloc(3 * partSize(1), text));
    const path = `${root}a.bin`;
    await written(s3, { [path]: contents[0] });
    const { dataset } = await mediaDataset({ samples: [{ filepath: path }] });
    reach(s3.env());
    let replaced: Promise<unknown> | undefined;
    await exportDataset(dataset, {
      exportDir,
      onProgress: ({ what }) => {
        if (what === 'Exporting media') replaced ??= written(s3, { [path]: contents[1] });
      },
    });
    await replaced;
    const file = await readFile(join(exportDir, 'data/a.bin'));
    expect(contents.filter((content) => content.equals(file))).toHaveLength(1);
  });

  test('are found by a list, or one by one where nobody may list', async () => {
    const [root, folder] = [await s3.bucket(), await temporaryFolder()];
    const paths = Array.from({ length: 30 }, (_, i) => `${root}sub/${i}.png`);
    await objects(s3, ...paths.slice(1), `${root}sub/more.png`);
    const { dataset } = await mediaDataset({ samples: paths.map((filepath) => ({ filepath })) });
    const isList = (url: string | undefined) => url?.includes('list-type=2') ?? false;
    const asked: (string | undefined)[] = [];
    const listing = await startHttpProxy(s3.server.port, (_, { method, url }) => {
      asked.push(isList(url) ? 'list' : method);
      return 'pass';
    });
    const silent = await startHttpProxy(s3.server.port, (_, { url }) => (isList(url) ? { status: 403 } : 'pass'));
    for (const [name, proxy] of Object.entries({ listing, silent })) {
      reach(s3.env(proxy.url));
      const report = await exportDataset(dataset, { exportDir: join(folder, name), skipMissing: true });
      expect(report.missing).toEqual(paths.slice(0, 1));
      expect(Object.values(await textsIn(join(folder, name))).sort()).toEqual(paths.slice(1).sort());
      await proxy.close();
    }
    // the first file is not there, so it is found out whether the bucket is
    expect(asked.filter((what) => what !== 'GET')).toEqual(['HEAD', 'list', 'list']);
  });

  test('of every kind that were found by a list are the same when they are fetched', async () => {
    for (const world of worlds) {
      const [root, exportDir] = [await world.bucket(), await temporaryFolder()];
      const paths = Array.from({ length: 25 }, (_, i) => `${root}sub/ü ${i}%.png`);
      await objects(world, ...paths, `${root}sub/more.png`);
      const { dataset } = await mediaDataset({ samples: paths.map((filepath) => ({ filepath })) });
      reach(world.env());
      await exportDataset(dataset, { exportDir });
      expect(Object.values(await textsIn(exportDir)).sort()).toEqual(paths.toSorted());
    }
  });

  test('are no longer fetched when the export is stopped, and nothing is left', async () => {
    const root = await s3.bucket();
    const paths = ['1', '2', '3'].map((name) => `${root}${name}.bin`);
    await written(s3, Object.fromEntries(paths.map((path) => [path, Buffer.alloc(2 * partSize(1))])));
    const { dataset } = await mediaDataset({ samples: paths.map((filepath) => ({ filepath })) });
    reach(s3.env());
    const exportDir = join(await temporaryFolder(), 'export');
    const stop = new AbortController();
    const onProgress = ({ what }: { what: string }) => what === 'Exporting media' && stop.abort();
    await expect(exportDataset(dataset, { exportDir, onProgress, signal: stop.signal })).rejects.toThrow('stopped');
    await expect(readdir(exportDir)).rejects.toThrow('ENOENT');
  });

  test('arrive though the server is gone for a moment; if it is gone for good nothing is left', async () => {
    const [root, folder] = [await s3.bucket(), await temporaryFolder()];
    const paths = Array.from({ length: 40 }, (_, i) => `${root}${i}.png`);
    await objects(s3, ...paths);
    const { dataset } = await mediaDataset({ samples: paths.map((filepath) => ({ filepath })) });
    const every = await startHttpProxy(s3.server.port, (n) => (n % 3 === 0 ? 'cut before' : 'pass'));
    reach(s3.env(every.url));
    await exportDataset(dataset, { exportDir: join(folder, 'good') });
    expect(Object.values(await textsIn(join(folder, 'good'))).sort()).toEqual([...paths].sort());
    await every.close();
    const dying = await startHttpProxy(s3.server.port, (n) => (n > 20 ? { status: 404 } : 'pass'));
    reach(s3.env(dying.url));
    await expect(exportDataset(dataset, { exportDir: join(folder, 'bad') })).rejects.toMatchObject({
      hint: expect.stringContaining('the same command begins again'),
    });
    expect(await readdir(folder)).toEqual(['good']);
    await dying.close();
  });

  test('are fetched again after an export was killed, and nothing of that one is left', async () => {
    const [root, folder] = [await s3.bucket(), await temporaryFolder()];
    const paths = Array.from({ length: 40 }, (_, i) => `${root}${i}.png`);
    await objects(s3, ...paths);
    const { dataset, database } = await mediaDataset({ samples: paths.map((filepath) => ({ filepath })) });
    let seen = () => {};
    const fetching = new Promise<void>((resolve) => {
      seen = resolve;
    });
    // the 10th file never comes
    let files = 0;
    const slow = await startHttpProxy(s3.server.port, (_, { method, url }) => {
      if (method !== 'GET' || url?.includes('list-type') || ++files < 10) return 'pass';
      seen();
      return { waitMs: 60_000 };
    });
    const settings = { ...userOf(database), ...(s3.env(slow.url) as Record<string, string>) };
    const command = startFiftyone(['datasets', 'export', 'pictures', folder], settings);
    await fetching;
    command.kill('SIGKILL');
    await command.result;
    expect(await readdir(folder)).toEqual(['.fiftyone-export']);
    reach(s3.env());
    await exportDataset(dataset, { exportDir: folder });
    expect((await readdir(folder)).sort()).toEqual(['data', 'metadata.json', 'samples.json']);
    expect(Object.values(await textsIn(folder)).sort()).toEqual(paths.toSorted());
    await slow.close();
  });

  test('at plain addresses are named without what is asked for there', async () => {
    const root = await s3.bucket();
    const [path] = (await objects(s3, `${root}x/a.png`)) as [string];
    // a server of plain addresses, as far as the export knows
    const { store, key } = await mediaOf(s3.env())(path);
    const plain = createServer((request, answer) => {
      const isThere = request.url === '/x/a.png?signature=1/2.3';
      if (!isThere) return void answer.writeHead(request.url === '/denied.png' ? 403 : 404).end();
      answer.writeHead(200, { 'content-length': path.length });
      if (request.method === 'HEAD') return void answer.end();
      void (async () => {
        for await (const bytes of store.read(key)) answer.write(bytes);
        answer.end();
      })();
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void plain.close());
    await once(plain, 'listening');
    const address = `http://127.0.0.1:${(plain.address() as AddressInfo).port}`;
    const filepaths = [`${address}/x/a.png?signature=1/2.3`, `${address}/gone.png`, `${address}/denied.png`];
    const { dataset } = await mediaDataset({ samples: filepaths.map((filepath) => ({ filepath })) });
    reach({});
    const exportDir = await temporaryFolder();
    const report = await exportDataset(dataset, { exportDir, skipMissing: true });
    expect(report.missing).toEqual(filepaths.slice(1));
    expect(await textsIn(exportDir)).toEqual({ 'data/a.png': path });
  });
});
