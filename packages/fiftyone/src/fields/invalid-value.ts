import { BsonType, Doc, numberOf, ObjectId, Scalar } from '../bson/index.js';
import { UsageError } from '../errors.js';

/** A value that its field cannot hold. */
export class InvalidValueError extends UsageError {
  constructor(
    /** Where the value is: the path of its field, with positions in lists. */
    readonly place: string,
    readonly reason: string,
  ) {
    super(`Invalid value for field '${place}'. Reason: ${reason}`);
  }
}

/** A value as a message shows it, shortened. */
export function shown(value: unknown): string {
  if (value instanceof Scalar) {
    const number = numberOf(value);
    return number === undefined ? `a BSON value of type ${nameOfType(value.type)}` : String(number);
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid date' : value.toISOString();
  if (value instanceof ObjectId) return `ObjectId ${value.toHexString()}`;
  if (value instanceof Doc || value instanceof Map) return 'a document';
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 60)}…` : value}'`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return `a ${value.constructor?.name ?? 'object'}`;
  return String(value);
}

function nameOfType(type: number): string {
  return Object.entries(BsonType).find(([, number]) => number === type)?.[0] ?? String(type);
}
