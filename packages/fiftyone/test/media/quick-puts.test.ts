import { afterAll, describe, expect, test } from 'vitest';
import { bytesSource } from '../../src/media/source.js';
import { writeObject } from '../../src/media/write-object.js';
import { startHttpProxy } from '../support/http-proxy.js';
import { mediaOf, orLeftOut, s3World } from '../support/media-worlds.js';

describe('uploads to S3', async () => {
  const world = await orLeftOut(s3World);
  if (world === undefined) return;
  afterAll(world.server.stop);

  test('go without the machinery of the SDK once it has shown the way, with all that it sends', async () => {
    const uploads: { bySdk: boolean; names: string[] }[] = [];
    const proxy = await startHttpProxy(world.server.port, (_, { method, headers }) => {
      const names = Object.keys(headers).filter((name) => !/^amz-sdk-|^x-amz-user-agent$|^connection$/.test(name));
      if (method === 'PUT') uploads.push({ bySdk: 'amz-sdk-invocation-id' in headers, names: names.sort() });
      return 'pass';
    });
    const { store } = await mediaOf(world.env(proxy.url))(await world.bucket());
    for (const key of ['a', 'b ü+*.png', 'c']) {
      await writeObject(store, key, bytesSource(Buffer.from(key)), { condition: { ifAbsent: true } });
      expect(await store.stat(key)).toMatchObject({ key, size: Buffer.byteLength(key) });
    }
    expect(uploads.map(({ bySdk }) => bySdk)).toEqual([true, false, false]);
    expect(uploads[1]?.names).toEqual(uploads[0]?.names);
    // what is not a plain success the SDK is asked about, which knows what it means
    const again = writeObject(store, 'a', bytesSource(Buffer.from('other')), { condition: { ifAbsent: true } });
    await expect(again).rejects.toMatchObject({ trouble: 'taken' });
    expect(uploads.slice(3).map(({ bySdk }) => bySdk)).toEqual([false, true]);
    await proxy.close();
  });
});
