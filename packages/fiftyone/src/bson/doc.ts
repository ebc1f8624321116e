import { ObjectId } from 'bson';
import type { Scalar } from './scalar.js';

export { ObjectId };

/** What a document can hold: plain JavaScript where it is exact, {@link Scalar} for every other BSON type. */
export type Value = null | boolean | string | ObjectId | Scalar | Doc | Value[];

/**
 * A BSON document whose keys keep their stored order, also integer-like keys, `__proto__`, dotted and empty ones.
 * Setting an existing key keeps its position, a new key goes to the end; deleting and setting again moves it there.
 */
export class Doc extends Map<string, Value> {
  /** A document from `[key, value]` pairs. */
  static of(...entries: [string, Value][]): Doc {
    return new Doc(entries);
  }
}

/** A document that must not be changed. */
export type ReadonlyDoc = ReadonlyMap<string, Value>;

/** A copy of a value that shares nothing that can be changed. */
export function clone<T extends Value>(value: T): T {
  return copy(value) as T;
}

function copy(value: Value): Value {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(copy);
  if (!(value instanceof Doc)) return value;
  const doc = new Doc();
  for (const [key, item] of value) doc.set(key, copy(item));
  return doc;
}

/** Whether two values are the same in type, bytes and key order. */
export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a instanceof Doc) {
    if (!(b instanceof Doc) || a.size !== b.size) return false;
    const others = b.entries();
    for (const [key, value] of a) {
      const [otherKey, otherValue] = others.next().value as [string, Value];
      if (key !== otherKey || !equal(value, otherValue)) return false;
    }
    return true;
  }
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i] as Value));
  }
  if (a instanceof ObjectId) return b instanceof ObjectId && a.equals(b);
  if (typeof a === 'object' && a !== null && 'bytes' in a) {
    return typeof b === 'object' && b !== null && 'bytes' in b && a.type === b.type && sameBytes(a.bytes, b.bytes);
  }
  return false;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
