import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { zstd } from './zstd.js';

const bytes = Buffer.concat([Buffer.alloc(100_000, 'a'), randomBytes(100_000)]);

async function read(stored: Buffer, size = 1_000): Promise<Buffer> {
  const chunks = Array.from({ length: Math.ceil(stored.length / size) }, (_, i) => stored.subarray(i * size, (i + 1) * size));
  return await buffer(Readable.from(chunks).pipe(zstd?.decompressor() as NodeJS.ReadWriteStream));
}

if (zstd === undefined) {
  const leftOut = `LEFT OUT: zstd, which Node ${process.versions.node} does not have (22.15 has)`;
  console.error(leftOut);
  // a suite needs a test, and its name is in every report
  test(leftOut, () => {});
} else {
  test('pieces that follow one another are read as one, whichever way they come', async () => {
    const pieces = await Promise.all([bytes, new Uint8Array(), bytes.subarray(0, 10)].map((piece) => zstd?.compress(piece)));
    const stored = Buffer.concat(pieces as Uint8Array[]);
    expect(stored.length).toBeLessThan(101_000);
    for (const size of [1, 7, 4_096, 1_000_000])
      expect((await read(stored, size)).equals(Buffer.concat([bytes, bytes.subarray(0, 10)]))).toBe(true);
  });

  test('what is cut short or changed is not read', async () => {
    const stored = Buffer.from((await zstd?.compress(bytes)) as Uint8Array);
    await expect(read(stored.subarray(0, -1))).rejects.toThrow('unexpected end of file');
    await expect(read(Buffer.concat([stored, Buffer.from('more than a header')]))).rejects.toThrow(
      'no frame where one should be',
    );
    stored[20] = (stored[20] as number) ^ 0xff;
    await expect(read(stored)).rejects.toThrow();
  });
}
