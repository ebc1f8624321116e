import { BRACE, BRACE_END, BRACKET, BRACKET_END, COLON, COMMA } from './ascii.js';
import { ByteSink } from './byte-sink.js';
import { JsonReader, skipBlanks } from './read-json.js';
import type { Rewrites } from './rewrites.js';
import { Unreadable, UnreadableError } from './unreadable.js';

/** Documents of a JSON file that were read together. */
export interface Batch {
  /** Each as BSON. They share memory that nobody else uses. */
  readonly documents: readonly Buffer[];
  /** How many bytes of the file have been read so far. */
  readonly position: number;
}

export interface CollectionOptions {
  readonly rewrites?: Rewrites;
  /** A batch ends with the first document that makes it so many bytes of BSON or more. Default: 4 MB */
  readonly batchBytes?: number;
  /** Default: what the server takes, 16 MB */
  readonly largestDocument?: number;
}

const MB = 1024 * 1024;

/**
 * The documents of a file `{"samples": [{…}, …]}`, as BSON, in batches. Of the file no more is held than the pieces in which it
 * comes and one document.
 *
 * @param key the only key that the file may have
 * @throws UnreadableError with the byte of the file where the mistake is, after all batches before it
 */
export async function* readJsonCollection(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  key: string,
  options: CollectionOptions = {},
): AsyncGenerator<Batch, void, undefined> {
  const { rewrites, batchBytes = 4 * MB, largestDocument = 16 * MB } = options;
  const sink = new ByteSink(batchBytes + MB);
  const collection = new Collection(key, new JsonReader(sink, rewrites, largestDocument));
  for await (const chunk of chunks) {
    collection.add(chunk);
    while (collection.read(batchBytes)) yield collection.batch();
  }
  collection.isComplete = true;
  while (collection.read(batchBytes)) yield collection.batch();
  if (collection.count > 0) yield collection.batch();
}

/** A document that is longer as text, by so many times, has next to nothing but blanks in it. */
const LONGEST_TEXT = 8;

/** What comes next: the beginning of the file, a document or the end of the list, the closing brace, nothing. */
type State = 'start' | 'first' | 'next' | 'close' | 'end';

class Collection {
  isComplete = false;
  #text = Buffer.alloc(MB);
  /** What of the text is still to be read. */
  #at = 0;
  #end = 0;
  /** Bytes of the file before the text. */
  #offset = 0;
  #state: State = 'start';
  /** Where the documents of the batch end. */
  #ends: number[] = [];
  #total = 0;
  /** How much text there has to be to try again: twice as much each time, so that a long document is not read too often. */
  #enough = 0;

  constructor(
    readonly key: string,
    readonly reader: JsonReader,
  ) {}

  get count(): number {
    return this.#ends.length;
  }

  batch(): Batch {
    const bytes = this.reader.sink.take();
    const documents = this.#ends.map((end, i) => bytes.subarray(i === 0 ? 0 : this.#ends[i - 1], end));
    this.#ends = [];
    return { documents, position: this.#offset + this.#at };
  }

  add(chunk: Uint8Array): void {
    const kept = this.#end - this.#at;
    const needed = kept + chunk.length + 1;
    const text = needed <= this.#text.length ? this.#text : Buffer.allocUnsafeSlow(Math.max(needed, this.#text.length * 2));
    this.#text.copy(text, 0, this.#at, this.#end);
    text.set(chunk, kept);
    this.#text = text;
    this.#offset += this.#at;
    this.#at = 0;
    this.#end = kept + chunk.length;
    text[this.#end] = 0;
  }

  /** Reads on. Returns whether there is a batch: it has so many bytes, or a mistake comes next. */
  read(batchBytes: number): boolean {
    if (this.#end - this.#at < this.#enough && !this.isComplete) return false;
    this.#enough = 0;
    try {
      while (this.#step()) if (this.reader.sink.size >= batchBytes) return true;
      return false;
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      const isCut = !this.isComplete && error.needed >= this.#end;
      const length = this.#end - this.#at;
      if (isCut && length <= LONGEST_TEXT * this.reader.largest) {
        this.#enough = 2 * length;
        return false;
      }
      if (this.count > 0) return true;
      throw this.#error(isCut ? new Unreadable(`does not end within ${length} bytes`, this.#at + 1) : error);
    }
  }

  /** Reads one thing; returns whether there may be another. */
  #step(): boolean {
    const text = this.#text;
    this.#at = skipBlanks(text, this.#at);
    const isListEnd = text[this.#at] === BRACKET_END;
    switch (this.#state) {
      case 'start':
        this.#at = this.#beginning();
        this.#state = 'first';
        return true;
      case 'first':
      case 'next': {
        if (isListEnd) {
          this.#at++;
          this.#state = 'close';
          return true;
        }
        const at = this.#state === 'first' ? this.#at : skipBlanks(text, this.#expect(COMMA, this.#at));
        this.#at = this.reader.document(text, at, this.#end);
        this.#state = 'next';
        this.#ends.push(this.reader.sink.size);
        this.#total++;
        return true;
      }
      case 'close':
        this.#at = this.#expect(BRACE_END, this.#at);
        this.#state = 'end';
        return true;
      default:
        if (this.#at < this.#end) throw new Unreadable('expected the end', this.#at);
        return false;
    }
  }

  /** Where the list begins. */
  #beginning(): number {
    const text = this.#text;
    let at = skipBlanks(text, this.#expect(BRACE, this.#at));
    for (const byte of Buffer.from(JSON.stringify(this.key))) {
      if (text[at] !== byte) throw new Unreadable(`expected the key "${this.key}"`, at);
      at++;
    }
    at = skipBlanks(text, this.#expect(COLON, skipBlanks(text, at)));
    return this.#expect(BRACKET, at);
  }

  #expect(byte: number, at: number): number {
    if (this.#text[at] !== byte) throw new Unreadable(`expected "${String.fromCharCode(byte)}"`, at);
    return at + 1;
  }

  #error(error: Unreadable): UnreadableError {
    const { problem, position, path } = error.error(this.#text, this.#at, this.#offset);
    const isDocument = (this.#state === 'first' || this.#state === 'next') && error.at > this.#at;
    const place = isDocument ? `${this.key}[${this.#total}]${path === '' ? '' : `.${path}`}` : '';
    return new UnreadableError(problem, position, place);
  }
}
