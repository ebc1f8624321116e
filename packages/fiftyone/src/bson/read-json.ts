import {
  BACKSLASH,
  BRACE,
  BRACE_END,
  BRACKET,
  BRACKET_END,
  COLON,
  COMMA,
  DOLLAR,
  MINUS,
  NINE,
  PLUS,
  POINT,
  QUOTE,
  SPACE,
  ZERO,
} from './ascii.js';
import { ByteSink } from './byte-sink.js';
import {
  type CompiledRewrite,
  type CompiledRewrites,
  compile,
  type Element,
  elementOf,
  indexOfKey,
} from './compiled-rewrites.js';
import { decode } from './decode.js';
import { encode } from './encode.js';
import { HEX } from './hex.js';
import { type JsonObject, parseJson } from './json.js';
import { extendedOf } from './json-value.js';
import { putInt32, putInt64 } from './put-integer.js';
import { nearestDouble } from './read-number.js';
import { readWrapped, wrappedType } from './read-wrapped.js';
import type { Rewrites } from './rewrites.js';
import { BsonType } from './scalar.js';
import { Unreadable } from './unreadable.js';
import { codePointAt, putPoint, sizeOfPoint } from './utf8.js';
import { writeInteger } from './write-number.js';

export { UnreadableError } from './unreadable.js';

/** The BSON document that Python makes of a JSON text: `bson.encode(json_util.loads(text))`. @throws UnreadableError */
export function jsonToBson(text: Uint8Array, rewrites?: Rewrites): Buffer {
  const sink = new ByteSink(text.length + 64);
  const bytes = Buffer.concat([text, Buffer.alloc(1)]);
  const start = skipBlanks(bytes, 0);
  try {
    const end = new JsonReader(sink, rewrites).document(bytes, start, text.length);
    const rest = skipBlanks(bytes, end);
    if (rest < text.length) throw new Unreadable('expected the end', rest);
  } catch (error) {
    throw error instanceof Unreadable ? error.error(text, start, 0) : error;
  }
  return sink.written();
}

/** 1 for the ASCII characters that a string has as they are. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);
const ESCAPES = new Uint8Array(256);
for (const [letter, char] of Object.entries({ b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', '/': '/' }))
  ESCAPES[letter.charCodeAt(0)] = char.charCodeAt(0);
/** What a value takes at most but for its texts, with the number of its place in a list. */
const FRAME = 64;
/** The server takes less. */
const DEEPEST = 200;
/** From so many keys on they are compared as a set. */
const MANY_KEYS = 64;

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');
const NAN = Buffer.from('NaN');
const INFINITE = Buffer.from('Infinity');

const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);

/** Reads JSON documents as BSON into a sink, one after the other with nothing in between. */
export class JsonReader {
  readonly #rewrites: CompiledRewrites | undefined;
  #text: Uint8Array = new Uint8Array();
  #at = 0;
  #end = 0;
  #start = 0;
  /** Where the keys of the documents that are being read begin in the sink, each document's after those of the one around it. */
  #keys = new Int32Array(1024);
  #keyCount = 0;

  /** @param largest bytes of BSON that a document may have */
  constructor(
    readonly sink: ByteSink,
    rewrites?: Rewrites,
    readonly largest: number = Number.POSITIVE_INFINITY,
  ) {
    this.#rewrites = rewrites && rewrites.size > 0 ? compile(rewrites) : undefined;
  }

  /**
   * Reads the document that begins at a byte; returns where it ends.
   * @param end where the text ends; the byte there must be a 0
   * @throws Unreadable, with nothing written
   */
  document(text: Uint8Array, at: number, end: number): number {
    const start = this.sink.size;
    [this.#text, this.#at, this.#end, this.#start, this.#keyCount] = [text, at, end, start, 0];
    try {
      if (text[at] !== BRACE) throw new Unreadable('expected "{"', at);
      this.#object(-1, this.#rewrites, 1);
      if (this.sink.size - start > this.largest) throw this.#tooLarge();
    } catch (error) {
      this.sink.size = start;
      throw error;
    }
    return this.#at;
  }

  /** Reads an object. @param element where the type of the value is to be written, or -1 for the outermost document */
  #object(element: number, rewrites: CompiledRewrites | undefined, depth: number): void {
    const { sink } = this;
    const text = this.#text;
    const from = this.#at;
    const start = this.#begin(depth);
    const firstKey = this.#keyCount;
    const seen = rewrites && new Uint8Array(rewrites.length);
    let many: Set<string> | undefined;
    let isSpecial = false;
    let isRepeated = false;
    if (text[this.#at] === BRACE_END) this.#at++;
    else
      for (;;) {
        if (text[this.#at] !== QUOTE) throw new Unreadable('expected a key', this.#at);
        const key = this.#key();
        const keyEnd = sink.size - 1;
        if (sink.buffer[key] === DOLLAR) isSpecial = true;
        if (this.#keyCount - firstKey < MANY_KEYS) {
          if (this.#isKnown(firstKey, key, keyEnd)) isRepeated = true;
        } else {
          many ??= new Set(this.#keysFrom(firstKey));
          const { size } = many;
          if (many.add(sink.buffer.toString('latin1', key, keyEnd)).size === size) isRepeated = true;
        }
        const which = rewrites === undefined ? -1 : indexOfKey(rewrites, sink.buffer, key, keyEnd);
        if (which >= 0) (seen as Uint8Array)[which] = 1;
        this.#value(key - 1, rewrites?.[which], depth);
        if (this.#isLast(BRACE_END)) break;
      }
    this.#keyCount = firstKey;
    if (isSpecial && this.#special(element, from, start)) return;
    if (rewrites !== undefined) this.#missing(rewrites, seen as Uint8Array);
    this.#close(start);
    if (isRepeated) this.#deduplicate(start);
    if (element >= 0) sink.buffer[element] = BsonType.document;
  }

  #list(element: number, rewrite: CompiledRewrite | undefined, depth: number): void {
    const { sink } = this;
    const start = this.#begin(depth);
    const ofItems = rewrite?.append || rewrite?.set ? undefined : rewrite;
    let count = 0;
    if (this.#text[this.#at] === BRACKET_END) this.#at++;
    else
      for (;;) {
        this.#value(this.#index(count++), ofItems, depth);
        if (this.#isLast(BRACKET_END)) break;
      }
    if (rewrite?.append) for (const item of rewrite.append) this.#put(this.#index(count++), item);
    this.#close(start);
    sink.buffer[element] = BsonType.array;
  }

  /** Steps over an opening bracket; returns where the document begins in the sink. */
  #begin(depth: number): number {
    const { sink } = this;
    if (depth > DEEPEST) throw new Unreadable(`is nested deeper than ${DEEPEST} levels`, this.#at);
    this.#at = skipBlanks(this.#text, this.#at + 1);
    sink.room(FRAME);
    sink.size += 4;
    return sink.size - 4;
  }

  #close(start: number): void {
    const { sink } = this;
    sink.room(FRAME);
    sink.buffer[sink.size++] = 0;
    putInt32(sink.buffer, start, sink.size - start);
  }

  /** After an item: whether it was the last. Steps over what separates it from the next one, or over the closing bracket. */
  #isLast(close: number): boolean {
    const text = this.#text;
    let at = this.#at;
    if ((text[at] as number) <= SPACE) at = skipBlanks(text, at);
    const mark = text[at];
    if (mark !== COMMA && mark !== close) throw new Unreadable(`expected "," or "${String.fromCharCode(close)}"`, at);
    at++;
    if (mark === COMMA && (text[at] as number) <= SPACE) at = skipBlanks(text, at);
    this.#at = at;
    return mark === close;
  }

  /** Reads a key and its colon, with room for the type in front; returns where the key begins in the sink. */
  #key(): number {
    const { sink } = this;
    sink.room(FRAME);
    const key = ++sink.size;
    const from = this.#at++;
    const isPlain = this.#string();
    if (!isPlain && sink.written().includes(0, key)) throw new Unreadable('a key must not hold a NUL character', from);
    sink.room(FRAME);
    sink.buffer[sink.size++] = 0;
    const text = this.#text;
    let at = this.#at;
    if ((text[at] as number) <= SPACE) at = skipBlanks(text, at);
    if (text[at] !== COLON) throw new Unreadable('expected ":"', at);
    at++;
    if ((text[at] as number) <= SPACE) at = skipBlanks(text, at);
    this.#at = at;
    return key;
  }

  /** Writes the key of an item of a list; returns where its type has to be written. */
  #index(index: number): number {
    const { sink } = this;
    sink.room(FRAME);
    const element = sink.size;
    sink.size = writeInteger(sink.buffer, element + 1, index);
    sink.buffer[sink.size++] = 0;
    return element;
  }

  /** Whether a key of the document was there before; it is noted. */
  #isKnown(firstKey: number, key: number, keyEnd: number): boolean {
    const { buffer } = this.sink;
    const keys = this.#keys;
    let isKnown = false;
    for (let i = firstKey; i < this.#keyCount; i++) {
      const other = keys[i] as number;
      let k = 0;
      while (buffer[other + k] === buffer[key + k] && key + k < keyEnd) k++;
      if (key + k === keyEnd && buffer[other + k] === 0) isKnown = true;
    }
    if (this.#keyCount === keys.length) {
      this.#keys = new Int32Array(keys.length * 2);
      this.#keys.set(keys);
    }
    this.#keys[this.#keyCount++] = key;
    return isKnown;
  }

  *#keysFrom(firstKey: number): Generator<string> {
    const { buffer } = this.sink;
    for (const key of this.#keys.subarray(firstKey, this.#keyCount)) yield buffer.toString('latin1', key, buffer.indexOf(0, key));
  }

  /** Reads a value with what happens to it. @param element where its type is to be written */
  #value(element: number, rewrite: CompiledRewrite | undefined, depth: number): void {
    const { sink } = this;
    const start = sink.size;
    sink.room(FRAME);
    const first = this.#text[this.#at] as number;
    if (first === QUOTE) this.#stringValue(element, rewrite);
    else if (first === BRACE) {
      if (!this.#wrapped(element)) this.#object(element, rewrite?.inside, depth + 1);
    } else if (first === BRACKET) this.#list(element, rewrite, depth + 1);
    else this.#word(element, first);
    if (rewrite !== undefined) this.#replace(element, start, rewrite);
    if (sink.size - this.#start > this.largest) throw this.#tooLarge();
  }
  /** Puts in place of a value that was read what a rewrite says. */
  #replace(element: number, start: number, rewrite: CompiledRewrite): void {
    const { sink } = this;
    if (rewrite.set) {
      sink.size = start;
      this.#put(element, rewrite.set);
    } else if (rewrite.append && sink.buffer[element] !== BsonType.array) {
      sink.size = start;
      this.#newList(element, rewrite.append);
    }
  }

  #missing(rewrites: CompiledRewrites, seen: Uint8Array): void {
    const { sink } = this;
    for (const [i, { key, set, append }] of rewrites.entries()) {
      if (seen[i] || !(set || append)) continue;
      sink.room(FRAME);
      const element = sink.size++;
      sink.bytes(key);
      sink.room(FRAME);
      sink.buffer[sink.size++] = 0;
      if (set) this.#put(element, set);
      else if (append) this.#newList(element, append);
    }
  }

  #newList(element: number, items: readonly Element[]): void {
    const { sink } = this;
    const start = sink.size;
    sink.size += 4;
    for (const [i, item] of items.entries()) this.#put(this.#index(i), item);
    this.#close(start);
    sink.buffer[element] = BsonType.array;
  }

  #put(element: number, { type, bytes }: Element): void {
    this.sink.buffer[element] = type;
    this.sink.bytes(bytes);
  }

  /** If an object stands for another value this is written; returns whether it does. */
  #special(element: number, from: number, start: number): boolean {
    const { sink } = this;
    try {
      const json = parseJson(Buffer.from(this.#text.subarray(from, this.#at)).toString()) as JsonObject;
      const value = extendedOf(new Map(json.entries));
      if (value === undefined) return false;
      if (element < 0) throw new SyntaxError('is a single value, not a document');
      sink.size = start;
      this.#put(element, elementOf(value));
      return true;
    } catch (error) {
      throw error instanceof SyntaxError || error instanceof TypeError ? new Unreadable(error.message, from) : error;
    }
  }

  /** Of a repeated key only the last value is kept, in its first place. */
  #deduplicate(start: number): void {
    const { sink } = this;
    const bson = encode(decode(sink.buffer.subarray(start, sink.size)));
    sink.size = start;
    sink.bytes(bson);
  }

  /** Reads an id, date or binary as Python writes it; returns whether it is one. */
  #wrapped(element: number): boolean {
    const { sink } = this;
    const type = wrappedType(this.#text, this.#at);
    if (type < 0) return false;
    const end = readWrapped(type, this.#text, this.#at, this.#end, sink);
    if (end < 0) return false;
    sink.buffer[element] = type;
    this.#at = end;
    return true;
  }

  #stringValue(element: number, rewrite: CompiledRewrite | undefined): void {
    const { sink } = this;
    const start = sink.size;
    sink.size += 4;
    this.#at++;
    this.#string();
    if (rewrite?.text) {
      const text = sink.buffer.toString('utf8', start + 4, sink.size);
      const changed = rewrite.text(text);
      if (changed !== text) {
        sink.size = start + 4;
        sink.bytes(Buffer.from(changed));
      }
    }
    sink.room(FRAME);
    sink.buffer[sink.size++] = 0;
    sink.buffer[element] = BsonType.string;
    putInt32(sink.buffer, start, sink.size - start - 4);
  }

  /** Reads the rest of a string, after its opening quote. Returns whether it holds only plain characters. */
  #string(): boolean {
    const { sink } = this;
    const text = this.#text;
    let i = this.#at;
    let isPlain = true;
    for (;;) {
      sink.room(FRAME);
      const { buffer } = sink;
      let { size } = sink;
      // no byte of the text becomes more than one
      const limit = i + buffer.length - size - 8;
      let byte = 0;
      while (i < limit) {
        byte = text[i] as number;
        if (PLAIN[byte] !== 1) break;
        buffer[size++] = byte;
        i++;
      }
      sink.size = size;
      if (i >= limit) continue;
      if (byte === QUOTE) break;
      i = this.#unusual(i, byte);
      isPlain = false;
    }
    this.#at = i + 1;
    return isPlain;
  }

  /** Reads a character of a string that is an escape or not ASCII; returns where it ends. */
  #unusual(at: number, byte: number): number {
    const text = this.#text;
    const { sink } = this;
    if (byte >= 0x80) {
      const point = codePointAt(text, at, this.#end);
      if (point < 0) throw new Unreadable('is not UTF-8', at, at + 3);
      sink.size = putPoint(sink.buffer, sink.size, point);
      return at + sizeOfPoint(point);
    }
    if (byte !== BACKSLASH) throw new Unreadable('expected the end of a string', at);
    const letter = text[at + 1] as number;
    if (letter !== 0x75) {
      if (ESCAPES[letter] === 0) throw new Unreadable('expected an escape', at + 1);
      sink.buffer[sink.size++] = ESCAPES[letter] as number;
      return at + 2;
    }
    let point = this.#unit(at);
    let end = at + 6;
    if (point >= 0xd800 && point < 0xe000) {
      const second = point < 0xdc00 && text[end] === BACKSLASH && text[end + 1] === 0x75 ? this.#unit(end) : 0;
      if (second < 0xdc00 || second >= 0xe000)
        throw new Unreadable('half a surrogate pair has no place in a database', at, at + 11);
      point = ((point - 0xd7c0) << 10) | (second - 0xdc00);
      end += 6;
    }
    sink.size = putPoint(sink.buffer, sink.size, point);
    return end;
  }

  /** The number after `\\u`. */
  #unit(at: number): number {
    let unit = 0;
    for (let i = at + 2; i < at + 6; i++) {
      const digit = HEX[this.#text[i] as number] as number;
      if (digit > 15) throw new Unreadable('expected four hexadecimal digits', i);
      unit = (unit << 4) | digit;
    }
    return unit;
  }

  /** Reads a value that is neither text nor in brackets. */
  #word(element: number, first: number): void {
    const { sink } = this;
    const { buffer } = sink;
    const text = this.#text;
    switch (first) {
      case 0x74:
      case 0x66: {
        const isTrue = first === 0x74;
        this.#expect(isTrue ? TRUE : FALSE, this.#at);
        buffer[element] = BsonType.boolean;
        buffer[sink.size++] = isTrue ? 1 : 0;
        return;
      }
      case 0x6e:
        this.#expect(NULL, this.#at);
        buffer[element] = BsonType.null;
        return;
      case 0x4e:
        this.#expect(NAN, this.#at);
        this.#double(element, Number.NaN);
        return;
      case 0x49:
        this.#expect(INFINITE, this.#at);
        this.#double(element, Number.POSITIVE_INFINITY);
        return;
      case MINUS:
        if (text[this.#at + 1] === 0x49) {
          this.#expect(INFINITE, this.#at + 1);
          this.#double(element, Number.NEGATIVE_INFINITY);
        } else this.#number(element, this.#at + 1, true);
        return;
      default:
        this.#number(element, this.#at, false);
    }
  }

  #expect(word: Uint8Array, at: number): void {
    for (let i = 0; i < word.length; i++)
      if (this.#text[at + i] !== word[i]) throw new Unreadable('expected a value', at, at + i);
    this.#at = at + word.length;
  }

  /** Reads a number whose digits begin at a byte: the first 9 that count, then up to 8 more, both without a point. */
  #number(element: number, at: number, isNegative: boolean): void {
    const text = this.#text;
    let high = 0;
    let low = 0;
    let digits = 0;
    let i = at;
    let point = -1;
    for (;;) {
      let digit = (text[i] as number) - ZERO;
      for (; digit >= 0 && digit <= 9 && digits < 9; digit = (text[++i] as number) - ZERO) {
        high = (Math.imul(high, 10) + digit) | 0;
        if (high > 0) digits++;
      }
      for (; digit >= 0 && digit <= 9 && digits < 17; digit = (text[++i] as number) - ZERO) {
        low = (Math.imul(low, 10) + digit) | 0;
        digits++;
      }
      for (; digit >= 0 && digit <= 9; digit = (text[++i] as number) - ZERO) digits++;
      if (point >= 0 || digit !== POINT - ZERO) break;
      point = i++;
    }
    if (i === at || point === at) throw new Unreadable('expected a value', at);
    if (i === point + 1) throw new Unreadable('expected a digit', i);
    const whole = point < 0 ? i : point;
    if (text[at] === ZERO && whole > at + 1) throw new Unreadable('expected a value', at);
    let decimals = point < 0 ? 0 : i - point - 1;
    let isInteger = point < 0;
    const letter = text[i] as number;
    if (letter === 0x65 || letter === 0x45) {
      isInteger = false;
      const exponentAt = i + 1;
      i = exponentEnd(text, i);
      decimals -= Number(latin1(text, exponentAt, i));
    }
    this.#at = i;
    const start = isNegative ? at - 1 : at;
    const lowDigits = digits > 9 ? digits - 9 : 0;
    if (isInteger) {
      if (digits <= 15) this.#integer(element, (high * 10 ** lowDigits + low) * (isNegative ? -1 : 1));
      else this.#largeInteger(element, start, i);
      return;
    }
    const isKnown = digits <= 17 && decimals >= 0 && decimals <= 22;
    const size = isKnown ? nearestDouble(high, low, lowDigits, decimals) : Number.NaN;
    this.#double(element, Number.isNaN(size) ? Number(latin1(text, start, i)) : isNegative ? -size : size);
  }

  #integer(element: number, value: number): void {
    const { sink } = this;
    if (value === (value | 0)) {
      sink.buffer[element] = BsonType.int32;
      putInt32(sink.buffer, sink.size, value);
      sink.size += 4;
    } else {
      sink.buffer[element] = BsonType.int64;
      this.#int64(value);
    }
  }

  #largeInteger(element: number, at: number, end: number): void {
    const value = BigInt(latin1(this.#text, at, end));
    if (BigInt.asIntN(64, value) !== value) throw new Unreadable('does not fit into 64 bits', at, end);
    this.sink.buffer[element] = BsonType.int64;
    this.sink.size = this.sink.buffer.writeBigInt64LE(value, this.sink.size);
  }

  #int64(value: number): void {
    const { sink } = this;
    putInt64(sink.buffer, sink.size, value);
    sink.size += 8;
  }

  #double(element: number, value: number): void {
    const { sink } = this;
    const { buffer, size } = sink;
    buffer[element] = BsonType.double;
    float[0] = value;
    for (let i = 0; i < 8; i++) buffer[size + i] = floatBytes[i] as number;
    sink.size = size + 8;
  }

  #tooLarge(): Unreadable {
    return new Unreadable(`is larger than the ${this.largest} bytes that a document may have`, this.#at, 0);
  }
}

/** Where the next character is that is not blank. */
export function skipBlanks(text: Uint8Array, at: number): number {
  let i = at;
  while (text[i] === SPACE || text[i] === 0x0a || text[i] === 0x0d || text[i] === 0x09) i++;
  return i;
}

function exponentEnd(text: Uint8Array, at: number): number {
  let i = at + 1;
  if (text[i] === MINUS || text[i] === PLUS) i++;
  const first = i;
  while ((text[i] as number) >= ZERO && (text[i] as number) <= NINE) i++;
  if (i === first) throw new Unreadable('expected a digit', i);
  return i;
}

function latin1(text: Uint8Array, at: number, end: number): string {
  let result = '';
  for (let i = at; i < end; i++) result += String.fromCharCode(text[i] as number);
  return result;
}
