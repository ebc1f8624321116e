import { Doc, type Value } from './doc.js';
import { encode } from './encode.js';
import { type Extended, extendedValue, Reference, ScopedCode } from './extended-value.js';
import { type Json, JsonNumber, JsonObject } from './json.js';
import { BsonType, double, int32, int64, Scalar } from './scalar.js';

/** The value that Python's `json_util.loads` makes of a JSON value. @throws SyntaxError if it makes none that a database could keep */
export function jsonValue(json: Json): Value {
  if (json instanceof JsonNumber) return numberValue(json.text);
  if (json instanceof JsonObject) return extendedOf(new Map(json.entries)) ?? documentOf(json.entries);
  return Array.isArray(json) ? json.map(jsonValue) : json;
}

/** What an object with these keys stands for, or undefined for a document. */
export function extendedOf(pairs: ReadonlyMap<string, Json>): Value | undefined {
  const extended = extendedValue(pairs);
  return extended === undefined ? undefined : fromExtended(extended);
}

function fromExtended(extended: Extended): Value {
  if (extended instanceof JsonNumber) return numberValue(extended.text);
  if (extended instanceof Reference) return documentOf(extended.entries);
  if (extended instanceof ScopedCode) return scopedCode(extended.code, documentOf(extended.scope.entries));
  return extended;
}

function documentOf(entries: readonly (readonly [string, Json])[]): Doc {
  return new Doc(entries.map(([key, json]) => [key, jsonValue(json)]));
}

/** A number by how it is written: without a point or exponent it is an integer. */
function numberValue(text: string): Scalar {
  if (!/^-?\d+$/.test(text)) return double(Number(text));
  const value = BigInt(text);
  if (BigInt.asIntN(64, value) !== value) throw new SyntaxError(`${text.slice(0, 60)} does not fit into 64 bits`);
  return BigInt.asIntN(32, value) === value ? int32(Number(value)) : int64(value);
}

function scopedCode(code: string, scope: Doc): Scalar {
  const text = Buffer.from(`${code}\0`);
  const size = (bytes: number) => int32(bytes).bytes;
  const bson = encode(scope);
  return new Scalar(BsonType.codeWithScope, Buffer.concat([size(8 + text.length + bson.length), size(text.length), text, bson]));
}
