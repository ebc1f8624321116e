import { ObjectId } from '../../bson/index.js';

/** A query or an update as mongosh reads it. */
export function shellText(value: unknown): string {
  if (value instanceof ObjectId) return `ObjectId("${value.toHexString()}")`;
  if (value instanceof Date) return `ISODate("${value.toISOString()}")`;
  if (Array.isArray(value)) return `[${value.map(shellText).join(', ')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}: ${shellText(item)}`)
    .join(', ')}}`;
}
