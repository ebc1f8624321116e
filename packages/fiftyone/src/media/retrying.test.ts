import { describe, expect, test } from 'vitest';
import { md5 } from './checksum.js';
import { retrying } from './retrying.js';
import type { MediaStore, StoredObject } from './store.js';
import { StoreError, type StoreTrouble } from './store-error.js';

const QUICK = { attempts: 4, firstMs: 1 };
const CONTENT = Buffer.from('content');
const OBJECT: StoredObject = { key: 'a', size: 7, modified: new Date(0), version: '1', checksum: md5(CONTENT) };

/** Fails so often with this trouble, then does what it should. */
function failing(times: number, trouble: StoreTrouble, then: Partial<MediaStore> = {}) {
  let calls = 0;
  const act = async () => {
    if (++calls <= times) throw new StoreError('s3://b/a', trouble);
    return OBJECT;
  };
  const store = { root: 's3://b/', stat: act, put: act, ...then } as unknown as MediaStore;
  return { store: retrying(store, QUICK), calls: () => calls };
}

describe('a store that tries again', () => {
  test.each(['passing', 'busy'] as const)('gets over what may pass: %s', async (trouble) => {
    const { store, calls } = failing(3, trouble);
    expect(await store.stat('a')).toBe(OBJECT);
    expect(calls()).toBe(4);
  });

  test.each(['denied', 'no bucket', 'missing', 'taken', 'changed', 'full', 'refused'] as const)(
    'does not try what cannot pass: %s',
    async (trouble) => {
      const { store, calls } = failing(1, trouble);
      await expect(store.stat('a')).rejects.toMatchObject({ trouble });
      expect(calls()).toBe(1);
    },
  );

  test('sends what arrived damaged three times and no more', async () => {
    expect(await failing(2, 'damaged').store.stat('a')).toBe(OBJECT);
    const { store, calls } = failing(100, 'damaged');
    await expect(store.stat('a')).rejects.toMatchObject({ trouble: 'damaged' });
    expect(calls()).toBe(3);
  });

  test('gives up in the end', async () => {
    const { store, calls } = failing(100, 'passing');
    await expect(store.stat('a')).rejects.toMatchObject({ trouble: 'passing' });
    expect(calls()).toBe(4);
  });

  /** The first write is done, but its answer is lost; the second one finds the key taken. */
  const unheard = (there: StoredObject) => {
    let puts = 0;
    const put = async () => {
      throw new StoreError('s3://b/a', ++puts === 1 ? 'passing' : 'taken');
    };
    return failing(0, 'passing', { put, stat: async () => there }).store;
  };

  test('knows its own write again whose answer was lost', async () => {
    expect(await unheard(OBJECT).put('a', CONTENT, md5(CONTENT), { ifAbsent: true })).toBe(OBJECT);
  });

  test('does not take the write of another for its own', async () => {
    const store = unheard({ ...OBJECT, checksum: md5(Buffer.from('another')) });
    await expect(store.put('a', CONTENT, md5(CONTENT), { ifAbsent: true })).rejects.toMatchObject({ trouble: 'taken' });
  });

  test('does not take for its own what was there before', async () => {
    const put = async () => Promise.reject(new StoreError('s3://b/a', 'taken'));
    const { store } = failing(0, 'passing', { put, stat: async () => OBJECT });
    await expect(store.put('a', CONTENT, md5(CONTENT), { ifAbsent: true })).rejects.toMatchObject({ trouble: 'taken' });
  });

  /** Every answer ends after three bytes. */
  const short = () => {
    const asked: { start: number | undefined; ifVersion: string | undefined }[] = [];
    async function* read(_: string, { start = 0, end, ifVersion }: { start?: number; end?: number; ifVersion?: string } = {}) {
      asked.push({ start, ifVersion });
      yield CONTENT.subarray(start, Math.min(start + 3, end ?? CONTENT.length));
      if (start + 3 < (end ?? CONTENT.length)) throw new StoreError('s3://b/a', 'passing');
    }
    return { store: failing(0, 'passing', { read }).store, asked };
  };

  test('reads on where it was cut off, of the same version', async () => {
    const { store, asked } = short();
    const pieces: Uint8Array[] = [];
    for await (const piece of store.read('a', { ifVersion: '1' })) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe('content');
    expect(asked).toEqual([0, 3, 6].map((start) => ({ start, ifVersion: '1' })));
  });

  test('does not put together what may be of two versions', async () => {
    const { store } = short();
    const read = async () => {
      for await (const _ of store.read('a'));
    };
    await expect(read()).rejects.toMatchObject({ trouble: 'passing' });
  });
});
