import { describe, expect, test } from 'vitest';
import { checksumOfParts, md5, partSize } from './checksum.js';
import { bytesSource } from './source.js';
import type { MediaStore, Part, PartedUpload } from './store.js';
import { writeObject } from './write-object.js';

const LARGE = Buffer.alloc(2 * partSize(1) + 1, 'content');

/** A store in memory that does to content what `harm` does, and believes itself. */
function storeThat(harm: (content: Buffer) => Buffer = (content) => content) {
  const made = (key: string, size: number, checksum: string) => ({ key, size, modified: new Date(0), version: '1', checksum });
  const store = {
    root: 's3://b/',
    stat: async () => undefined,
    put: async (key: string, content: Buffer) => made(key, harm(content).length, md5(harm(content))),
    beginParts: async (key: string, size: number) => ({ key, size, id: '1', parts: new Map() }),
    putPart: async (_: PartedUpload, number: number, content: Buffer): Promise<Part> => {
      return { number, size: harm(content).length, md5: md5(harm(content)), tag: '' };
    },
    finishParts: async ({ key }: PartedUpload, parts: readonly Part[]) => {
      const size = parts.reduce((sum, part) => sum + part.size, 0);
      return made(key, size, checksumOfParts(parts.map((part) => part.md5)));
    },
  };
  return store as unknown as MediaStore;
}

const flipped = (content: Buffer) => {
  const copy = Buffer.from(content);
  copy.writeUInt8(copy.readUInt8(0) ^ 1, 0);
  return copy;
};

describe('what is written', () => {
  test('is counted as it arrives', async () => {
    for (const content of [Buffer.from('small'), LARGE]) {
      let total = 0;
      const sent = (bytes: number) => {
        total += bytes;
      };
      const { size } = await writeObject(storeThat(), 'a', bytesSource(content), { sent });
      expect([size, total]).toEqual([content.length, content.length]);
    }
  });

  test.each([
    ['changes it', flipped],
    ['cuts it off', (content: Buffer) => content.subarray(1)],
  ])('is compared with what the store has: one that %s is found out', async (_, harm) => {
    for (const content of [Buffer.from('small'), LARGE]) {
      await expect(writeObject(storeThat(harm), 'a', bytesSource(content))).rejects.toMatchObject({ trouble: 'damaged' });
    }
  });

  test('must have the checksum that is expected, before anything is sent', async () => {
    const expected = md5(Buffer.from('other'));
    const write = writeObject(storeThat(), 'a', bytesSource(Buffer.from('small')), { expected });
    await expect(write).rejects.toMatchObject({ trouble: 'damaged' });
  });
});
