import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Db } from 'mongodb';
import { rawBatches } from '../database/raw-batches.js';
import { DamagedFileError } from './damaged-file.js';
import { readDocumentFile } from './document-reader.js';
import type { StoredCollection } from './open-backup.js';
import { unwrapped } from './unwrap.js';

/** What tells documents in their order from others. */
export interface Content {
  readonly documents: number;
  /** Of their bytes, in hexadecimal digits. */
  readonly sha256: string;
}

/** Reads the documents of a collection of a backup. @throws DamagedFileError, at the end too: when they are not what they were */
export async function* checkedDocuments({
  file,
  expected,
}: Pick<StoredCollection, 'file' | 'expected'>): AsyncGenerator<Uint8Array[]> {
  if (file === undefined) return;
  const size = await sizeOf(file);
  if (expected !== undefined && size !== expected.stored) {
    throw new DamagedFileError(file, `it has ${size} bytes, not ${expected.stored}`);
  }
  const hash = createHash('sha256');
  let documents = 0;
  for await (const batch of readDocumentFile(file)) {
    for (const piece of joined(batch)) hash.update(piece);
    documents += batch.length;
    yield batch;
  }
  if (expected === undefined) return;
  if (documents !== expected.documents) {
    throw new DamagedFileError(file, `it has ${documents} documents, not ${expected.documents}`);
  }
  if (hash.digest('hex') !== expected.sha256) throw new DamagedFileError(file, 'its checksum is another one');
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new DamagedFileError(file, 'it is missing') : error;
  });
  return found.size;
}

/** What a collection of a database has, in the order in which it is stored. */
export async function contentOfCollection(db: Db, collection: string): Promise<Content> {
  const hash = createHash('sha256');
  let documents = 0;
  for await (const batch of rawBatches(db, { collection, sort: { $natural: 1 }, batchSize: 10_000 })) {
    const { bytes, count } = unwrapped(batch);
    hash.update(bytes);
    documents += count;
  }
  return { documents, sha256: hash.digest('hex') };
}

/** What a list of documents has. */
export class ContentSum {
  readonly #hash = createHash('sha256');
  #documents = 0;

  add(documents: readonly Uint8Array[]): void {
    for (const piece of joined(documents)) this.#hash.update(piece);
    this.#documents += documents.length;
  }

  end(): Content {
    return { documents: this.#documents, sha256: this.#hash.digest('hex') };
  }
}

/** Documents that follow one another in memory are one piece. */
function* joined(documents: readonly Uint8Array[]): Generator<Uint8Array> {
  for (let i = 0; i < documents.length; ) {
    const first = documents[i] as Uint8Array;
    let end = first.byteOffset;
    for (; i < documents.length; i++) {
      const { buffer, byteOffset, length } = documents[i] as Uint8Array;
      if (buffer !== first.buffer || byteOffset !== end) break;
      end += length;
    }
    yield new Uint8Array(first.buffer, first.byteOffset, end - first.byteOffset);
  }
}
