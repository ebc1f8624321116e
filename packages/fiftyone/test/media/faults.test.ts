import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterAll, afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { partSize } from '../../src/media/checksum.js';
import { readMediaSettings } from '../../src/media/media-settings.js';
import { type OpenStore, openStores } from '../../src/media/open-stores.js';
import { retrying } from '../../src/media/retrying.js';
import { bytesSource } from '../../src/media/source.js';
import { listObjects, type MediaStore } from '../../src/media/store.js';
import { StoreError } from '../../src/media/store-error.js';
import { writeObject } from '../../src/media/write-object.js';
import type { Env } from '../../src/settings.js';
import { type HttpProxy, type RequestFate, startHttpProxy } from '../support/http-proxy.js';
import { AZURE_LOGIN, S3_LOGIN } from '../support/media-servers.js';
import { azureWorld, gcsWorld, type MediaWorld, mediaOf, orLeftOut, s3World } from '../support/media-worlds.js';
import { folderForData } from '../support/mongod.js';

const FATES: RequestFate[] = [
  'cut before',
  'cut inside',
  'cut after',
  'cut answer',
  { status: 500 },
  { status: 503 },
  { waitMs: 300 },
];

const proxies: HttpProxy[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const proxy of proxies.splice(0)) await proxy.close();
});

/**
 * Every third request, from the one given on, ends badly: each way in turn. With half of them a request would now and then meet
 * nothing else in all of its tries.
 */
async function badWay(world: MediaWorld, first = 1, every = 3): Promise<HttpProxy> {
  const fate = (n: number) => (n >= first && n % every === 0 ? (FATES[(n / every) % FATES.length] as RequestFate) : 'pass');
  const proxy = await startHttpProxy(world.server.port, fate);
  proxies.push(proxy);
  return proxy;
}

async function wayWith(world: MediaWorld, fate: (n: number) => RequestFate): Promise<HttpProxy> {
  const proxy = await startHttpProxy(world.server.port, fate);
  proxies.push(proxy);
  return proxy;
}

async function storeOf(open: OpenStore, path: string): Promise<MediaStore> {
  return (await open(path)).store;
}

describe.each([
  ['S3', s3World],
  ['Google Cloud Storage', gcsWorld],
  ['Azure', azureWorld],
] as const)('over a bad way to %s', async (_, start) => {
  const here = await orLeftOut(start);
  if (here === undefined) return;
  afterAll(here.server.stop);

  test('all is written, listed, read and deleted as it should be', async () => {
    const [root, proxy] = [await here.bucket(), await badWay(here)];
    const store = await storeOf(mediaOf(here.env(proxy.url)), root);
    const contents = new Map(Array.from({ length: 12 }, (_, i) => [`folder/${i} ü.bin`, randomBytes(1000 * (i + 1))]));
    const writes = [...contents].map(([key, content]) =>
      writeObject(store, key, bytesSource(content), { condition: { ifAbsent: true } }),
    );
    await Promise.all(writes);
    const listed: string[] = [];
    for await (const { key } of listObjects(store, 'folder/')) listed.push(key);
    expect(listed.sort()).toEqual([...contents.keys()].sort());
    for (const [key, content] of contents) {
      const { version: ifVersion } = (await store.stat(key)) as { version: string };
      expect(await digest(store, key, ifVersion)).toBe(sha(content));
      await store.delete(key);
      expect(await store.stat(key)).toBeUndefined();
    }
  });

  test('large content arrives whole', async () => {
    const [root, proxy] = [await here.bucket(), await badWay(here)];
    const content = randomBytes(4 * partSize(1) + 77);
    const store = await storeOf(mediaOf(here.env(proxy.url)), root);
    await writeObject(store, 'large', bytesSource(content), { condition: { ifAbsent: true } });
    const { version } = (await store.stat('large')) as { version: string };
    expect(await digest(store, 'large', version)).toBe(sha(content));
  });

  test('a server that is down for a moment is waited for', async () => {
    const store = await storeOf(mediaOf(here.env()), await here.bucket());
    const content = randomBytes(3 * partSize(1));
    const writing = writeObject(store, 'a', bytesSource(content));
    await sleep(100);
    await here.server.kill();
    await sleep(400);
    await here.server.restart();
    await writing;
    const { version } = (await store.stat('a')) as { version: string };
    expect(await digest(store, 'a', version)).toBe(sha(content));
  });

  test('what cannot pass fails at once: no bucket, no room', async () => {
    const root = await here.bucket();
    const none = await wayWith(here, () => 'pass');
    const absent = await storeOf(mediaOf(here.env(none.url)), root.replace(/(\d+)\/$/, '$1-absent/'));
    expect(await troubleOf(() => absent.list(''))).toBe('no bucket');
    expect(await troubleOf(() => writeObject(absent, 'a', bytesSource(Buffer.from('a'))))).toBe('no bucket');
    expect(none.requests()).toBe(2);
    const full = await wayWith(here, () => ({ status: 507 }));
    const store = await storeOf(mediaOf(here.env(full.url)), root);
    expect(await troubleOf(() => writeObject(store, 'a', bytesSource(Buffer.from('a'))))).toBe('full');
    expect(full.requests()).toBe(1);
  });

  test('a server that never comes back is given up', async () => {
    const dead = await wayWith(here, () => 'cut before');
    const open = openStores(readMediaSettings({ HOME: '/nonexistent', ...here.env(dead.url) }), (store) =>
      retrying(store, { attempts: 3, firstMs: 10 }),
    );
    const store = await storeOf(open, await here.bucket());
    expect(await troubleOf(() => store.stat('a'))).toBe('passing');
    expect(dead.requests()).toBe(3);
  });
});

describe('credentials', async () => {
  const worlds = await orLeftOut(() => Promise.all([s3World(), azureWorld()]));
  if (worlds === undefined) return;
  const [s3, azure] = worlds;
  afterAll(() => Promise.all(worlds.map(({ server }) => server.stop())));

  test('that are wrong are told at once, and nothing of them is in the error', async () => {
    const cases: [MediaWorld, Env, string][] = [
      [s3, { AWS_SECRET_ACCESS_KEY: 'wrong-hunter2' }, 'wrong-hunter2'],
      [s3, { AWS_ACCESS_KEY_ID: 'nobody', AWS_SECRET_ACCESS_KEY: 'wrong-hunter2' }, 'wrong-hunter2'],
      [azure, { AZURE_STORAGE_KEY: 'd3JvbmctaHVudGVyMg==' }, 'd3JvbmctaHVudGVyMg=='],
    ];
    for (const [world, wrong, secret] of cases) {
      const way = await wayWith(world, () => 'pass');
      const store = await storeOf(mediaOf({ ...world.env(way.url), ...wrong }), await world.bucket());
      for (const act of [() => store.list(''), () => writeObject(store, 'a', bytesSource(Buffer.from('a')))]) {
        const error = await act().then(
          () => undefined,
          (thrown) => thrown,
        );
        expect(`${error}`).toContain('access denied');
        const shown = inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error);
        for (const hidden of [secret, S3_LOGIN.secretAccessKey, AZURE_LOGIN.key, 'Signature=', 'SharedKey']) {
          expect(shown).not.toContain(hidden);
        }
      }
      expect(way.requests()).toBe(2);
    }
  });

  test('that a program gives are for the SDK to find, and so it is told that there are none', async () => {
    const folder = await mkdtemp(join(await folderForData(), 'fiftyone-test-credentials-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    onTestFinished(() => void vi.unstubAllEnvs());
    const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = S3_LOGIN;
    await writeFile(join(folder, 'login.json'), JSON.stringify({ Version: 1, AccessKeyId, SecretAccessKey }));
    await writeFile(join(folder, 'config'), `[default]\ncredential_process = cat ${join(folder, 'login.json')}\n`);
    await writeFile(join(folder, 'empty'), '');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    const root = await s3.bucket();
    const { AWS_ENDPOINT_URL_S3 } = s3.env();
    const reach = async (config: string) => {
      const env = { AWS_CONFIG_FILE: join(folder, config), AWS_SHARED_CREDENTIALS_FILE: join(folder, 'empty') };
      for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
      return await storeOf(mediaOf({ ...env, AWS_ENDPOINT_URL_S3 }), root);
    };
    await writeObject(await reach('config'), 'a', bytesSource(Buffer.from('a')));
    expect(await (await reach('config')).stat('a')).toMatchObject({ size: 1 });
    const none = await reach('empty');
    await expect(none.stat('a')).rejects.toThrow(`${root}a: access denied: CredentialsProviderError`);
  });

  test('work with a wrong clock: the time of the server counts', async () => {
    const root = await s3.bucket();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3 * 3_600_000 });
    const store = await storeOf(mediaOf(s3.env()), root);
    // the answer to this one has no body that could tell the time
    expect(await store.stat('a')).toBeUndefined();
    await writeObject(store, 'a', bytesSource(Buffer.from('a')));
    expect(await store.stat('a')).toMatchObject({ size: 1 });
    const another = await storeOf(mediaOf(s3.env()), root);
    expect(await another.stat('a')).toMatchObject({ size: 1 });
  });

  test('of one account of Azure do not go to another', async () => {
    const open = mediaOf(azure.env());
    expect(await troubleOf(() => open('https://another.blob.core.windows.net/container/a'))).toBe('denied');
  });
});

const sha = (content: Buffer) => createHash('sha256').update(content).digest('hex');

async function digest(store: MediaStore, key: string, ifVersion: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of store.read(key, { ifVersion })) hash.update(bytes);
  return hash.digest('hex');
}

async function troubleOf(act: () => Promise<unknown>): Promise<string> {
  return await act().then(
    () => 'none',
    (error) => (error instanceof StoreError ? error.trouble : Promise.reject(error)),
  );
}
