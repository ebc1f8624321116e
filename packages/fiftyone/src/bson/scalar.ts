import type { Value } from './doc.js';

/** BSON type numbers, see https://bsonspec.org/spec.html */
export const BsonType = {
  double: 0x01,
  string: 0x02,
  document: 0x03,
  array: 0x04,
  binary: 0x05,
  undefined: 0x06,
  objectId: 0x07,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  regex: 0x0b,
  dbPointer: 0x0c,
  code: 0x0d,
  symbol: 0x0e,
  codeWithScope: 0x0f,
  int32: 0x10,
  timestamp: 0x11,
  int64: 0x12,
  decimal128: 0x13,
  minKey: 0xff,
  maxKey: 0x7f,
} as const;

/**
 * A value kept as its BSON bytes, so that nothing of it is lost: numbers of every width (NaN payloads too), dates outside
 * of what JavaScript knows, binaries, regular expressions, deprecated types, strings that are not UTF-8.
 */
export class Scalar {
  constructor(
    readonly type: number,
    readonly bytes: Uint8Array,
  ) {}
}

const scratch = new Uint8Array(8);
const scratchView = new DataView(scratch.buffer);

function scalar(type: number, size: number, write: (view: DataView) => void): Scalar {
  write(scratchView);
  return new Scalar(type, scratch.slice(0, size));
}

function view(value: Scalar): DataView {
  return new DataView(value.bytes.buffer, value.bytes.byteOffset, value.bytes.length);
}

export function int32(value: number): Scalar {
  return scalar(BsonType.int32, 4, (v) => v.setInt32(0, value, true));
}

export function int64(value: bigint): Scalar {
  return scalar(BsonType.int64, 8, (v) => v.setBigInt64(0, value, true));
}

export function double(value: number): Scalar {
  return scalar(BsonType.double, 8, (v) => v.setFloat64(0, value, true));
}

/** A BSON binary of the generic subtype. */
export function binary(data: Uint8Array): Scalar {
  const bytes = Buffer.alloc(5 + data.length);
  bytes.writeInt32LE(data.length, 0);
  bytes.set(data, 5);
  return new Scalar(BsonType.binary, bytes);
}

/** A date. @param ms milliseconds since 1970 UTC */
export function date(ms: number | bigint): Scalar {
  return scalar(BsonType.date, 8, (v) => v.setBigInt64(0, BigInt(ms), true));
}

/** A number as JavaScript knows it, or undefined for what is not an int32, int64 or double. */
export function numberOf(value: Value | undefined): number | undefined {
  if (!(value instanceof Scalar)) return undefined;
  if (value.type === BsonType.int32) return view(value).getInt32(0, true);
  if (value.type === BsonType.double) return view(value).getFloat64(0, true);
  if (value.type === BsonType.int64) return Number(view(value).getBigInt64(0, true));
  return undefined;
}

/** Milliseconds since 1970 UTC of a date, or undefined for what is not a date. */
export function millisecondsOf(value: Value | undefined): bigint | undefined {
  return value instanceof Scalar && value.type === BsonType.date ? view(value).getBigInt64(0, true) : undefined;
}
