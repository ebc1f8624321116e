import { BsonType, Doc, millisecondsOf, numberOf, ObjectId, Scalar, toEjson, type Value } from '../bson/index.js';

/** A value as people read it, on one line: types that look alike are not told apart. */
export function valueText(value: Value): string {
  if (value instanceof ObjectId) return value.toHexString();
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`;
  if (value instanceof Doc)
    return `{${[...value].map(([key, item]) => `${JSON.stringify(key)}: ${valueText(item)}`).join(', ')}}`;
  if (!(value instanceof Scalar)) return toEjson(value);
  const number = numberOf(value);
  if (number !== undefined) return String(number);
  return value.type === BsonType.date ? dateText(Number(millisecondsOf(value))) : toEjson(value);
}

/** A date can be further away than JavaScript knows. */
function dateText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
