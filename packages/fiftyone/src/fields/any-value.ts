import { Doc, date, double, int32, int64, ObjectId, Scalar, type Value } from '../bson/index.js';
import { EmbeddedDocument } from './embedded-document.js';
import { InvalidValueError, shown } from './invalid-value.js';
import { isNumberArray, NdArray, packArray } from './nd-array.js';
import { storedDocument } from './stored-document.js';

const INT32 = 2 ** 31;
const INT64 = 2n ** 63n;

/**
 * A value as it is stored in a field that can hold anything: integers as the smallest int that holds them, other numbers as doubles.
 *
 * @param place where it is, for messages
 * @throws InvalidValueError for what BSON has no type for
 */
export function anyValue(value: unknown, place: string): Value {
  switch (typeof value) {
    case 'string':
      return text(value, place);
    case 'boolean':
      return value;
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? integer(BigInt(value), place) : double(value);
    case 'bigint':
      return integer(value, place);
    case 'object':
      return value === null ? null : object(value, place);
  }
  throw new InvalidValueError(place, `${shown(value)} cannot be stored`);
}

function object(value: object, place: string): Value {
  if (value instanceof ObjectId || value instanceof Scalar || value instanceof Doc) return value;
  if (Array.isArray(value)) return value.map((item, i) => anyValue(item ?? null, `${place}[${i}]`));
  if (value instanceof Date) return dateValue(value, place);
  if (value instanceof NdArray) return packArray(value);
  if (isNumberArray(value)) return packArray(new NdArray(value));
  if (value instanceof EmbeddedDocument) return storedDocument(value, place);
  return document(value, place);
}

/** A plain object or a Map as a document. @throws InvalidValueError for other objects, and for keys that are no strings */
export function document(value: object, place: string): Doc {
  const prototype = Object.getPrototypeOf(value);
  const isPlain = prototype === null || prototype === Object.prototype;
  if (!isPlain && !(value instanceof Map)) throw new InvalidValueError(place, `${shown(value)} cannot be stored`);
  const doc = new Doc();
  for (const [key, item] of value instanceof Map ? value : Object.entries(value)) {
    if (typeof key !== 'string') throw new InvalidValueError(place, 'the keys of a document must be strings');
    if (key.includes('\0') || key.startsWith('$')) throw new InvalidValueError(place, `${shown(key)} cannot be a key`);
    if (item !== undefined) doc.set(key, anyValue(item, `${place}.${key}`));
  }
  return doc;
}

/** The years that Python has: 1 to 9999. */
const FIRST = Date.parse('0001-01-01T00:00:00.000Z');
const LAST = Date.parse('9999-12-31T23:59:59.999Z');

/** A date. @throws InvalidValueError for an invalid one, and for one that the Python client cannot read */
export function dateValue(value: Date, place: string): Scalar {
  const time = value.getTime();
  if (Number.isNaN(time)) throw new InvalidValueError(place, 'an invalid date');
  if (time < FIRST || time > LAST) {
    throw new InvalidValueError(place, `${value.toISOString()} is not in the years 1 to 9999, and Python has no others`);
  }
  return date(time);
}

/** The smallest int that holds a number. @throws InvalidValueError for what needs more than 64 bits */
export function integer(value: bigint, place: string): Scalar {
  if (value >= -INT32 && value < INT32) return int32(Number(value));
  if (value >= -INT64 && value < INT64) return int64(value);
  throw new InvalidValueError(place, `${value} does not fit into 64 bits`);
}

/** A string. @throws InvalidValueError for half a surrogate pair, which would not survive */
export function text(value: string, place: string): string {
  if (/\p{Surrogate}/u.test(value)) throw new InvalidValueError(place, 'the text has half a surrogate pair');
  return value;
}
