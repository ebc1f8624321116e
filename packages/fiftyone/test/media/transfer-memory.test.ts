import { readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { md5 } from '../../src/media/checksum.js';
import { ChecksumMemory } from '../../src/media/transfer/checksum-memory.js';
import { fileStamp, localContent } from '../../src/media/transfer/file-contents.js';
import { testFolder, writeFiles } from '../support/transfers.js';

const sum = (text: string) => md5(Buffer.from(text));

/** Long enough after the files were written. */
const later = () => Date.now() + 10_000;

test('checksums are remembered by another run, for each part size', async () => {
  const folder = await testFolder();
  const [a = '', b = ''] = await writeFiles(folder, { 'a.png': 'a', 'sub/b.png': 'b' });
  const memory = new ChecksumMemory(join(folder, 'cache'));
  await memory.keep(a, await fileStamp(a), 2 ** 23, sum('one'), later());
  await memory.keep(b, await fileStamp(b), 2 ** 23, sum('two'), later());
  const large = { ...(await fileStamp(a)), size: 2 ** 25 };
  await memory.keep(a, large, 2 ** 23, `${sum('parts')}-4`, later());
  await memory.keep(a, large, 2 ** 25, sum('whole'), later());
  await memory.save();
  const again = new ChecksumMemory(join(folder, 'cache'));
  expect(await again.find(b, await fileStamp(b), 2 ** 23)).toBe(sum('two'));
  expect(await again.find(a, large, 2 ** 23)).toBe(`${sum('parts')}-4`);
  expect(await again.find(a, large, 2 ** 25)).toBe(sum('whole'));
  expect(await again.find(a, large, 2 ** 24)).toBeUndefined();
  expect(await readdir(join(folder, 'cache/checksums'))).toHaveLength(2);
});

test('a file that was touched, replaced or written to a moment before is read again', async () => {
  const folder = await testFolder();
  const [a = '', b = ''] = await writeFiles(folder, { 'a.png': 'a', 'b.png': 'b' });
  const memory = new ChecksumMemory(join(folder, 'cache'));
  const stamp = await fileStamp(a);
  await memory.keep(a, stamp, 100, sum('remembered'), later());
  expect(await memory.find(a, stamp, 100)).toBe(sum('remembered'));
  const { atime, mtime } = await stat(a);
  await writeFile(a, 'x');
  // the time of the content as it was: only that of the inode tells
  await utimes(a, atime, mtime);
  expect((await fileStamp(a)).mtimeNs).toBe(stamp.mtimeNs);
  expect(await memory.find(a, await fileStamp(a), 100)).toBeUndefined();
  await rename(b, a);
  expect(await memory.find(a, await fileStamp(a), 100)).toBeUndefined();
  await memory.keep(a, await fileStamp(a), 100, sum('b'), Date.now());
  expect(await memory.find(a, await fileStamp(a), 100)).toBeUndefined();
});

test('a memory that is damaged, lost or cannot be written is none', async () => {
  const folder = await testFolder();
  const [a = ''] = await writeFiles(folder, { 'a.png': 'a' });
  const cache = join(folder, 'cache');
  const stamp = await fileStamp(a);
  const memory = new ChecksumMemory(cache);
  await memory.keep(a, stamp, 100, sum('a'), later());
  await memory.save();
  const [name = ''] = await readdir(join(cache, 'checksums'));
  const file = join(cache, 'checksums', name);
  const good = await readFile(file);
  const found = async () => await new ChecksumMemory(cache).find(a, stamp, 100);
  expect(await found()).toBe(sum('a'));
  for (let at = 0; at < good.length; at += 7) {
    const bad = Buffer.from(good);
    bad.writeUInt8(bad.readUInt8(at) ^ 1, at);
    await writeFile(file, bad);
    expect(await found()).toBeUndefined();
  }
  for (const length of [0, 5, 30, good.length - 1]) {
    await writeFile(file, good.subarray(0, length));
    expect(await found()).toBeUndefined();
  }
  await rm(cache, { recursive: true });
  await writeFile(cache, 'a file where the folder should be');
  const helpless = new ChecksumMemory(cache);
  await helpless.keep(a, stamp, 100, sum('a'), later());
  await helpless.save();
  expect(await helpless.find(a, stamp, 100)).toBe(sum('a'));
});

test('what was read a moment after its file was made is not remembered', async () => {
  const folder = await testFolder();
  const [a = ''] = await writeFiles(folder, { 'a.png': 'content' });
  const memory = new ChecksumMemory(join(folder, 'cache'));
  const stamp = await fileStamp(a);
  // the file was made a moment ago, by the time of its inode
  expect(await localContent(a, stamp, memory).checksum(2 ** 23)).toBe(sum('content'));
  expect(await memory.find(a, stamp, 2 ** 23)).toBeUndefined();
});
