import { BsonType, Doc, millisecondsOf, ObjectId, Scalar, type Value } from '../bson/index.js';
import type { Field } from '../fields/field.js';
import { unpackArray } from '../fields/nd-array.js';
import type { BsonBytes } from './bson-bytes.js';

/** Reads the value of a type at a position; it is neither null nor a list that has to be gone through. */
export type Leaf = (bytes: BsonBytes, type: number, at: number) => unknown;

/**
 * How the values of a field are read.
 *
 * @param name by which it was asked for: an id is text, unless it was asked for as it is stored
 * @param raw as they are stored, with their exact types
 */
export function leafOf(field: Field | undefined, name: string, raw: boolean): Leaf {
  const type = field === undefined ? undefined : itemTypeOf(field);
  if (type === 'ObjectIdField' && !name.startsWith('_')) return hex;
  if (raw) return (bytes, type, at) => bytes.value(type, at);
  if (type === 'VectorField' || type === 'ArrayField') return array;
  if (type?.startsWith('Geo')) return coordinates;
  return plainValue;
}

function itemTypeOf(field: Field): string {
  if (field.ftype !== 'ListField' || field.subfield === null) return field.ftype;
  const inner = field.subfield === 'ListField' ? field.fields.find(({ name }) => name === `${field.name}[]`) : undefined;
  return inner === undefined ? field.subfield : itemTypeOf(inner);
}

const hex: Leaf = (bytes, type, at) => (type === BsonType.objectId ? bytes.hex(at) : plainValue(bytes, type, at));

const array: Leaf = (bytes, type, at) => {
  const packed = type === BsonType.binary ? unpackArray(bytes.scalar(type, at)) : undefined;
  return packed ?? plainValue(bytes, type, at);
};

const COORDINATES = Buffer.from('coordinates');

const coordinates: Leaf = (bytes, type, at) => {
  if (type === BsonType.document && bytes.find(at, COORDINATES)) return plainValue(bytes, bytes.type, bytes.at);
  return plainValue(bytes, type, at);
};

const LATEST_DATE = 8_640_000_000_000_000n;

/**
 * A value as JavaScript has it: numbers (integers above 2^53 as bigint), `Date`, `ObjectId`, bytes of binaries, arrays, objects. What
 * JavaScript has nothing for, such as decimals or dates after the year 275760, stays a `Scalar`.
 */
function plainValue(bytes: BsonBytes, type: number, at: number): unknown {
  switch (type) {
    case BsonType.double:
      return bytes.view.getFloat64(at, true);
    case BsonType.int32:
      return bytes.view.getInt32(at, true);
    case BsonType.int64:
      return integer(bytes.view.getBigInt64(at, true));
    case BsonType.string:
      return bytes.text(at) ?? bytes.scalar(type, at);
    case BsonType.boolean:
      return bytes.bytes[at] !== 0;
    case BsonType.null:
    case BsonType.undefined:
      return null;
    case BsonType.objectId:
      return bytes.objectId(at);
    case BsonType.array: {
      const numbers = bytes.doubles(at);
      if (numbers !== undefined) return numbers;
      const items: unknown[] = [];
      bytes.each(at, (itemType, itemAt) => items.push(plainValue(bytes, itemType, itemAt)));
      return items;
    }
    case BsonType.document:
      return plainObject(bytes.document(at));
    default:
      return plainScalar(bytes.scalar(type, at));
  }
}

/** A document as an object, its keys as they are stored. */
function plainObject(doc: Doc): object {
  return Object.fromEntries([...doc].map(([key, value]) => [key, plain(value)]));
}

function plain(value: Value): unknown {
  if (value instanceof Doc) return plainObject(value);
  if (Array.isArray(value)) return value.map(plain);
  return value instanceof Scalar && !(value instanceof ObjectId) ? plainScalar(value) : value;
}

function plainScalar(value: Scalar): unknown {
  const view = new DataView(value.bytes.buffer, value.bytes.byteOffset, value.bytes.length);
  switch (value.type) {
    case BsonType.double:
      return view.getFloat64(0, true);
    case BsonType.int32:
      return view.getInt32(0, true);
    case BsonType.int64:
      return integer(view.getBigInt64(0, true));
    case BsonType.date: {
      const ms = millisecondsOf(value) as bigint;
      return ms >= -LATEST_DATE && ms <= LATEST_DATE ? new Date(Number(ms)) : value;
    }
    case BsonType.undefined:
      return null;
    case BsonType.binary:
      // of the generic subtype; others mean something
      return value.bytes[4] === 0 ? value.bytes.slice(5) : value;
    default:
      return value;
  }
}

function integer(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
