import { createReadStream } from 'node:fs';
import type { PassThrough } from 'node:stream';
import { codecOfFile } from './compression.js';
import { DamagedFileError } from './damaged-file.js';

/** How much is read before it is given on: whole documents. */
const BATCH_BYTES = 8_000_000;

/** The server has documents of its own that are larger than the 16 MB of others by a little. */
const MOST_BYTES = 16 * 1024 * 1024 + 16 * 1024;
const LEAST_BYTES = 5;

/** Reads a file of documents. Each batch is good until the next one. @throws DamagedFileError for what is no such file */
export async function* readDocumentFile(path: string): AsyncGenerator<Uint8Array[]> {
  let carried: Buffer = Buffer.alloc(0);
  let chunks: Buffer[] = [];
  let size = 0;
  let place = 0;
  const take = (isLast: boolean): Uint8Array[] => {
    const bytes = Buffer.concat([carried, ...chunks]);
    chunks = [];
    const { documents, end } = cut(bytes, path, place, isLast);
    carried = bytes.subarray(end);
    size = carried.length;
    place += end;
    return documents;
  };
  for await (const chunk of readBytes(path)) {
    chunks.push(chunk);
    size += chunk.length;
    if (size < BATCH_BYTES) continue;
    const documents = take(false);
    if (documents.length > 0) yield documents;
  }
  const documents = take(true);
  if (documents.length > 0) yield documents;
}

function cut(bytes: Buffer, path: string, place: number, isLast: boolean): { documents: Uint8Array[]; end: number } {
  const documents: Uint8Array[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = bytes.readInt32LE(at);
    if (length < LEAST_BYTES || length > MOST_BYTES)
      throw new DamagedFileError(path, `at byte ${place + at} there is no document`);
    const end = at + length;
    if (end > bytes.length) break;
    if (bytes[end - 1] !== 0) throw new DamagedFileError(path, `the document at byte ${place + at} has no end`);
    documents.push(bytes.subarray(at, end));
    at = end;
  }
  if (isLast && at < bytes.length) throw new DamagedFileError(path, `it ends within the document at byte ${place + at}`);
  return { documents, end: at };
}

async function* readBytes(path: string): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: 1_000_000 });
  const decompressor = codecOfFile(path).decompressor();
  const whole = decompressor ? file.pipe(decompressor) : file;
  file.on('error', (error) => (whole as PassThrough).destroy(error));
  try {
    for await (const chunk of whole) yield chunk as Buffer;
  } catch (error) {
    throw fileError(path, error as NodeJS.ErrnoException);
  } finally {
    file.destroy();
    (whole as PassThrough).destroy();
  }
}

function fileError(path: string, error: NodeJS.ErrnoException): unknown {
  if (error.code === 'ENOENT') return new DamagedFileError(path, 'it is missing');
  if (error.code === 'Z_BUF_ERROR') return new DamagedFileError(path, 'it ends too early');
  if (/^(Z_|ERR_ZSTD|ZSTD)/.test(error.code ?? ''))
    return new DamagedFileError(path, `it cannot be decompressed (${error.message})`);
  return error;
}
