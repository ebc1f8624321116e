import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { orLeftOut, s3World } from '../../../fiftyone/test/support/media-worlds.js';
import { openFileStore } from '../../src/index/file-store.js';
import { runningIndex } from './support/running-index.js';
import { tinyWheel } from './support/tiny-wheel.js';

/** A wheel that goes to the store in parts. */
const WHEEL = { name: 'fiftyone', version: '1.0', extra: { 'data.bin': noise(12 * 2 ** 20) } };
const NAME = 'fiftyone-1.0-py3-none-any.whl';

async function takesAndGives(path: string, env: Record<string, string | undefined>): Promise<void> {
  const index = await runningIndex({ files: await openFileStore(path, env) });
  const { bytes } = await tinyWheel(WHEEL);
  expect((await index.send(NAME, bytes, {})).status).toBe(200);
  expect(Buffer.from(await (await index.ask(`/packages/${NAME}`)).arrayBuffer()).equals(bytes)).toBe(true);
  const part = await index.ask(`/packages/${NAME}`, { headers: { range: 'bytes=9000000-9000099' } });
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(9_000_000, 9_000_100))).toBe(true);
  await index.verbs.delete(NAME, 'an admin');
  expect((await index.ask(`/packages/${NAME}`)).status).toBe(404);
  expect(await index.verbs.sweep()).toEqual([]);
}

/** Bytes that do not shrink, the same each time. */
function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = 1;
  for (let i = 0; i < size; i += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes.writeUInt32LE(state, i);
  }
  return bytes;
}

test('a folder of this machine holds the files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fiftyone-store-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await takesAndGives(join(folder, 'index'), {});
});

describe('S3', async () => {
  const world = await orLeftOut(s3World);
  if (world === undefined) return;
  afterAll(() => world.server.stop());

  test('a folder of a bucket holds the files', async () => {
    await takesAndGives(`${await world.bucket()}some/folder`, { HOME: '/nonexistent', ...world.env() });
  });
});
