import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { partSize } from '../../src/media/checksum.js';
import { copyFiles, deleteFiles, moveFiles } from '../../src/media/copy-files.js';
import { listFiles } from '../../src/media/list-files.js';
import { mediaCache } from '../../src/media/media-cache.js';
import { readMediaSettings } from '../../src/media/media-settings.js';
import { openMedia } from '../../src/media/open-media.js';
import type { Env } from '../../src/settings.js';
import { startHttpProxy } from '../support/http-proxy.js';
import { azureWorld, gcsWorld, mediaOf, orLeftOut, s3World } from '../support/media-worlds.js';
import { folderForData } from '../support/mongod.js';

describe('files of any store', async () => {
  const worlds = await orLeftOut(() => Promise.all([s3World(), gcsWorld(), azureWorld()]));
  if (worlds === undefined) return;
  const folder = await mkdtemp(join(await folderForData(), 'fiftyone-test-files-'));
  const env: Env = Object.assign({}, ...worlds.map((world) => world.env()));
  afterAll(async () => {
    await Promise.all(worlds.map(({ server }) => server.stop()));
    await rm(folder, { recursive: true });
  });

  /** A folder on the disk and one in every store. */
  const places = async (): Promise<string[]> => {
    const local = `${await mkdtemp(join(folder, 'place-'))}/`;
    return [local, ...(await Promise.all(worlds.map((world) => world.bucket())))];
  };

  async function written(root: string, files: Readonly<Record<string, Buffer>>): Promise<string[]> {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), content);
    }
    return Object.keys(files).map((name) => `${root}${name}`);
  }

  test('files are copied and moved between any stores, and are what they were', async () => {
    const open = mediaOf(env);
    const roots = await places();
    const files = {
      'a.png': randomBytes(1000),
      'sub/ü b.png': randomBytes(20),
      empty: Buffer.alloc(0),
      'large.mp4': randomBytes(partSize(1) + 9),
    };
    const names = Object.keys(files);
    let from = await written(roots[0] as string, files);
    // around through every store, and through one of them twice
    for (const root of [...roots.slice(1), roots[1] as string, `${roots[0]}back/`]) {
      const to = names.map((name) => `${root}round/${name}`);
      const { done, bytes, failed } = await (root === roots[2] ? moveFiles : copyFiles)(open, from, to);
      expect({ done, failed }).toEqual({ done: 4, failed: [] });
      expect(bytes).toBe(Object.values(files).reduce((sum, { length }) => sum + length, 0));
      from = to;
    }
    for (const [i, name] of names.entries()) {
      expect((await readFile(from[i] as string)).equals(files[name as keyof typeof files])).toBe(true);
    }
    // what was moved is no longer where it was
    expect(await listFiles(open, `${roots[1]}round`, { recursive: true })).toEqual(names.sort());
  });

  test('files in a folder are listed as those of the disk are', async () => {
    const open = mediaOf(env);
    const roots = await places();
    const names = ['b.png', 'a.png', '.hidden', 'sub/c.png', 'sub/.d', 'submarine.png'];
    const from = await written(`${roots[0]}folder/`, Object.fromEntries(names.map((name) => [name, Buffer.from(name)])));
    // that of the disk comes last, as the others are copies of it
    for (const root of roots.reverse()) {
      if (root !== roots.at(-1))
        await copyFiles(
          open,
          from,
          names.map((name) => `${root}folder/${name}`),
        );
      for (const at of [`${root}folder`, `${root}folder/`]) {
        expect(await listFiles(open, at)).toEqual(['a.png', 'b.png', 'submarine.png']);
        expect(await listFiles(open, at, { recursive: true })).toEqual(['a.png', 'b.png', 'sub/c.png', 'submarine.png']);
        expect(await listFiles(open, at, { includeHiddenFiles: true })).toEqual(['.hidden', 'a.png', 'b.png', 'submarine.png']);
      }
      expect(await listFiles(open, `${root}folder/sub`, { absPaths: true })).toEqual([`${root}folder/sub/c.png`]);
      expect(await listFiles(open, `${root}absent`)).toEqual([]);
      await deleteFiles(
        open,
        names.map((name) => `${root}folder/${name}`),
      );
      expect(await listFiles(open, root, { recursive: true })).toEqual([]);
    }
  });

  test('a copy does not replace what is there if it must not', async () => {
    const open = mediaOf(env);
    const roots = await places();
    const [first, second] = await written(roots[0] as string, { first: Buffer.from('1'), second: Buffer.from('2') });
    for (const root of roots) {
      await copyFiles(open, [first as string], [`${root}key`], { overwrite: false });
      await expect(copyFiles(open, [second as string], [`${root}key`], { overwrite: false })).rejects.toMatchObject({
        trouble: 'taken',
      });
      // also when the store itself copies
      await copyFiles(open, [second as string], [`${root}other`]);
      await expect(copyFiles(open, [`${root}other`], [`${root}key`], { overwrite: false })).rejects.toMatchObject({
        trouble: 'taken',
      });
      await copyFiles(open, [`${root}key`], [`${roots[0]}back`]);
      expect(`${await readFile(`${roots[0]}back`)}`).toBe('1');
    }
  });

  test('failures end the run, or are told with it', async () => {
    const open = mediaOf(env);
    const [local = '', s3 = ''] = await places();
    const [there = ''] = await written(local, { there: Buffer.from('x') });
    const [inpaths, outpaths] = [
      [`${local}absent`, there],
      [`${s3}a`, `${s3}b`],
    ];
    await expect(copyFiles(open, inpaths, outpaths)).rejects.toMatchObject({ trouble: 'missing', path: `${local}absent` });
    const seen: number[] = [];
    const progress = ({ files }: { files: number }) => void seen.push(files);
    const { done, failed } = await copyFiles(open, inpaths, outpaths, { skipFailures: true, progress });
    expect(done).toBe(1);
    expect(seen).toEqual([1]);
    expect(failed.map(({ path }) => path)).toEqual([`${local}absent`]);
    expect((await deleteFiles(open, [`${s3}absent`])).failed).toEqual([]);
    await expect(copyFiles(open, inpaths, [])).rejects.toThrow('there are 2 paths to read and 0 to write');
  });

  describe('the cache of media', () => {
    const cacheOf = async (more: Env = {}) => {
      const dir = await mkdtemp(join(folder, 'cache-'));
      const settings = readMediaSettings({ HOME: '/nonexistent', ...env, FIFTYONE_MEDIA_CACHE_DIR: dir, ...more });
      return { dir, cache: mediaCache(settings, openMedia(settings)) };
    };

    test('has remote files where FiftyOne Enterprise has them, and fetches each once', async () => {
      const proxy = await startHttpProxy(worlds[0].server.port);
      const { dir, cache } = await cacheOf({ AWS_ENDPOINT_URL_S3: proxy.url });
      const [local = '', s3 = ''] = await places();
      const [source = ''] = await written(local, { 'a.png': Buffer.from('1') });
      await copyFiles(mediaOf(env), [source], [`${s3}sub/a b.png`]);
      const paths = [`${s3}sub/a b.png`, source, `${s3}sub/a b.png`];
      const here = join(dir, 'media', 's3', s3.slice(5, -1), 'sub/a b.png');
      expect(await cache.getLocalPaths(paths, { download: false })).toEqual([here, source, here]);
      await expect(stat(here)).rejects.toThrow('ENOENT');
      expect(await cache.getLocalPaths(paths)).toEqual([here, source, here]);
      expect(`${await readFile(here)}`).toBe('1');
      const asked = proxy.requests();
      await cache.download(paths);
      expect(proxy.requests()).toBe(asked);
      await proxy.close();
    });

    test('fetches again what is no longer the same, if asked to look', async () => {
      const { cache } = await cacheOf();
      for (const root of (await places()).slice(1)) {
        const [first = '', second = ''] = await written(`${(await places())[0]}`, {
          first: Buffer.from('1'),
          second: Buffer.from('22'),
        });
        await copyFiles(mediaOf(env), [first], [`${root}a`]);
        const [here = ''] = await cache.getLocalPaths([`${root}a`]);
        await copyFiles(mediaOf(env), [second], [`${root}a`]);
        await cache.download([`${root}a`]);
        expect(`${await readFile(here)}`).toBe('1');
        expect((await cache.download([`${root}a`], { update: true })).bytes).toBe(2);
        expect(`${await readFile(here)}`).toBe('22');
        expect((await cache.download([`${root}a`], { update: true })).bytes).toBe(0);
      }
    });

    test('lets go what was used least recently, and never what was just asked for', async () => {
      const { cache } = await cacheOf({ FIFTYONE_MEDIA_CACHE_SIZE_BYTES: '250' });
      const [local = '', s3 = ''] = await places();
      const from = await written(local, Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, randomBytes(100)])));
      const paths = ['a', 'b', 'c', 'd'].map((name) => `${s3}${name}`);
      await copyFiles(mediaOf(env), from, paths);
      const [a = '', b = '', c = '', d = ''] = paths;
      const files = await cache.getLocalPaths([a, b]);
      for (const [i, file] of files.entries()) await utimes(file, new Date(1000 * (i + 1)), new Date(1000));
      // used again, so it is b that was used least recently
      await cache.download([a]);
      await cache.download([c]);
      expect(await cache.stats()).toMatchObject({ currentCount: 2, currentSize: 200, cacheSize: 250, loadFactor: 0.8 });
      await expect(stat(cache.localPath(b))).rejects.toThrow('ENOENT');
      await cache.download([a, b, c, d]);
      expect((await cache.stats()).currentCount).toBe(4);
      await cache.clear([a, local]);
      expect((await cache.stats()).currentCount).toBe(3);
      await cache.clear();
      expect(await cache.stats()).toMatchObject({ currentCount: 0, currentSize: 0 });
    });

    test('goes on when one file cannot be had, unless told not to', async () => {
      const { cache } = await cacheOf();
      const [local = '', s3 = ''] = await places();
      await copyFiles(mediaOf(env), await written(local, { a: Buffer.from('1') }), [`${s3}a`]);
      const { done, failed } = await cache.download([`${s3}absent`, `${s3}a`]);
      expect([done, failed.map(({ path }) => path)]).toEqual([1, [`${s3}absent`]]);
      await expect(cache.download([`${s3}absent`], { skipFailures: false })).rejects.toMatchObject({ trouble: 'missing' });
    });

    test('has files of plain addresses, too, and of names that no disk takes', async () => {
      const server = createServer((request, answer) => {
        if (request.url === '/gone.png') return void answer.writeHead(404).end();
        answer.writeHead(200, { 'content-length': 5 }).end(request.method === 'HEAD' ? undefined : 'hello');
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as { port: number };
      const { dir, cache } = await cacheOf();
      const url = `http://127.0.0.1:${port}/a/${'x'.repeat(300)}.png?token=secret`;
      const [here = ''] = await cache.getLocalPaths([url]);
      expect(`${await readFile(here)}`).toBe('hello');
      expect(here.startsWith(dir) && here.endsWith('.png')).toBe(true);
      const gone = await cache.download([`http://127.0.0.1:${port}/gone.png`]);
      expect(gone.failed).toHaveLength(1);
      server.closeAllConnections();
      server.close();
    });
  });
});
