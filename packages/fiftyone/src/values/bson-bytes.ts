import { BsonType, type Doc, decode, ObjectId, Scalar, type Value } from '../bson/index.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Short texts that were read lately, by their hash: labels come again and again. */
const SLOTS = 4096;
const LONGEST = 40;
const recent: string[] = new Array(SLOTS).fill('');

/** BSON that came from the server, read in place: nothing is built but what is asked for. */
export class BsonBytes {
  readonly view: DataView;
  /** The type of the value that {@link find} found. */
  type = 0;
  /** Where the value that {@link find} found begins. */
  at = 0;

  /** The same bytes; parts of it are copies, those of a Buffer are not. */
  readonly #plain: Uint8Array;

  constructor(readonly bytes: Buffer) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Looks for a key of the document that begins at a position. */
  find(document: number, key: Uint8Array): boolean {
    const { bytes, view } = this;
    const end = document + view.getInt32(document, true) - 1;
    for (let i = document + 4; i < end; ) {
      const type = bytes[i] as number;
      const start = i + 1;
      let length = 0;
      while (length < key.length && bytes[start + length] === key[length]) length++;
      if (length === key.length && bytes[start + length] === 0) {
        this.type = type;
        this.at = start + length + 1;
        return true;
      }
      while (bytes[start + length] !== 0) length++;
      i = start + length + 1;
      i += this.size(type, i);
    }
    return false;
  }

  /** Calls back with the type and position of each item of the list that begins at a position. */
  each(list: number, item: (type: number, at: number) => void): void {
    const { bytes, view } = this;
    const end = list + view.getInt32(list, true) - 1;
    for (let i = list + 4; i < end; ) {
      const type = bytes[i++] as number;
      while (bytes[i++] !== 0);
      item(type, i);
      i += this.size(type, i);
    }
  }

  /** The list at a position if it holds doubles only, else undefined. */
  doubles(list: number): number[] | undefined {
    const { bytes, view } = this;
    const size = view.getInt32(list, true);
    // an item has its type, a key of one digit, its end and eight bytes
    const count = (size - 5) / 11;
    if (count > 10 || !Number.isInteger(count)) return undefined;
    for (let i = 0; i < count; i++) if (bytes[list + 4 + 11 * i] !== BsonType.double) return undefined;
    const first = list + 7;
    // boxes and points: a literal is made at its right size
    if (count === 4) {
      return [
        view.getFloat64(first, true),
        view.getFloat64(first + 11, true),
        view.getFloat64(first + 22, true),
        view.getFloat64(first + 33, true),
      ];
    }
    if (count === 2) return [view.getFloat64(first, true), view.getFloat64(first + 11, true)];
    return Array.from({ length: count }, (_, i) => view.getFloat64(first + 11 * i, true));
  }

  /** How many bytes a value has. */
  size(type: number, at: number): number {
    switch (type) {
      case BsonType.double:
      case BsonType.date:
      case BsonType.timestamp:
      case BsonType.int64:
        return 8;
      case BsonType.string:
      case BsonType.code:
      case BsonType.symbol:
        return 4 + this.view.getInt32(at, true);
      case BsonType.document:
      case BsonType.array:
      case BsonType.codeWithScope:
        return this.view.getInt32(at, true);
      case BsonType.objectId:
        return 12;
      case BsonType.boolean:
        return 1;
      case BsonType.null:
      case BsonType.undefined:
      case BsonType.minKey:
      case BsonType.maxKey:
        return 0;
      case BsonType.int32:
        return 4;
      case BsonType.binary:
        return 5 + this.view.getInt32(at, true);
      case BsonType.decimal128:
        return 16;
      case BsonType.dbPointer:
        return 4 + this.view.getInt32(at, true) + 12;
      case BsonType.regex:
        return this.bytes.indexOf(0, this.bytes.indexOf(0, at) + 1) + 1 - at;
      default:
        throw new RangeError(`unknown BSON type 0x${type.toString(16)}`);
    }
  }

  /** The string at a position, or undefined if it is not UTF-8. */
  text(at: number): string | undefined {
    const length = this.view.getInt32(at, true) - 1;
    const start = at + 4;
    if (length <= LONGEST) return this.#shortText(start, length);
    let all = 0;
    for (let i = start; i < start + length; i++) all |= this.bytes[i] as number;
    return all < 128 ? this.bytes.toString('latin1', start, start + length) : this.#decoded(start, start + length);
  }

  #shortText(start: number, length: number): string | undefined {
    const { bytes } = this;
    let hash = 0;
    let all = 0;
    for (let i = start; i < start + length; i++) {
      const byte = bytes[i] as number;
      hash = (Math.imul(hash, 31) + byte) | 0;
      all |= byte;
    }
    if (all > 127) return this.#decoded(start, start + length);
    const slot = hash & (SLOTS - 1);
    const known = recent[slot] as string;
    if (known.length === length) {
      let same = 0;
      while (same < length && known.charCodeAt(same) === bytes[start + same]) same++;
      if (same === length) return known;
    }
    const text = bytes.toString('latin1', start, start + length);
    recent[slot] = text;
    return text;
  }

  #decoded(start: number, end: number): string | undefined {
    try {
      return utf8.decode(this.bytes.subarray(start, end));
    } catch {
      return undefined;
    }
  }

  objectId(at: number): ObjectId {
    return new ObjectId(this.#plain.slice(at, at + 12));
  }

  /** The 24 hexadecimal digits of the ObjectId at a position. */
  hex(at: number): string {
    return this.bytes.toString('hex', at, at + 12);
  }

  scalar(type: number, at: number): Scalar {
    return new Scalar(type, this.#plain.slice(at, at + this.size(type, at)));
  }

  document(at: number): Doc {
    return decode(this.#plain.subarray(at, at + this.view.getInt32(at, true)));
  }

  /** The value at a position with its exact type. */
  value(type: number, at: number): Value {
    switch (type) {
      case BsonType.null:
        return null;
      case BsonType.boolean:
        return this.bytes[at] !== 0;
      case BsonType.string:
        return this.text(at) ?? this.scalar(type, at);
      case BsonType.objectId:
        return this.objectId(at);
      case BsonType.document:
        return this.document(at);
      case BsonType.array: {
        const items: Value[] = [];
        this.each(at, (itemType, itemAt) => items.push(this.value(itemType, itemAt)));
        return items;
      }
      default:
        return this.scalar(type, at);
    }
  }
}

/** The bytes of a key. */
export function keyBytes(key: string): Uint8Array {
  return Buffer.from(key, 'utf8');
}
