import { BsonType, Doc, equal, millisecondsOf, numberOf, type ReadonlyDoc, Scalar, type Value } from '../bson/index.js';
import { anyValue } from './any-value.js';

/** The last millisecond that a Date can hold, either way. */
const LAST = 8_640_000_000_000_000n;

/** A stored value as plain JavaScript: objects, numbers (bigint beyond 2^53), Dates. What JavaScript has no type for stays a `Scalar`. */
export function plainValue(value: Value | ReadonlyDoc): unknown {
  if (Array.isArray(value)) return value.map(plainValue);
  if (value instanceof Map) return plainObject(value);
  return value instanceof Scalar ? plainScalar(value) : value;
}

/** A document as an object. Integer-like keys come first, as in every object. */
export function plainObject(doc: ReadonlyDoc): Record<string, unknown> {
  return Object.fromEntries([...doc].map(([key, value]) => [key, plainValue(value)]));
}

function plainScalar(value: Scalar): unknown {
  if (value.type === BsonType.int64) {
    const number = new DataView(value.bytes.buffer, value.bytes.byteOffset).getBigInt64(0, true);
    return Number.isSafeInteger(Number(number)) ? Number(number) : number;
  }
  const ms = millisecondsOf(value);
  if (ms !== undefined) return ms >= -LAST && ms <= LAST ? new Date(Number(ms)) : value;
  return numberOf(value) ?? value;
}

/**
 * A value that was read as plain JavaScript, perhaps changed, and is to be stored again: wherever it still is what was read, the stored
 * value stays as it is, with its BSON type, and keys keep their places.
 */
export function restoredValue(stored: Value | undefined, given: unknown, place: string): Value {
  if (stored instanceof Doc && isObject(given)) {
    const entries = new Map(given instanceof Map ? given : Object.entries(given));
    const doc = new Doc();
    for (const [key, value] of stored) {
      if (entries.get(key) !== undefined) doc.set(key, restoredValue(value, entries.get(key), `${place}.${key}`));
    }
    const added = [...entries].filter(([key]) => !doc.has(key as string));
    for (const [key, value] of anyValue(new Map(added), place) as Doc) doc.set(key, value);
    return doc;
  }
  if (Array.isArray(stored) && Array.isArray(given)) {
    return given.map((item, i) => restoredValue(stored[i], item, `${place}[${i}]`));
  }
  if (stored !== undefined && isAsRead(stored, given)) return stored;
  const value = anyValue(given ?? null, place);
  return stored !== undefined && equal(stored, value) ? stored : value;
}

function isAsRead(stored: Value, given: unknown): boolean {
  const plain = plainValue(stored);
  if (plain instanceof Date && given instanceof Date) return plain.getTime() === given.getTime();
  return Object.is(plain, given);
}

function isObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof Doc) return false;
  const prototype = Object.getPrototypeOf(value);
  return value instanceof Map || prototype === null || prototype === Object.prototype;
}
