import { Decimal128 } from 'bson';
import { FiftyOneError } from '../errors.js';
import { BACKSLASH, BRACE, BRACE_END, BRACKET, BRACKET_END, COLON, COMMA, DOLLAR, QUOTE, SPACE } from './ascii.js';
import { ByteSink } from './byte-sink.js';
import { type CompiledRewrite, type CompiledRewrites, compile, type Element, indexOfKey } from './compiled-rewrites.js';
import { LAST_WRITTEN_MS, writeDateText } from './date-text.js';
import { decode } from './decode.js';
import { Doc, type Value } from './doc.js';
import { encode } from './encode.js';
import { placeInBson } from './place-in-bson.js';
import { quoted } from './python-json-text.js';
import type { Rewrites } from './rewrites.js';
import { BsonType, Scalar } from './scalar.js';
import { codePointAt, sizeOfPoint } from './utf8.js';
import { readInt32, textEnd, valueEnd } from './value-end.js';
import { writeDouble, writeInteger } from './write-number.js';

/** A BSON document that has no JSON text. */
export class UnwritableError extends FiftyOneError {
  constructor(
    readonly problem: string,
    /** Where in the document, for example `ground_truth.detections[3].label`. */
    readonly path: string,
  ) {
    super(path === '' ? problem : `${path}: ${problem}`);
  }
}

/** The text that Python's `json_util.dumps` makes of a BSON document, byte for byte. @throws UnwritableError */
export function bsonToJson(bson: Uint8Array, rewrites?: Rewrites): Buffer {
  const sink = new ByteSink(bson.length * 2 + 64);
  new JsonWriter(sink, rewrites).document(bson);
  return sink.written();
}

/** 1 for the ASCII characters that a JSON text of Python has as they are. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x7f && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);
/** The letter after the backslash of the characters that have one. */
const LETTERS = new Uint8Array(256);
for (const [char, letter] of Object.entries({ '"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't' }))
  LETTERS[char.charCodeAt(0)] = letter.charCodeAt(0);
const HEX = Buffer.from('0123456789abcdef');

/** How many bytes of a text are looked at before there is made room for what they become. */
const PIECE = 4096;
/** Longer keys take a longer way. */
const SHORT_KEY = 64;
/** The most that surrounds a value or is all of it, but for its texts. */
const FRAME = 96;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const FLAGS = [...'ilmsux'];
const NOT_UTF8 = 'is not UTF-8';

class Unwritable {
  constructor(
    readonly problem: string,
    readonly at: number,
  ) {}
}

/** Writes BSON documents as JSON texts into a sink, one after the other with nothing in between. */
export class JsonWriter {
  readonly #rewrites: CompiledRewrites | undefined;
  #bytes: Uint8Array = new Uint8Array();
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(
    readonly sink: ByteSink,
    rewrites?: Rewrites,
  ) {
    this.#rewrites = rewrites && rewrites.size > 0 ? compile(rewrites) : undefined;
  }

  /** @throws UnwritableError for text that is not UTF-8, and for broken bytes; then nothing is written */
  document(bson: Uint8Array): void {
    const start = this.sink.size;
    this.#open(bson);
    try {
      this.#document(0, bson.length, this.#rewrites, true);
    } catch (error) {
      this.sink.size = start;
      if (error instanceof Unwritable) throw new UnwritableError(error.problem, placeInBson(bson, error.at));
      throw error instanceof RangeError ? new UnwritableError(error.message, '') : error;
    }
  }

  #open(bson: Uint8Array): void {
    this.#bytes = bson;
    this.#view = new DataView(bson.buffer, bson.byteOffset, bson.length);
  }

  #document(at: number, limit: number, rewrites: CompiledRewrites | undefined, isTop = false): number {
    const bytes = this.#bytes;
    const end = documentEnd(bytes, at, limit);
    const start = this.sink.size;
    const seen = rewrites && new Uint8Array(rewrites.length);
    this.#byte(BRACE);
    let i = at + 4;
    while (i < end - 1) {
      const type = bytes[i] as number;
      const key = i + 1;
      const keyEnd = this.#key(key, end, i === at + 4);
      if (!isTop && bytes[key] === DOLLAR && isReference(bytes, key)) {
        this.sink.size = start;
        this.#reference(at, end, rewrites);
        return end;
      }
      if (rewrites === undefined) i = this.#value(type, keyEnd + 1, end);
      else {
        const which = indexOfKey(rewrites, bytes, key, keyEnd);
        i = this.#rewritten(type, keyEnd + 1, end, which < 0 ? undefined : rewrites[which]);
        if (which >= 0) (seen as Uint8Array)[which] = 1;
      }
    }
    if (i !== end - 1) throw new RangeError(`broken BSON document at byte ${at}`);
    if (rewrites !== undefined) this.#missing(rewrites, seen as Uint8Array, i > at + 4);
    this.#byte(BRACE_END);
    return end;
  }

  #list(at: number, limit: number, rewrite: CompiledRewrite | undefined): number {
    const bytes = this.#bytes;
    const end = documentEnd(bytes, at, limit);
    const ofItems = rewrite?.append ? undefined : rewrite;
    this.#byte(BRACKET);
    let i = at + 4;
    while (i < end - 1) {
      if (i > at + 4) this.#comma();
      else this.sink.room(FRAME);
      i = this.#value(bytes[i] as number, textEnd(bytes, i + 1, end) + 1, end, ofItems);
    }
    if (i !== end - 1) throw new RangeError(`broken BSON document at byte ${at}`);
    if (rewrite?.append) this.#append(rewrite.append, i > at + 4);
    this.#byte(BRACKET_END);
    return end;
  }

  /** Writes what a rewrite makes of a value; returns where the value ends. */
  #rewritten(type: number, at: number, limit: number, rewrite: CompiledRewrite | undefined): number {
    if (rewrite?.set !== undefined) this.#element(rewrite.set);
    else if (rewrite?.append !== undefined && type !== BsonType.array) this.#newList(rewrite.append);
    else return this.#value(type, at, limit, rewrite);
    return valueEnd(this.#bytes, type, at, limit);
  }

  /** Writes a value, for which there must be room but for its texts; returns where it ends. */
  #value(type: number, at: number, limit: number, rewrite?: CompiledRewrite): number {
    if (type === BsonType.document) return this.#document(at, limit, rewrite?.inside);
    if (type === BsonType.array) return this.#list(at, limit, rewrite);
    const { sink } = this;
    const bytes = this.#bytes;
    const end = valueEnd(bytes, type, at, limit);
    switch (type) {
      case BsonType.double:
        sink.size = writeDouble(sink.buffer, sink.size, this.#view.getFloat64(at, true));
        break;
      case BsonType.string:
        if (rewrite?.text) this.#otherText(rewrite.text(this.#decoded(at + 4, this.#stringEnd(at, end))), at);
        else this.#string(at + 4, this.#stringEnd(at, end));
        break;
      case BsonType.objectId:
        this.#objectId(at);
        break;
      case BsonType.boolean:
        sink.ascii(bytes[at] === 0 ? 'false' : 'true');
        break;
      case BsonType.date:
        this.#date(at);
        break;
      case BsonType.null:
      case BsonType.undefined:
        sink.ascii('null');
        break;
      case BsonType.int32:
        sink.size = writeInteger(sink.buffer, sink.size, readInt32(bytes, at));
        break;
      case BsonType.int64:
        this.#int64(at);
        break;
      case BsonType.symbol:
        this.#string(at + 4, this.#stringEnd(at, end));
        break;
      default:
        this.#rare(type, at, end);
    }
    return end;
  }

  #objectId(at: number): void {
    const { sink } = this;
    sink.ascii('{"$oid": "');
    const bytes = this.#bytes;
    const { buffer } = sink;
    let { size } = sink;
    for (let i = at; i < at + 12; i++) {
      const byte = bytes[i] as number;
      buffer[size++] = HEX[byte >> 4] as number;
      buffer[size++] = HEX[byte & 15] as number;
    }
    sink.size = size;
    sink.ascii('"}');
  }

  #int64(at: number): void {
    const { sink } = this;
    const value = this.#view.getInt32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
    if (Number.isSafeInteger(value)) sink.size = writeInteger(sink.buffer, sink.size, value);
    else sink.ascii(String(this.#view.getBigInt64(at, true)));
  }

  #date(at: number): void {
    const { sink } = this;
    const ms = this.#view.getInt32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
    if (ms >= 0 && ms <= LAST_WRITTEN_MS) {
      sink.ascii('{"$date": "');
      sink.size = writeDateText(sink.buffer, sink.size, ms);
      sink.ascii('"}');
    } else {
      sink.ascii(`{"$date": {"$numberLong": "${this.#view.getBigInt64(at, true)}"}}`);
    }
  }

  #rare(type: number, at: number, end: number): void {
    const { sink } = this;
    const bytes = this.#bytes;
    switch (type) {
      case BsonType.binary: {
        const subtype = bytes[at + 4] as number;
        // the old subtype has its size twice
        const data = at + (subtype === 2 ? 9 : 5);
        if (subtype === 2 && readInt32(bytes, at + 5) !== end - data) throw new Unwritable('is a broken binary', at);
        sink.ascii('{"$binary": {"base64": "');
        sink.ascii(Buffer.from(bytes.buffer, bytes.byteOffset + data, end - data).toString('base64'));
        sink.ascii(`", "subType": "${subtype.toString(16).padStart(2, '0')}"}}`);
        break;
      }
      case BsonType.regex: {
        const patternEnd = textEnd(bytes, at, end);
        const options = this.#decoded(patternEnd + 1, end - 1);
        sink.ascii('{"$regularExpression": {"pattern": ');
        this.#string(at, patternEnd);
        sink.ascii(`, "options": "${FLAGS.filter((flag) => options.includes(flag)).join('')}"}}`);
        break;
      }
      case BsonType.code:
        sink.ascii('{"$code": ');
        this.#string(at + 4, this.#stringEnd(at, end));
        sink.ascii('}');
        break;
      case BsonType.codeWithScope: {
        const scope = valueEnd(bytes, BsonType.code, at + 4, end);
        sink.ascii('{"$code": ');
        this.#string(at + 8, this.#stringEnd(at + 4, scope));
        sink.ascii(', "$scope": ');
        this.#document(scope, end, undefined, true);
        sink.ascii('}');
        break;
      }
      case BsonType.dbPointer:
        sink.ascii('{"$ref": ');
        this.#string(at + 4, this.#stringEnd(at, end - 12));
        sink.ascii(', "$id": ');
        sink.room(FRAME);
        this.#objectId(end - 12);
        sink.ascii('}');
        break;
      case BsonType.timestamp:
        sink.ascii(`{"$timestamp": {"t": ${this.#view.getUint32(at + 4, true)}, "i": ${this.#view.getUint32(at, true)}}}`);
        break;
      case BsonType.decimal128:
        sink.ascii(`{"$numberDecimal": "${new Decimal128(bytes.slice(at, end))}"}`);
        break;
      case BsonType.minKey:
        sink.ascii('{"$minKey": 1}');
        break;
      default:
        sink.ascii('{"$maxKey": 1}');
    }
  }

  /** A document with the key `$ref` can be a reference, which Python writes in an order of its own. */
  #reference(at: number, end: number, rewrites: CompiledRewrites | undefined): void {
    const bson = encode(ordered(this.#decodedDocument(at, end)));
    this.#inside(bson, at, () => this.#document(0, bson.length, rewrites, true));
  }

  #decodedDocument(at: number, end: number): Doc {
    try {
      return decode(this.#bytes.subarray(at, end));
    } catch (error) {
      // of a key that is not UTF-8
      throw error instanceof TypeError ? new Unwritable(NOT_UTF8, at) : error;
    }
  }

  #missing(rewrites: CompiledRewrites, seen: Uint8Array, comma: boolean): void {
    let needsComma = comma;
    for (const [i, { name, set, append }] of rewrites.entries()) {
      if (seen[i] || !(set || append)) continue;
      if (needsComma) this.#comma();
      needsComma = true;
      this.sink.ascii(quoted(name));
      this.sink.ascii(': ');
      if (set) this.#element(set);
      else if (append) this.#newList(append);
    }
  }

  #newList(items: readonly Element[]): void {
    this.#byte(BRACKET);
    this.#append(items, false);
    this.#byte(BRACKET_END);
  }

  #append(items: readonly Element[], comma: boolean): void {
    for (const [i, item] of items.entries()) {
      if (comma || i > 0) this.#comma();
      this.#element(item);
    }
  }

  #otherText(text: string, at: number): void {
    const bytes = Buffer.from(text);
    this.#inside(bytes, at, () => this.#string(0, bytes.length));
  }

  #element({ type, bytes }: Element): void {
    this.sink.room(FRAME);
    this.#inside(bytes, 0, () => this.#value(type, 0, bytes.length, undefined));
  }

  /** Writes from other bytes, which stand for those at `at`. */
  #inside(bytes: Uint8Array, at: number, write: () => void): void {
    const [before, view] = [this.#bytes, this.#view];
    this.#open(bytes);
    try {
      write();
    } catch (error) {
      throw error instanceof Unwritable ? new Unwritable(error.problem, at) : error;
    } finally {
      [this.#bytes, this.#view] = [before, view];
    }
  }

  /** Writes a key and its colon, after a comma unless it is the first; makes room for a value. Returns where the key ends. */
  #key(at: number, limit: number, isFirst: boolean): number {
    const { sink } = this;
    const bytes = this.#bytes;
    sink.room(SHORT_KEY + 2 * FRAME);
    const { buffer } = sink;
    let { size } = sink;
    if (!isFirst) {
      buffer[size++] = COMMA;
      buffer[size++] = SPACE;
    }
    const textSize = size;
    buffer[size++] = QUOTE;
    let i = at;
    for (const stop = Math.min(limit, at + SHORT_KEY); i < stop; i++) {
      const byte = bytes[i] as number;
      if (PLAIN[byte] === 0) break;
      buffer[size++] = byte;
    }
    if (bytes[i] === 0) {
      buffer[size] = QUOTE;
      buffer[size + 1] = COLON;
      buffer[size + 2] = SPACE;
      sink.size = size + 3;
      return i;
    }
    sink.size = textSize;
    const end = textEnd(bytes, i, limit);
    this.#string(at, end);
    sink.ascii(': ');
    sink.room(FRAME);
    return end;
  }

  /** Where the text of a string ends. */
  #stringEnd(at: number, end: number): number {
    if (end - at < 5 || this.#bytes[end - 1] !== 0) throw new RangeError(`broken BSON value at byte ${at}`);
    return end - 1;
  }

  #string(at: number, end: number): void {
    const { sink } = this;
    const bytes = this.#bytes;
    sink.room(end - at + FRAME);
    const { buffer } = sink;
    let size = sink.size;
    buffer[size++] = QUOTE;
    let i = at;
    while (i < end) {
      const byte = bytes[i] as number;
      if (PLAIN[byte] === 0) break;
      buffer[size++] = byte;
      i++;
    }
    sink.size = size;
    if (i < end) this.#escaped(i, end);
    sink.room(FRAME);
    sink.buffer[sink.size++] = QUOTE;
  }

  /** The rest of a string, in pieces, since each byte may need six. */
  #escaped(at: number, end: number): void {
    const { sink } = this;
    const bytes = this.#bytes;
    let i = at;
    while (i < end) {
      sink.room(6 * PIECE + FRAME);
      const { buffer } = sink;
      let size = sink.size;
      for (const pieceEnd = Math.min(end, i + PIECE); i < pieceEnd; ) {
        const byte = bytes[i] as number;
        if (PLAIN[byte] === 1) {
          buffer[size++] = byte;
          i++;
        } else if (LETTERS[byte] !== 0) {
          buffer[size++] = BACKSLASH;
          buffer[size++] = LETTERS[byte] as number;
          i++;
        } else {
          const point = byte < 0x80 ? byte : codePointAt(bytes, i, end);
          if (point < 0) throw new Unwritable(NOT_UTF8, i);
          i += sizeOfPoint(point);
          if (point >= 0x10000) size = putUnit(buffer, size, 0xd7c0 + (point >> 10));
          size = putUnit(buffer, size, point >= 0x10000 ? 0xdc00 + (point & 0x3ff) : point);
        }
      }
      sink.size = size;
    }
  }

  #decoded(at: number, end: number): string {
    try {
      return utf8.decode(this.#bytes.subarray(at, end));
    } catch {
      throw new Unwritable(NOT_UTF8, at);
    }
  }

  #comma(): void {
    const { sink } = this;
    sink.room(FRAME);
    sink.buffer[sink.size++] = COMMA;
    sink.buffer[sink.size++] = SPACE;
  }

  #byte(byte: number): void {
    this.sink.room(FRAME);
    this.sink.buffer[this.sink.size++] = byte;
  }
}

/** A reference in Python's order; another document as it is. */
function ordered(doc: Doc): Doc {
  const [$ref, $id, $db] = ['$ref', '$id', '$db'].map((key) => doc.get(key));
  const hasDatabase = $db !== undefined && $db !== null;
  if ($ref === undefined || !isText($ref) || $id === undefined || (hasDatabase && !isText($db))) return doc;
  const reference = Doc.of(['$ref', $ref], ['$id', $id]);
  if (hasDatabase) reference.set('$db', $db);
  for (const [key, value] of doc) if (key !== '$db') reference.set(key, value);
  return reference;
}

/** Whether Python holds a value as a string; code is a kind of string there. */
function isText(value: Value): boolean {
  const types: readonly number[] = [BsonType.symbol, BsonType.code, BsonType.codeWithScope];
  return typeof value === 'string' || (value instanceof Scalar && types.includes(value.type));
}

function documentEnd(bytes: Uint8Array, at: number, limit: number): number {
  const end = at + readInt32(bytes, at);
  if (!(end <= limit && end >= at + 5) || bytes[end - 1] !== 0) throw new RangeError(`broken BSON document at byte ${at}`);
  return end;
}

/** Whether a key is `$ref`. */
function isReference(bytes: Uint8Array, key: number): boolean {
  return bytes[key + 1] === 0x72 && bytes[key + 2] === 0x65 && bytes[key + 3] === 0x66 && bytes[key + 4] === 0;
}

/** Writes `\u` and four digits; returns where they end. */
function putUnit(out: Uint8Array, at: number, unit: number): number {
  out[at] = BACKSLASH;
  out[at + 1] = 0x75;
  for (let i = 0; i < 4; i++) out[at + 2 + i] = HEX[(unit >> (12 - 4 * i)) & 15] as number;
  return at + 6;
}
