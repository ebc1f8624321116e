import { open, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { jsonToBson, UnreadableError } from '../../bson/read-json.js';
import { readJsonCollection } from '../../bson/read-json-collection.js';
import type { Rewrites } from '../../bson/rewrites.js';
import { ImportError } from '../../errors.js';
import type { LegacyDocumentsAt } from '../legacy/read-legacy.js';
import type { DocumentsAt } from './export-folder.js';
import { seeAll } from './see-all.js';

/** Documents that were read at once, as BSON. */
export interface DocumentBatch {
  readonly documents: readonly Buffer[];
  /** How much has been read so far, and how much there is: bytes of a file, or files of a folder. */
  readonly done: number;
  readonly total: number;
}

const MB = 1024 * 1024;

/** How much of a file is read at once, and how many bytes of BSON are given at once. */
const READ_BYTES = MB;
const BATCH_BYTES = 6 * MB;

/** Reads documents, some at a time. @throws ImportError naming the file and the byte of a mistake */
export async function* readDocuments(at: DocumentsAt, rewrites: Rewrites = new Map()): AsyncGenerator<DocumentBatch> {
  if (at.kind === 'folder') yield* readFolder(at, rewrites);
  else if (at.kind === 'legacy') yield* readLegacyFile(at, rewrites);
  else yield* readFileOf(at, rewrites);
}

async function* readFileOf({ path, key }: DocumentsAt & { kind: 'file' }, rewrites: Rewrites): AsyncGenerator<DocumentBatch> {
  const { size: total } = await stat(path);
  try {
    const batches = readJsonCollection(chunksOf(path), key, { rewrites, batchBytes: BATCH_BYTES });
    for await (const { documents, position } of batches) yield { documents, done: position, total };
  } catch (error) {
    throw readable(error, dirname(path), path);
  }
}

/** The bytes of a file, piece by piece. Each is good until the next: hundreds of megabytes of new buffers would be collected in vain. */
export async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function* readLegacyFile(at: LegacyDocumentsAt, rewrites: Rewrites): AsyncGenerator<DocumentBatch> {
  const { readLegacy } = await import('../legacy/read-legacy.js');
  try {
    yield* readLegacy(at, rewrites);
  } catch (error) {
    throw readable(error, at.path, at.path);
  }
}

async function* readFolder({ path, files }: DocumentsAt & { kind: 'folder' }, rewrites: Rewrites): AsyncGenerator<DocumentBatch> {
  let documents: Buffer[] = [];
  let bytes = 0;
  for (const [i, name] of files.entries()) {
    try {
      documents.push(jsonToBson(await readFile(join(path, name)), rewrites));
    } catch (error) {
      throw readable(error, dirname(path), join(path, name));
    }
    bytes += (documents.at(-1) as Buffer).length;
    if (bytes < BATCH_BYTES && i < files.length - 1) continue;
    yield { documents, done: i + 1, total: files.length };
    documents = [];
    bytes = 0;
  }
}

function readable(error: unknown, folder: string, path: string): unknown {
  return error instanceof UnreadableError ? new UnreadableFileError(folder, path, error) : error;
}

/** A file of documents that cannot be read. */
export class UnreadableFileError extends ImportError {
  readonly problem: string;
  /** Where in the file, counted from 0. */
  readonly byte: number;
  /** For example `samples[12].filepath`. */
  readonly place: string;

  constructor(folder: string, path: string, error: UnreadableError) {
    super(path, [error.message], seeAll(folder));
    this.problem = error.problem;
    this.byte = error.position;
    this.place = error.path;
  }
}
