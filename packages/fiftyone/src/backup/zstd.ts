import { Transform } from 'node:stream';
import { promisify } from 'node:util';
import zlib from 'node:zlib';

/** What newer releases of Node have. */
interface Zstd {
  zstdCompress?(bytes: Uint8Array, options: object, done: (error: Error | null, result: Buffer) => void): void;
  zstdDecompress?(bytes: Uint8Array, done: (error: Error | null, result: Buffer) => void): void;
}
const { zstdCompress, zstdDecompress } = zlib as Zstd;

/** Undefined where Node has no zstd. */
export const zstd =
  zstdCompress && zstdDecompress
    ? { compress: compressor(promisify(zstdCompress)), decompressor: () => decompressor(promisify(zstdDecompress)) }
    : undefined;

/** Node's number of zstd's parameter for the level, which its types do not have yet. */
const LEVEL = 100;

/**
 * A frame that other programs skip comes before every piece, and says how long that is, as pzstd does it: Node reads one piece at
 * a time only.
 */
const HEADER_MAGIC = 0x184d2a50;
const HEADER_BYTES = 12;

function compressor(compress: (bytes: Uint8Array, options: object) => Promise<Buffer>) {
  return async (bytes: Uint8Array): Promise<Uint8Array> => {
    const piece = await compress(bytes, { params: { [LEVEL]: 1 } });
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(HEADER_MAGIC, 0);
    header.writeUInt32LE(4, 4);
    header.writeUInt32LE(piece.length, 8);
    return Buffer.concat([header, piece]);
  };
}

function decompressor(decompress: (bytes: Uint8Array) => Promise<Buffer>): Transform {
  let left: Buffer = Buffer.alloc(0);
  const pieces = async (stream: Transform, bytes: Buffer): Promise<void> => {
    left = left.length === 0 ? bytes : Buffer.concat([left, bytes]);
    while (left.length >= HEADER_BYTES) {
      if (left.readUInt32LE(0) !== HEADER_MAGIC || left.readUInt32LE(4) !== 4) throw damaged('no frame where one should be');
      const end = HEADER_BYTES + left.readUInt32LE(8);
      if (left.length < end) return;
      stream.push(await decompress(left.subarray(HEADER_BYTES, end)));
      left = left.subarray(end);
    }
  };
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      pieces(this, bytes).then(() => done(), done);
    },
    flush(done) {
      done(left.length === 0 ? null : damaged('unexpected end of file'));
    },
  });
}

function damaged(message: string): Error {
  return Object.assign(new Error(message), { code: 'ZSTD_DAMAGED' });
}
