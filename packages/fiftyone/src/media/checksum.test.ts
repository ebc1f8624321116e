import { describe, expect, test } from 'vitest';
import { checksumOf, checksumOfParts, md5, partSize, sameContent } from './checksum.js';
import { bytesSource } from './source.js';
import type { MediaStore, StoredObject } from './store.js';

const MIB = 2 ** 20;

describe('checksums', () => {
  test('parts are large enough for the largest file, and the same for a size everywhere', () => {
    expect(partSize(1)).toBe(8 * MIB);
    expect(partSize(10_000 * 8 * MIB)).toBe(8 * MIB);
    expect(partSize(10_000 * 8 * MIB + 1)).toBe(16 * MIB);
    expect(Math.ceil((5 * 2 ** 40) / partSize(5 * 2 ** 40))).toBeLessThanOrEqual(10_000);
  });

  test('of parts are what S3 calls an ETag', () => {
    // md5(md5("a") . md5("b")) by another program
    expect(checksumOfParts([md5(Buffer.from('a')), md5(Buffer.from('b'))])).toBe('96e024ba2074fe77e8e965ba43a704be-2');
  });

  test('of small content are its MD5', async () => {
    expect(await checksumOf(bytesSource(Buffer.from('a')))).toBe(md5(Buffer.from('a')));
    expect(await checksumOf(bytesSource(Buffer.alloc(0)))).toBe(md5(Buffer.alloc(0)));
  });

  describe('tell whether content is the same', () => {
    const content = Buffer.alloc(20 * MIB, 'content');
    const inParts = (size: number) =>
      checksumOfParts(
        Array.from({ length: Math.ceil(content.length / size) }, (_, i) => md5(content.subarray(i * size, (i + 1) * size))),
      );
    const object = (checksum: string | undefined, size = content.length): StoredObject => {
      return { key: 'a', size, modified: new Date(0), version: '1', checksum };
    };
    const storeOf = (stated: StoredObject, read: Buffer[] = []) => {
      let reads = 0;
      const store = {
        stat: async () => stated,
        async *read() {
          reads++;
          yield* read;
        },
      } as unknown as MediaStore;
      return { store, reads: () => reads };
    };

    test.each([
      ['parts of ours and of the AWS CLI', inParts(8 * MIB)],
      ['parts of MinIO', inParts(16 * MIB)],
      ['parts of rclone', inParts(5 * MIB)],
      ['no parts', md5(content)],
    ])('by %s', async (_, checksum) => {
      const { store, reads } = storeOf(object(checksum));
      expect(await sameContent(store, object(checksum), bytesSource(content))).toBe(true);
      const other = Buffer.from(content);
      other.writeUInt8(1, 12345);
      const answer = storeOf(object(checksum), [content]);
      expect(await sameContent(answer.store, object(checksum), bytesSource(other))).toBe(false);
      expect(reads()).toBe(0);
    });

    test('by their sizes', async () => {
      const { store, reads } = storeOf(object(undefined, 1));
      expect(await sameContent(store, object(undefined, 1), bytesSource(content))).toBe(false);
      expect(reads()).toBe(0);
    });

    test('by reading the object where no checksum says it', async () => {
      const unknown = object('0123456789abcdef0123456789abcdef-7');
      const { store, reads } = storeOf(unknown, [content.subarray(0, 5), content.subarray(5)]);
      expect(await sameContent(store, unknown, bytesSource(content))).toBe(true);
      expect(reads()).toBe(1);
    });

    test('by what the store says when asked, if a list says another thing', async () => {
      // what is encrypted has an ETag that is no checksum
      const { store, reads } = storeOf(object(md5(content)));
      expect(await sameContent(store, object('0123456789abcdef0123456789abcdef'), bytesSource(content))).toBe(true);
      expect(reads()).toBe(0);
    });
  });
});
