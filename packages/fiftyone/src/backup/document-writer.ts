import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { Codec } from './compression.js';
import type { Documents } from './unwrap.js';

/** What was written to a file. */
export interface Written {
  readonly documents: number;
  /** How many bytes the documents have. */
  readonly bytes: number;
  /** How many the file has. */
  readonly stored: number;
  /** Of the bytes of the documents, in hexadecimal digits. */
  readonly sha256: string;
}

/** How much is compressed at once, and how many such pieces are under way: a thread each. */
const PIECE_BYTES = 2_000_000;
const PIECES = 4;

/** A new file of documents. */
export class DocumentWriter {
  readonly #hash = createHash('sha256');
  readonly #underWay: Promise<void>[] = [];
  #last: Promise<void> = Promise.resolve();
  #documents = 0;
  #bytes = 0;
  #stored = 0;

  private constructor(
    readonly file: FileHandle,
    readonly codec: Codec,
  ) {}

  static async create(path: string, codec: Codec): Promise<DocumentWriter> {
    return new DocumentWriter(await open(path, 'wx'), codec);
  }

  /** Adds documents, which must stay as they are. Waits while much is under way. */
  async add({ bytes, count }: Documents): Promise<void> {
    this.#documents += count;
    this.#bytes += bytes.length;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      await this.#write(this.codec.compress(piece));
      // while the threads are at work
      this.#hash.update(piece);
    }
  }

  /** Ends the file, which then is there after a power failure, too. */
  async end(): Promise<Written> {
    // nothing at all is no compressed file
    if (this.#bytes === 0) await this.#write(this.codec.compress(new Uint8Array()));
    await this.#last;
    await this.file.sync();
    await this.file.close();
    return { documents: this.#documents, bytes: this.#bytes, stored: this.#stored, sha256: this.#hash.digest('hex') };
  }

  /** Leaves the file as it is. */
  async abandon(): Promise<void> {
    await this.#last.catch(() => {});
    await this.file.close().catch(() => {});
  }

  async #write(compressed: Promise<Uint8Array>): Promise<void> {
    const before = this.#last;
    this.#last = (async () => {
      const [bytes] = await Promise.all([compressed, before]);
      if (bytes.length > 0) await this.file.appendFile(bytes);
      this.#stored += bytes.length;
    })();
    this.#last.catch(() => {});
    this.#underWay.push(this.#last);
    if (this.#underWay.length >= PIECES) await this.#underWay.shift();
  }
}
