import { appendFile, mkdir, mkdtemp, readdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { md5, partSize } from '../../src/media/checksum.js';
import { localStore } from '../../src/media/local-store.js';
import { type Source, withFile } from '../../src/media/source.js';
import { listObjects } from '../../src/media/store.js';
import { StoreError } from '../../src/media/store-error.js';
import { writeObject } from '../../src/media/write-object.js';
import { folderForData } from '../support/mongod.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(await folderForData(), 'fiftyone-test-files-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const troubleOf = (act: () => Promise<unknown>) =>
  act().then(
    () => 'none',
    (error) => (error instanceof StoreError ? error.trouble : Promise.reject(error)),
  );

describe('a file that is sent', () => {
  const changes: [string, (path: string) => Promise<unknown>][] = [
    ['shrinks', (path) => truncate(path, partSize(1))],
    ['grows', (path) => appendFile(path, 'more')],
    ['is written to', (path) => writeFile(path, Buffer.alloc(2 * partSize(1), 'other'))],
  ];
  test.each(changes)('and %s meanwhile is not written', async (name, change) => {
    const path = await file('source.bin', Buffer.alloc(2 * partSize(1), 'first'));
    const to = localStore(join(folder, `to-${name}`));
    let reads = 0;
    const write = () =>
      withFile(path, async (source) => {
        const disturbed: Source = {
          size: source.size,
          read: async (start, end) => {
            if (++reads === 2) await change(path);
            return await source.read(start, end);
          },
        };
        return await writeObject(to, 'copy', disturbed);
      });
    expect(await troubleOf(write)).toBe('changed');
    expect(await to.stat('copy')).toBeUndefined();
  });

  test('is sent as it was when another one takes its place', async () => {
    const content = Buffer.alloc(2 * partSize(1), 'first');
    const path = await file('replaced.bin', content);
    const other = await file('other.bin', 'other');
    const to = localStore(join(folder, 'to'));
    const written = await withFile(path, async (source) => {
      await rename(other, path);
      return await writeObject(to, 'copy', source);
    });
    expect(written.size).toBe(content.length);
  });

  test('and is not there, or is a folder, is told', async () => {
    expect(await troubleOf(() => withFile(join(folder, 'absent'), async () => {}))).toBe('missing');
    expect(await troubleOf(() => withFile(folder, async () => {}))).toBe('refused');
  });
});

describe('a folder as a store', () => {
  test('refuses keys that lead out of it', async () => {
    const store = localStore(join(folder, 'store'));
    for (const key of ['../a', 'a/../../b', '/etc/passwd', 'a//b', '', '.', 'a/.', 'a\0b']) {
      for (const act of [
        () => store.stat(key),
        () => store.put(key, Buffer.alloc(0), md5(Buffer.alloc(0))),
        () => store.delete(key),
      ]) {
        expect(await troubleOf(act)).toBe('refused');
      }
    }
  });

  test('lists what links point to, and follows no links to folders', async () => {
    const at = join(folder, 'links');
    await mkdir(join(at, 'real'), { recursive: true });
    await writeFile(join(at, 'real', 'a'), 'a');
    await symlink(join(at, 'real', 'a'), join(at, 'b'));
    await symlink(at, join(at, 'real', 'loop'));
    await symlink(join(at, 'nothing'), join(at, 'broken'));
    const keys: string[] = [];
    for await (const { key } of listObjects(localStore(at), '')) keys.push(key);
    expect(keys.sort()).toEqual(['b', 'real/a']);
  });

  test('leaves nothing of a write that fails', async () => {
    const at = join(folder, 'failed');
    const store = localStore(at);
    await store.put('a', Buffer.from('1'), md5(Buffer.from('1')));
    await troubleOf(() => store.put('a', Buffer.from('2'), md5(Buffer.from('2')), { ifAbsent: true }));
    await troubleOf(() => store.put('a/b', Buffer.from('2'), md5(Buffer.from('2'))));
    expect(await readdir(at)).toEqual(['a']);
  });
});
