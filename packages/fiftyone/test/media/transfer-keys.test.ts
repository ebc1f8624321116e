import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keyFor } from '../../src/media/transfer/key-for.js';
import { testFolder, writeFiles } from '../support/transfers.js';

test('without relDir the key of a file is its name as it is', async () => {
  const key = keyFor();
  expect(await key('/data/x/ü 100%?#e\u0301.png')).toBe('ü 100%?#e\u0301.png');
  expect(await key('s3://bucket/x/a?b.png')).toBe('a?b.png');
  expect(await key('https://host/x/a.png?token=1/2')).toBe('a.png');
  await expect(key('s3://bucket/folder/')).rejects.toMatchObject({ trouble: 'refused' });
});

test('with relDir it is the path below, and files elsewhere are refused', async () => {
  const folder = await testFolder();
  const [, outside = ''] = await writeFiles(folder, { 'rel/sub/a b.png': 'a', 'outside.png': 'b', 'relative/c.png': 'c' });
  const key = keyFor({ relDir: join(folder, 'rel/') });
  expect(await key(join(folder, 'rel/sub/a b.png'))).toBe('sub/a b.png');
  expect(await key(join(folder, 'rel/x/../absent.png'))).toBe('absent.png');
  for (const path of [
    outside,
    join(folder, 'relative/c.png'),
    join(folder, 'rel'),
    `${folder}/rel/../outside.png`,
    's3://b/a.png',
  ]) {
    await expect(key(path)).rejects.toMatchObject({ trouble: 'refused', hint: expect.stringContaining('relDir') });
  }
});

test('a symbolic link that leaves relDir is refused, one that stays is not, and relDir may be one itself', async () => {
  const folder = await testFolder();
  await writeFiles(folder, { 'rel/a.png': 'a', 'outside/b.png': 'b' });
  await symlink(join(folder, 'outside/b.png'), join(folder, 'rel/file.png'));
  await symlink(join(folder, 'outside'), join(folder, 'rel/folder'));
  await symlink(join(folder, 'rel/a.png'), join(folder, 'rel/inside.png'));
  await symlink(join(folder, 'rel'), join(folder, 'link'));
  for (const relDir of [join(folder, 'rel'), join(folder, 'link')]) {
    const key = keyFor({ relDir });
    expect(await key(join(relDir, 'a.png'))).toBe('a.png');
    expect(await key(join(relDir, 'inside.png'))).toBe('inside.png');
    for (const name of ['file.png', 'folder/b.png']) {
      await expect(key(join(relDir, name))).rejects.toMatchObject({ trouble: 'refused' });
    }
  }
});

test('relDir may be a folder of a store, and a key may have 1,024 bytes', async () => {
  const key = keyFor({ relDir: 's3://bucket/x' });
  expect(await key('s3://bucket/x/y/a.png')).toBe('y/a.png');
  for (const path of ['s3://bucket/xy/a.png', 's3://other/x/a.png', '/x/a.png', 's3://bucket/x/../a.png']) {
    await expect(key(path)).rejects.toMatchObject({ trouble: 'refused' });
  }
  expect(await key(`s3://bucket/x/${'ü'.repeat(512)}`)).toHaveLength(512);
  await expect(key(`s3://bucket/x/${'ü'.repeat(512)}a`)).rejects.toThrow('longer than 1024 bytes');
  const folder = await testFolder();
  await mkdir(join(folder, 'rel'));
});
