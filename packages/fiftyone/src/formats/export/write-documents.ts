import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ByteSink } from '../../bson/byte-sink.js';
import { decode, ObjectId } from '../../bson/index.js';
import type { Rewrites } from '../../bson/rewrites.js';
import { JsonWriter, UnwritableError } from '../../bson/write-json.js';
import { FiftyOneError } from '../../errors.js';
import { documentsFile, type FRAMES, SAMPLES } from '../layout.js';

export interface DocumentsToWrite {
  readonly kind: typeof SAMPLES | typeof FRAMES;
  /** BSON documents, some at a time. */
  readonly batches: AsyncIterable<readonly Uint8Array[]>;
  readonly rewrites?: Rewrites | undefined;
  /** The folder of the export. */
  readonly folder: string;
  /** A file per document, numbered if `ordered`. */
  readonly useDirs: boolean;
  readonly ordered: boolean;
  /** Is told how many are written so far. @throws to end it */
  readonly tell: (done: number) => void;
}

/** Writes samples or frames as JSON, and says how many. @throws FiftyOneError for a document that has no JSON text */
export async function writeDocuments(what: DocumentsToWrite): Promise<number> {
  return what.useDirs ? await writeFiles(what) : await writeOneFile(what);
}

/** How much is written at once. */
const BLOCK = 4 * 2 ** 20;

async function writeOneFile({ kind, batches, rewrites, folder, tell }: DocumentsToWrite): Promise<number> {
  const file = await open(join(folder, documentsFile(kind)), 'w');
  try {
    const out = new BlockFile(file, rewrites);
    out.sink.ascii(`{"${kind}": [`);
    let count = 0;
    for await (const batch of batches) {
      for (const bson of batch) {
        if (count++ > 0) out.sink.ascii(',');
        writeText(out.writer, bson, kind);
        if (out.sink.size >= BLOCK) await out.flush();
      }
      tell(count);
    }
    out.sink.ascii(']}');
    await out.flush();
    await out.end();
    return count;
  } finally {
    await file.close();
  }
}

/** A file that is written in large blocks: one is filled while the other one is written. */
class BlockFile {
  #blocks: readonly JsonWriter[];
  #current = 0;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(
    readonly file: FileHandle,
    rewrites: Rewrites | undefined,
  ) {
    this.#blocks = [0, 1].map(() => new JsonWriter(new ByteSink(BLOCK + BLOCK / 4), rewrites));
  }

  get writer(): JsonWriter {
    return this.#blocks[this.#current] as JsonWriter;
  }

  get sink(): ByteSink {
    return this.writer.sink;
  }

  async flush(): Promise<void> {
    await this.#writing;
    const block = this.sink.written();
    this.#writing = this.file.writeFile(block);
    // it may fail before anybody waits for it
    this.#writing.catch(() => {});
    this.#current = 1 - this.#current;
    this.sink.size = 0;
  }

  async end(): Promise<void> {
    await this.#writing;
    await this.file.sync();
  }
}

/** How many files are written at once. */
const ABREAST = 64;

async function writeFiles({ kind, batches, rewrites, folder, ordered, tell }: DocumentsToWrite): Promise<number> {
  const to = join(folder, kind);
  await mkdir(to, { recursive: true });
  const writer = new JsonWriter(new ByteSink(), rewrites);
  let count = 0;
  for await (const batch of batches) {
    for (let i = 0; i < batch.length; i += ABREAST) {
      const files = batch.slice(i, i + ABREAST).map((bson) => {
        writer.sink.size = 0;
        writeText(writer, bson, kind);
        return { name: fileName(bson, ++count, ordered), text: Buffer.from(writer.sink.written()) };
      });
      await Promise.all(files.map(({ name, text }) => writeFile(join(to, name), text)));
    }
    tell(count);
  }
  return count;
}

function fileName(bson: Uint8Array, index: number, ordered: boolean): string {
  const id = idOf(bson);
  const number = String(index).padStart(6, '0');
  // frames of clips have no ids
  if (id === undefined) return `${number}.json`;
  return ordered ? `${number}-${id}.json` : `${id}.json`;
}

function idOf(bson: Uint8Array): string | undefined {
  const id = decode(bson).get('_id');
  return id instanceof ObjectId ? id.toHexString() : undefined;
}

function writeText(writer: JsonWriter, bson: Uint8Array, kind: string): void {
  try {
    writer.document(bson);
  } catch (error) {
    if (!(error instanceof UnwritableError)) throw error;
    throw new FiftyOneError(
      `the ${kind === SAMPLES ? 'sample' : 'frame'} ${idOf(bson) ?? ''} cannot be exported: ${error.message}`,
      {
        hint: 'correct it in the database, and export again: nothing was written',
        cause: error,
      },
    );
  }
}
