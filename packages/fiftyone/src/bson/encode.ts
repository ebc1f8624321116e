import { Doc, ObjectId, type ReadonlyDoc, type Value } from './doc.js';
import { BsonType, type Scalar } from './scalar.js';

/** The BSON bytes of a document. @throws TypeError for a key that holds a NUL character */
export function encode(doc: ReadonlyDoc): Uint8Array {
  const writer = new Writer();
  writer.document(doc);
  return writer.bytes();
}

/** One buffer for all: a document is written to its end before the next one begins. */
let scratch = Buffer.allocUnsafe(64 * 1024);
const LARGEST_KEPT = 1024 * 1024;

/** Up to here a loop is faster than a call. */
const SHORT = 48;

class Writer {
  #buffer = scratch;
  #at = 0;

  bytes(): Uint8Array {
    if (this.#buffer.length <= LARGEST_KEPT) scratch = this.#buffer;
    return Buffer.from(this.#buffer.subarray(0, this.#at));
  }

  document(doc: ReadonlyDoc): void {
    const start = this.#open();
    for (const [key, value] of doc) this.#element(key, value);
    this.#close(start);
  }

  #element(key: string, value: Value): void {
    if (value === null) this.#head(BsonType.null, key);
    else if (typeof value === 'string') {
      this.#head(BsonType.string, key);
      const start = this.#skip(4);
      this.#text(value);
      this.#byte(0);
      this.#buffer.writeInt32LE(this.#at - start - 4, start);
    } else if (typeof value === 'boolean') {
      this.#head(BsonType.boolean, key);
      this.#byte(value ? 1 : 0);
    } else if (value instanceof Doc) {
      this.#head(BsonType.document, key);
      this.document(value);
    } else if (Array.isArray(value)) {
      this.#head(BsonType.array, key);
      const start = this.#open();
      for (let i = 0; i < value.length; i++) this.#element(String(i), value[i] as Value);
      this.#close(start);
    } else if (value instanceof ObjectId) {
      this.#head(BsonType.objectId, key);
      this.#raw(value.id);
    } else {
      this.#head((value as Scalar).type, key);
      this.#raw((value as Scalar).bytes);
    }
  }

  #head(type: number, key: string): void {
    if (key.includes('\0')) throw new TypeError(`a key must not hold a NUL character: ${JSON.stringify(key)}`);
    this.#byte(type);
    this.#text(key);
    this.#byte(0);
  }

  #open(): number {
    return this.#skip(4);
  }

  #close(start: number): void {
    this.#byte(0);
    this.#buffer.writeInt32LE(this.#at - start, start);
  }

  #text(text: string): void {
    this.#room(text.length * 3);
    if (text.length > SHORT || !this.#ascii(text)) this.#at += this.#buffer.write(text, this.#at, 'utf8');
  }

  #ascii(text: string): boolean {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return false;
      this.#buffer[this.#at + i] = code;
    }
    this.#at += text.length;
    return true;
  }

  #byte(value: number): void {
    this.#room(1);
    this.#buffer[this.#at++] = value;
  }

  #raw(bytes: ArrayLike<number>): void {
    this.#room(bytes.length);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #skip(size: number): number {
    this.#room(size);
    this.#at += size;
    return this.#at - size;
  }

  #room(size: number): void {
    const needed = this.#at + size;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}
