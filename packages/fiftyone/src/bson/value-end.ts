import { BsonType } from './scalar.js';

/** The size of the values of a type if it is always the same, else -1. */
function fixedSize(type: number): number {
  switch (type) {
    case BsonType.double:
    case BsonType.date:
    case BsonType.timestamp:
    case BsonType.int64:
      return 8;
    case BsonType.int32:
      return 4;
    case BsonType.boolean:
      return 1;
    case BsonType.objectId:
      return 12;
    case BsonType.decimal128:
      return 16;
    case BsonType.null:
    case BsonType.undefined:
    case BsonType.minKey:
    case BsonType.maxKey:
      return 0;
    default:
      return -1;
  }
}

/** Where a value ends. @throws RangeError for an unknown type, and for a value that does not end before `limit` */
export function valueEnd(bytes: Uint8Array, type: number, at: number, limit: number): number {
  const size = fixedSize(type);
  const end = at + (size >= 0 ? size : variableSize(bytes, type, at, limit));
  if (end < at || end > limit) throw new RangeError(`broken BSON value at byte ${at}`);
  return end;
}

function variableSize(bytes: Uint8Array, type: number, at: number, limit: number): number {
  switch (type) {
    case BsonType.document:
    case BsonType.array:
    case BsonType.codeWithScope:
      return sizeAt(bytes, at);
    case BsonType.string:
    case BsonType.code:
    case BsonType.symbol:
      return 4 + sizeAt(bytes, at);
    case BsonType.binary:
      return 5 + sizeAt(bytes, at);
    case BsonType.dbPointer:
      return 16 + sizeAt(bytes, at);
    case BsonType.regex:
      return textEnd(bytes, textEnd(bytes, at, limit) + 1, limit) + 1 - at;
    default:
      throw new RangeError(`unknown BSON type 0x${type.toString(16)} at byte ${at}`);
  }
}

function sizeAt(bytes: Uint8Array, at: number): number {
  const size = readInt32(bytes, at);
  if (size < 0) throw new RangeError(`broken BSON value at byte ${at}`);
  return size;
}

/** Where a text that ends with a zero ends. @throws RangeError if it does not end before `limit` */
export function textEnd(bytes: Uint8Array, at: number, limit: number): number {
  let end = at;
  while (end < limit && bytes[end] !== 0) end++;
  if (end >= limit) throw new RangeError(`broken BSON text at byte ${at}`);
  return end;
}

export function readInt32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
