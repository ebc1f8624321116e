import { Doc, ObjectId, type Value } from './doc.js';
import { BsonType, Scalar } from './scalar.js';
import { textEnd, valueEnd } from './value-end.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Short texts that were read lately, by their hash: the same keys and classes come again in every document. */
const SLOTS = 4096;
const LONGEST = 64;
const recent: string[] = new Array(SLOTS).fill('');

/** Reads one BSON document. A key that occurs twice keeps its first place and its last value; @throws RangeError on broken bytes. */
export function decode(bytes: Uint8Array): Doc {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = documentEnd(view, 0, bytes.length);
  return new Reader(bytes, view).document(0, end);
}

function documentEnd(view: DataView, at: number, limit: number): number {
  const end = at + view.getInt32(at, true);
  if (end > limit || end < at + 5 || view.getUint8(end - 1) !== 0) throw new RangeError(`broken BSON document at byte ${at}`);
  return end;
}

class Reader {
  #next = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly view: DataView,
  ) {}

  document(at: number, end: number): Doc {
    const doc = new Doc();
    let i = at + 4;
    while (i < end - 1) {
      const keyEnd = textEnd(this.bytes, i + 1, end);
      const key = this.#text(i + 1, keyEnd);
      doc.set(key, this.#value(this.bytes[i] as number, keyEnd + 1, end));
      i = this.#next;
    }
    this.#close(at, i, end);
    return doc;
  }

  #list(at: number, end: number): Value[] {
    const items: Value[] = [];
    let i = at + 4;
    while (i < end - 1) {
      const keyEnd = textEnd(this.bytes, i + 1, end);
      items.push(this.#value(this.bytes[i] as number, keyEnd + 1, end));
      i = this.#next;
    }
    this.#close(at, i, end);
    return items;
  }

  #close(at: number, last: number, end: number): void {
    if (last !== end - 1) throw new RangeError(`broken BSON document at byte ${at}`);
    this.#next = end;
  }

  #value(type: number, at: number, limit: number): Value {
    switch (type) {
      case BsonType.document: {
        return this.document(at, documentEnd(this.view, at, limit));
      }
      case BsonType.array: {
        return this.#list(at, documentEnd(this.view, at, limit));
      }
      case BsonType.string: {
        const end = this.#end(at + 4 + this.view.getInt32(at, true), limit);
        try {
          return this.#text(at + 4, end - 1);
        } catch {
          return this.#scalar(type, at, end);
        }
      }
      case BsonType.objectId: {
        const end = this.#end(at + 12, limit);
        return new ObjectId(this.bytes.slice(at, end));
      }
      case BsonType.boolean:
        this.#end(at + 1, limit);
        return this.bytes[at] !== 0;
      case BsonType.null:
        this.#next = at;
        return null;
      default:
        return this.#scalar(type, at, this.#end(valueEnd(this.bytes, type, at, limit), limit));
    }
  }

  #scalar(type: number, at: number, end: number): Scalar {
    return new Scalar(type, this.bytes.slice(at, end));
  }

  #end(end: number, limit: number): number {
    if (end >= limit) throw new RangeError(`broken BSON value before byte ${end}`);
    this.#next = end;
    return end;
  }

  #text(at: number, end: number): string {
    if (end - at > LONGEST) return utf8.decode(this.bytes.subarray(at, end));
    let hash = 0;
    for (let i = at; i < end; i++) hash = (Math.imul(hash, 31) + (this.bytes[i] as number)) | 0;
    const slot = hash & (SLOTS - 1);
    const text = recent[slot] as string;
    if (this.#holds(text, at, end)) return text;
    const read = utf8.decode(this.bytes.subarray(at, end));
    recent[slot] = read;
    return read;
  }

  /** Whether these bytes are this text; false for all that is not ASCII. */
  #holds(text: string, at: number, end: number): boolean {
    if (text.length !== end - at) return false;
    for (let i = at; i < end; i++) {
      const byte = this.bytes[i] as number;
      if (byte > 127 || text.charCodeAt(i - at) !== byte) return false;
    }
    return true;
  }
}
