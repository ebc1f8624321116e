import { promisify } from 'node:util';
import zlib, { createGunzip } from 'node:zlib';
import { UsageError } from '../errors.js';
import { zstd } from './zstd.js';

/** How the files of a backup are compressed. zstd needs a Node that has it (22.15 or newer). */
export type Compression = 'none' | 'gzip' | 'zstd';

/** One way to compress, piece by piece: what is compressed of two pieces, one after the other, is what is compressed of both. */
export interface Codec {
  readonly name: Compression;
  /** What the names of files end with. */
  readonly extension: string;
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  /** Undefined if there is nothing to be done. */
  decompressor(): NodeJS.ReadWriteStream | undefined;
}

/** How much is decompressed at once. */
const CHUNK_BYTES = 1_000_000;

const gzip = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gzip);

const CODECS: readonly Codec[] = [
  { name: 'none', extension: '', compress: async (bytes) => bytes, decompressor: () => undefined },
  {
    name: 'gzip',
    extension: '.gz',
    // on a thread of its own; higher levels take twice as long for a few percent
    compress: (bytes) => gzip(bytes, { level: 1, memLevel: 9, chunkSize: 512 * 1024 }),
    decompressor: () => createGunzip({ chunkSize: CHUNK_BYTES }),
  },
  ...(zstd ? [{ name: 'zstd' as const, extension: '.zst', ...zstd }] : []),
];

/** @throws UsageError for one that this Node does not have */
export function codecOf(compression: Compression): Codec {
  const codec = CODECS.find(({ name }) => name === compression);
  if (codec !== undefined) return codec;
  throw new UsageError(`there is no compression '${compression}' here`, {
    hint:
      compression === 'zstd'
        ? 'it needs Node 22.15 or newer; use gzip'
        : `there are: ${CODECS.map(({ name }) => name).join(', ')}`,
  });
}

/** The way in which a file is compressed, by its name. */
export function codecOfFile(file: string): Codec {
  if (file.endsWith('.zst')) return codecOf('zstd');
  return codecOf(file.endsWith('.gz') ? 'gzip' : 'none');
}
