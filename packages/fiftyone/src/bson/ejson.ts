import { Decimal128 } from 'bson';
import { decode } from './decode.js';
import { Doc, ObjectId, type ReadonlyDoc, type Value } from './doc.js';
import { encode } from './encode.js';
import { type Json, JsonNumber, JsonObject, parseJson } from './json.js';
import { BsonType, date, double, int32, int64, millisecondsOf, numberOf, Scalar } from './scalar.js';

/**
 * Canonical Extended JSON v2 of a value, on one line, key order kept.
 * Format: https://github.com/mongodb/specifications/blob/master/source/extended-json.md
 */
export function toEjson(value: Value | ReadonlyDoc): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof ObjectId) return `{"$oid":"${value.toHexString()}"}`;
  if (Array.isArray(value)) return `[${value.map(toEjson).join(',')}]`;
  if (value instanceof Scalar) return scalarToEjson(value);
  return `{${[...(value as ReadonlyDoc)].map(([k, v]) => `${JSON.stringify(k)}:${toEjson(v)}`).join(',')}}`;
}

function scalarToEjson(value: Scalar): string {
  const { type, bytes } = value;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = () => JSON.stringify(buffer.toString('utf8', 4, bytes.length - 1));
  switch (type) {
    case BsonType.int32:
      return `{"$numberInt":"${numberOf(value)}"}`;
    case BsonType.int64:
      return `{"$numberLong":"${view.getBigInt64(0, true)}"}`;
    case BsonType.double: {
      const number = numberOf(value) as number;
      const text = Object.is(number, -0)
        ? '-0.0'
        : Number.isInteger(number) && Math.abs(number) < 1e21
          ? `${number}.0`
          : String(number);
      return `{"$numberDouble":"${text}"}`;
    }
    case BsonType.date:
      return `{"$date":{"$numberLong":"${millisecondsOf(value)}"}}`;
    case BsonType.decimal128:
      return `{"$numberDecimal":"${new Decimal128(bytes.slice()).toString()}"}`;
    case BsonType.binary:
      return `{"$binary":{"base64":"${buffer.toString('base64', 5)}","subType":"${(bytes[4] as number).toString(16).padStart(2, '0')}"}}`;
    case BsonType.timestamp:
      return `{"$timestamp":{"t":${view.getUint32(4, true)},"i":${view.getUint32(0, true)}}}`;
    case BsonType.regex: {
      const [pattern, options] = buffer.toString('utf8', 0, bytes.length - 1).split('\0') as [string, string];
      return `{"$regularExpression":{"pattern":${JSON.stringify(pattern)},"options":${JSON.stringify(options)}}}`;
    }
    case BsonType.minKey:
      return '{"$minKey":1}';
    case BsonType.maxKey:
      return '{"$maxKey":1}';
    case BsonType.undefined:
      return '{"$undefined":true}';
    case BsonType.symbol:
      return `{"$symbol":${text()}}`;
    case BsonType.code:
      return `{"$code":${text()}}`;
    case BsonType.codeWithScope: {
      const size = view.getInt32(4, true);
      const code = JSON.stringify(buffer.toString('utf8', 8, 8 + size - 1));
      return `{"$code":${code},"$scope":${toEjson(decode(bytes.subarray(8 + size)))}}`;
    }
    case BsonType.dbPointer: {
      const ref = JSON.stringify(buffer.toString('utf8', 4, bytes.length - 13));
      return `{"$dbPointer":{"$ref":${ref},"$id":{"$oid":"${buffer.toString('hex', bytes.length - 12)}"}}}`;
    }
    default:
      return JSON.stringify(buffer.toString('utf8', 4, bytes.length - 1));
  }
}

/** Reads Extended JSON v2 (canonical or relaxed); numbers without a wrapper become int32, int64 or double by how they are written. */
export function parseEjson(text: string): Value {
  return fromJson(parseJson(text));
}

/** Reads an Extended JSON document. @throws TypeError if it is not an object */
export function parseEjsonDoc(text: string): Doc {
  const value = parseEjson(text);
  if (!(value instanceof Doc)) throw new TypeError('expected an Extended JSON object');
  return value;
}

function fromJson(json: Json): Value {
  if (json instanceof JsonNumber) return plainNumber(json.text);
  if (Array.isArray(json)) return json.map(fromJson);
  if (!(json instanceof JsonObject)) return json;
  const first = json.entries[0]?.[0];
  if (first?.startsWith('$')) {
    const special = fromWrapper(new Map(json.entries));
    if (special !== undefined) return special;
  }
  const doc = new Doc();
  for (const [key, value] of json.entries) doc.set(key, fromJson(value));
  return doc;
}

function plainNumber(text: string): Scalar {
  if (/^-?\d+$/.test(text)) {
    const value = BigInt(text);
    return value >= -(2n ** 31n) && value < 2n ** 31n ? int32(Number(value)) : int64(value);
  }
  return double(Number(text));
}

function fromWrapper(pairs: Map<string, Json>): Value | undefined {
  const inner = (key: string): Map<string, Json> | undefined => {
    const value = pairs.get(key);
    return value instanceof JsonObject ? new Map(value.entries) : undefined;
  };
  const text = (key: string): string | undefined => {
    const value = pairs.get(key);
    return typeof value === 'string' ? value : undefined;
  };
  const keys = [...pairs.keys()].join(',');
  switch (keys) {
    case '$oid':
      return new ObjectId(text('$oid') as string);
    case '$numberInt':
      return int32(Number(text('$numberInt')));
    case '$numberLong':
      return int64(BigInt(text('$numberLong') as string));
    case '$numberDouble':
      return double(Number(text('$numberDouble')));
    case '$numberDecimal':
      return new Scalar(BsonType.decimal128, Decimal128.fromString(text('$numberDecimal') as string).bytes);
    case '$date': {
      const ms = inner('$date')?.get('$numberLong');
      return date(typeof ms === 'string' ? BigInt(ms) : Date.parse(text('$date') as string));
    }
    case '$binary': {
      const binary = inner('$binary') as Map<string, Json>;
      const data = Buffer.from(binary.get('base64') as string, 'base64');
      const head = Buffer.alloc(5);
      head.writeInt32LE(data.length);
      head[4] = Number.parseInt(binary.get('subType') as string, 16);
      return new Scalar(BsonType.binary, Buffer.concat([head, data]));
    }
    case '$timestamp': {
      const { t, i } = Object.fromEntries(inner('$timestamp') as Map<string, JsonNumber>) as { t: JsonNumber; i: JsonNumber };
      return new Scalar(BsonType.timestamp, int64((BigInt(t.text) << 32n) | BigInt(i.text)).bytes);
    }
    case '$regularExpression': {
      const regex = inner('$regularExpression') as Map<string, Json>;
      return new Scalar(BsonType.regex, Buffer.from(`${regex.get('pattern')}\0${regex.get('options')}\0`));
    }
    case '$minKey':
      return new Scalar(BsonType.minKey, new Uint8Array());
    case '$maxKey':
      return new Scalar(BsonType.maxKey, new Uint8Array());
    case '$undefined':
      return new Scalar(BsonType.undefined, new Uint8Array());
    case '$symbol':
      return new Scalar(BsonType.symbol, lengthAndText(text('$symbol') as string));
    case '$code':
      return new Scalar(BsonType.code, lengthAndText(text('$code') as string));
    case '$code,$scope': {
      const body = Buffer.concat([lengthAndText(text('$code') as string), encode(fromJson(pairs.get('$scope') as Json) as Doc)]);
      return new Scalar(BsonType.codeWithScope, Buffer.concat([int32(body.length + 4).bytes, body]));
    }
    case '$dbPointer': {
      const pointer = fromJson(pairs.get('$dbPointer') as Json) as Doc;
      return new Scalar(
        BsonType.dbPointer,
        Buffer.concat([lengthAndText(pointer.get('$ref') as string), (pointer.get('$id') as ObjectId).id]),
      );
    }
    default:
      return undefined;
  }
}

function lengthAndText(text: string): Buffer {
  const body = Buffer.from(`${text}\0`);
  return Buffer.concat([int32(body.length).bytes, body]);
}
