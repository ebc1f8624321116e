import { BsonType, Doc, numberOf, ObjectId, Scalar, type Value } from '../bson/index.js';

/** A value as FiftyOne puts it into a message: text as it is, everything else as Python writes it. */
export function pythonText(value: Value | undefined): string {
  return typeof value === 'string' ? value : literal(value);
}

function literal(value: Value | undefined): string {
  if (value === undefined || value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quoted(value);
  if (value instanceof ObjectId) return `ObjectId('${value.toHexString()}')`;
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (value instanceof Doc) return `{${[...value].map(([key, item]) => `${quoted(key)}: ${literal(item)}`).join(', ')}}`;
  return value instanceof Scalar ? number(value) : '?';
}

function quoted(text: string): string {
  return text.includes("'") && !text.includes('"') ? `"${text}"` : `'${text.replaceAll("'", "\\'")}'`;
}

function number(value: Scalar): string {
  const known = numberOf(value);
  if (known === undefined) return '?';
  return value.type === BsonType.double && Number.isInteger(known) ? `${known}.0` : String(known);
}
