import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { checksumOfParts, md5, partSize, sameContent } from '../../src/media/checksum.js';
import { bytesSource, type Source } from '../../src/media/source.js';
import { listObjects, type MediaStore, type Part, type StoredObject } from '../../src/media/store.js';
import { StoreError, type StoreTrouble } from '../../src/media/store-error.js';
import { writeObject } from '../../src/media/write-object.js';

/** A store that a test has for itself: nothing is in it. */
export interface TestedMediaStore {
  readonly store: MediaStore;
  /** Whether an upload in parts goes on after its process has ended. */
  readonly resumes: boolean;
  /** Whether the parts of an upload that nobody finishes can be deleted. */
  readonly drops: boolean;
}

/** As long as a key may be. Each name in it fits on a disk. */
const LONGEST_KEY = `${'n'.repeat(200)}/${'ö'.repeat(100)}/${'x'.repeat(200)}/${'y'.repeat(200)}/${'z'.repeat(216)}.png`;

/** What every store of media does. */
export function mediaStoreContract(open: () => Promise<TestedMediaStore>): void {
  const put = (store: MediaStore, key: string, text: string) => store.put(key, Buffer.from(text), md5(Buffer.from(text)));

  test('what is put at a key is read there, and stat and list tell its size, checksum and version', async () => {
    const { store } = await open();
    const written = await put(store, 'folder/a.txt', 'hello');
    expect(written).toMatchObject({ key: 'folder/a.txt', size: 5, checksum: md5(Buffer.from('hello')) });
    expect(await text(store, 'folder/a.txt')).toBe('hello');
    const stated = (await store.stat('folder/a.txt')) as StoredObject;
    const [listed] = await all(listObjects(store, 'folder/'));
    expect(stated).toMatchObject({ key: 'folder/a.txt', size: 5, version: written.version });
    expect(listed).toMatchObject({ key: 'folder/a.txt', size: 5, version: written.version });
    expect([stated, listed].map((object) => object?.checksum ?? written.checksum)).toEqual([written.checksum, written.checksum]);
    expect(Math.abs(stated.modified.getTime() - Date.now())).toBeLessThan(60_000);
  });

  test('an empty object is an object', async () => {
    const { store } = await open();
    await put(store, 'empty', '');
    expect(await store.stat('empty')).toMatchObject({ size: 0 });
    expect(await text(store, 'empty')).toBe('');
  });

  test('where nothing is, stat tells so, reading fails, and deleting does nothing', async () => {
    const { store } = await open();
    expect(await store.stat('no/such')).toBeUndefined();
    expect(await troubleOf(() => text(store, 'no/such'))).toBe('missing');
    await store.delete('no/such');
    expect(await all(listObjects(store, ''))).toEqual([]);
  });

  test('what is deleted is gone', async () => {
    const { store } = await open();
    await put(store, 'a', '1');
    await store.delete('a');
    expect(await store.stat('a')).toBeUndefined();
    expect(await all(listObjects(store, ''))).toEqual([]);
  });

  test('a range is read to the byte', async () => {
    const { store } = await open();
    await put(store, 'a', '0123456789');
    expect(await text(store, 'a', { start: 3, end: 7 })).toBe('3456');
    expect(await text(store, 'a', { start: 8 })).toBe('89');
    expect(await text(store, 'a', { end: 1 })).toBe('0');
    expect(await text(store, 'a', { start: 4, end: 4 })).toBe('');
  });

  test('content of another version is not read', async () => {
    const { store } = await open();
    const first = await put(store, 'a', 'one');
    await put(store, 'a', 'another');
    expect(await troubleOf(() => text(store, 'a', { ifVersion: first.version }))).toBe('changed');
  });

  test('a key that must be free is written once, whoever comes first', async () => {
    const { store } = await open();
    const [one, two] = ['one', 'two'].map((word) => Buffer.from(word)) as [Buffer, Buffer];
    await store.put('a', one, md5(one), { ifAbsent: true });
    expect(await troubleOf(() => store.put('a', two, md5(two), { ifAbsent: true }))).toBe('taken');
    expect(await text(store, 'a')).toBe('one');
    const many = Array.from({ length: 8 }, (_, i) => Buffer.from(`content ${i}`));
    const ends = await Promise.allSettled(many.map((content) => store.put('b', content, md5(content), { ifAbsent: true })));
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await text(store, 'b')).toBe(`content ${ends.findIndex(({ status }) => status === 'fulfilled')}`);
  });

  test('a version that is no longer there is not replaced', async () => {
    const { store } = await open();
    const [one, two] = ['one', 'second'].map((word) => Buffer.from(word)) as [Buffer, Buffer];
    const first = await store.put('a', one, md5(one));
    const second = await store.put('a', two, md5(two), { ifVersion: first.version });
    expect(second.version).not.toBe(first.version);
    expect(await troubleOf(() => store.put('a', one, md5(one), { ifVersion: first.version }))).toBe('taken');
    expect(await text(store, 'a')).toBe('second');
  });

  test('content that is not what its checksum says is refused', async () => {
    const { store } = await open();
    expect(await troubleOf(() => store.put('a', Buffer.from('sent'), md5(Buffer.from('meant'))))).toBe('damaged');
    expect(await store.stat('a')).toBeUndefined();
  });

  test.each(
    [
      'with a space.txt',
      'with  two  spaces and a plus+.txt',
      'ünïcødé/日本語/😀.png',
      'e\u0301 apart and \u00e9 in one.png',
      '100%/%41%2F%zz.png',
      'what?/is=this&that.png',
      'a#b/#c.png',
      `quotes'"<>&;.png`,
      'comma,colon:at@dollar$tilde~bracket[1](2){3}!*^`|.png',
      'upper/UPPER/a',
      LONGEST_KEY,
    ].map((key) => [key.length > 100 ? 'of 1,024 bytes' : key, key]),
  )('the key %s is kept as it is', async (_, key) => {
    const { store } = await open();
    await put(store, key, key);
    await put(store, 'another', 'x');
    expect(await store.stat(key)).toMatchObject({ key, size: Buffer.byteLength(key) });
    expect(await text(store, key)).toBe(key);
    expect((await all(listObjects(store, ''))).map((object) => object.key).sort()).toEqual([key, 'another'].sort());
    expect((await all(listObjects(store, key.slice(0, 3)))).map((object) => object.key)).toEqual([key]);
    if (store.copy) {
      await store.copy((await store.stat(key)) as StoredObject, `copy/${key.slice(-200)}`);
      expect(await text(store, `copy/${key.slice(-200)}`)).toBe(key);
    }
    await store.delete(key);
    expect(await store.stat(key)).toBeUndefined();
  });

  test('a list is of what starts with the prefix, and a shallow one of what has no further slash', async () => {
    const { store } = await open();
    for (const key of ['a/1', 'a/2', 'a/b/3', 'ab', 'b']) await put(store, key, key);
    const keys = async (prefix: string, shallow: boolean) =>
      (await all(listObjects(store, prefix, shallow))).map(({ key }) => key).sort();
    expect(await keys('', false)).toEqual(['a/1', 'a/2', 'a/b/3', 'ab', 'b']);
    expect(await keys('a', false)).toEqual(['a/1', 'a/2', 'a/b/3', 'ab']);
    expect(await keys('a/', false)).toEqual(['a/1', 'a/2', 'a/b/3']);
    expect(await keys('a/', true)).toEqual(['a/1', 'a/2']);
    expect(await keys('', true)).toEqual(['ab', 'b']);
    expect(await keys('a/b/3', true)).toEqual(['a/b/3']);
    expect(await keys('c', false)).toEqual([]);
    expect(await keys('c/d/', true)).toEqual([]);
  });

  test('a list has all pages', async () => {
    const { store } = await open();
    const keys = Array.from({ length: 1050 }, (_, i) => `many/${String(i).padStart(5, '0')}`);
    for (let i = 0; i < keys.length; i += 100) {
      await Promise.all(keys.slice(i, i + 100).map((key) => put(store, key, 'x')));
    }
    expect((await all(listObjects(store, 'many/'))).map(({ key }) => key).sort()).toEqual(keys);
  });

  test('large content goes in parts, and its checksum is known', async () => {
    const { store } = await open();
    const content = large(2);
    const written = await writeObject(store, 'large ü.bin', bytesSource(content));
    expect(written).toMatchObject({ size: content.length, checksum: checksumOfParts(pieces(content).map(md5)) });
    expect(md5(await bytes(store, 'large ü.bin'))).toBe(md5(content));
    const listed = await all(listObjects(store, ''));
    expect(listed.map(({ key, version }) => ({ key, version }))).toEqual([{ key: 'large ü.bin', version: written.version }]);
    expect(await sameContent(store, listed[0] as StoredObject, bytesSource(content))).toBe(true);
    content.writeUInt8(content.readUInt8(content.length - 1) ^ 1, content.length - 1);
    expect(await sameContent(store, listed[0] as StoredObject, bytesSource(content))).toBe(false);
  });

  test('large content, too, is not written over what is there', async () => {
    const { store } = await open();
    const content = large(1);
    await put(store, 'a', 'mine');
    const write = () => writeObject(store, 'a', bytesSource(content), { condition: { ifAbsent: true } });
    expect(await troubleOf(write)).toBe('taken');
    expect(await text(store, 'a')).toBe('mine');
    const { version } = (await store.stat('a')) as StoredObject;
    await writeObject(store, 'a', bytesSource(content), { condition: { ifVersion: version } });
    expect(await store.stat('a')).toMatchObject({ size: content.length });
  });

  test('an upload that was cut off is in no list, and goes on where it stopped', async () => {
    const { store, resumes } = await open();
    const content = large(4);
    const cut: MediaStore = {
      ...store,
      putPart: async (upload, number, piece, digest) => {
        if (number > 3) throw new Error('the machine is gone');
        return await store.putPart(upload, number, piece, digest);
      },
    };
    await expect(writeObject(cut, 'folder/a', bytesSource(content))).rejects.toThrow('the machine is gone');
    expect(await all(listObjects(store, ''))).toEqual([]);
    expect(await store.stat('folder/a')).toBeUndefined();

    const sent: number[] = [];
    const watched: MediaStore = {
      ...store,
      putPart: async (upload, number, piece, digest): Promise<Part> => {
        sent.push(number);
        return await store.putPart(upload, number, piece, digest);
      },
    };
    // one of the parts is another one by now
    content.writeUInt8(content.readUInt8(0) ^ 1, 0);
    await writeObject(watched, 'folder/a', bytesSource(content));
    expect(sent.sort()).toEqual(resumes ? [1, 4, 5] : [1, 2, 3, 4, 5]);
    expect(md5(await bytes(store, 'folder/a'))).toBe(md5(content));
    if (resumes) {
      expect((await store.beginParts('folder/a', content.length)).parts.size).toBe(0);
    }
  });

  test('what is left of an upload that nobody finishes can be dropped', async () => {
    const { store, drops } = await open();
    const size = 2 * partSize(1);
    const piece = Buffer.alloc(partSize(1));
    const upload = await store.beginParts('a', size);
    await store.putPart(upload, 1, piece, md5(piece));
    await store.dropParts(await store.beginParts('a', size));
    if (drops) expect((await store.beginParts('a', size)).parts.size).toBe(0);
    expect(await all(listObjects(store, ''))).toEqual([]);
  });

  test('a part that is not what its checksum says is refused', async () => {
    const { store } = await open();
    const piece = Buffer.alloc(partSize(1));
    const upload = await store.beginParts('a', 2 * piece.length);
    expect(await troubleOf(() => store.putPart(upload, 1, piece, md5(Buffer.from('another'))))).toBe('damaged');
  });

  test('two machines at work on one upload end with the same object', async () => {
    const { store } = await open();
    const content = large(2);
    const write = () => writeObject(store, 'a', bytesSource(content));
    const ends = await Promise.allSettled([write(), write()]);
    expect(ends.map(({ status }) => status)).toContain('fulfilled');
    expect(md5(await bytes(store, 'a'))).toBe(md5(content));
  });

  test('a file that changes while it is sent is not written', async () => {
    const { store } = await open();
    const content = large(2);
    expect(await troubleOf(() => writeObject(store, 'a', changing(content)))).toBe('changed');
    expect(await store.stat('a')).toBeUndefined();
  });
}

/** As many whole parts and a bit. */
function large(parts: number): Buffer {
  return randomBytes(parts * partSize(1) + 1000);
}

function pieces(content: Buffer): Buffer[] {
  const size = partSize(content.length);
  return Array.from({ length: Math.ceil(content.length / size) }, (_, i) => content.subarray(i * size, (i + 1) * size));
}

/** Content whose last part is not to be read. */
function changing(content: Buffer): Source {
  const read = async (start: number, end: number) => {
    if (end < content.length) return content.subarray(start, end);
    throw new StoreError('the source', 'changed');
  };
  return { size: content.length, read };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function bytes(store: MediaStore, key: string, range = {}): Promise<Buffer> {
  return Buffer.concat(await all(store.read(key, range)));
}

async function text(store: MediaStore, key: string, range = {}): Promise<string> {
  return (await bytes(store, key, range)).toString();
}

async function troubleOf(act: () => Promise<unknown>): Promise<StoreTrouble | 'none'> {
  return await act().then(
    () => 'none',
    (error) => (error instanceof StoreError ? error.trouble : Promise.reject(error)),
  );
}
