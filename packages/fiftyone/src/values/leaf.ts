import { BsonType } from '../bson/index.js';
import type { Field } from '../fields/field.js';
import { unpackArray } from '../fields/nd-array.js';
import { readValue } from '../samples/read-document.js';
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
  return plain;
}

function itemTypeOf(field: Field): string {
  if (field.ftype !== 'ListField' || field.subfield === null) return field.ftype;
  const inner = field.subfield === 'ListField' ? field.fields.find(({ name }) => name === `${field.name}[]`) : undefined;
  return inner === undefined ? field.subfield : itemTypeOf(inner);
}

const hex: Leaf = (bytes, type, at) => (type === BsonType.objectId ? bytes.hex(at) : plain(bytes, type, at));

const array: Leaf = (bytes, type, at) => {
  const packed = type === BsonType.binary ? unpackArray(bytes.scalar(type, at)) : undefined;
  return packed ?? plain(bytes, type, at);
};

const COORDINATES = Buffer.from('coordinates');

const coordinates: Leaf = (bytes, type, at) => {
  if (type === BsonType.document && bytes.find(at, COORDINATES)) return plain(bytes, bytes.type, bytes.at);
  return plain(bytes, type, at);
};

/**
 * A value as JavaScript has it: numbers (integers above 2^53 as bigint), `Date`, `ObjectId`, arrays, objects. What JavaScript has nothing
 * for, such as binaries, decimals or dates after the year 275760, stays a `Scalar`.
 */
function plain(bytes: BsonBytes, type: number, at: number): unknown {
  switch (type) {
    case BsonType.double:
      return bytes.view.getFloat64(at, true);
    case BsonType.int32:
      return bytes.view.getInt32(at, true);
    case BsonType.string:
      return bytes.text(at) ?? bytes.scalar(type, at);
    case BsonType.boolean:
      return bytes.bytes[at] !== 0;
    case BsonType.null:
    case BsonType.undefined:
      return null;
    case BsonType.array: {
      const numbers = bytes.doubles(at);
      if (numbers !== undefined) return numbers;
      const items: unknown[] = [];
      bytes.each(at, (itemType, itemAt) => items.push(plain(bytes, itemType, itemAt)));
      return items;
    }
    default:
      return readValue(bytes.value(type, at));
  }
}
