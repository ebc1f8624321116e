import { Double, deserialize } from 'bson';
import type { Document } from 'mongodb';
import { Doc, encode, ObjectId, Scalar, type Value } from '../bson/index.js';

/** A value of an aggregation as the driver takes it. */
export type Expression = unknown;

/** A value for the driver that loses neither types nor the order of keys. */
export function plain(value: Value): Expression {
  if (value === null || typeof value !== 'object' || value instanceof ObjectId) return value;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Scalar) return deserialize(encode(Doc.of(['v', value])), EXACT).v;
  const entries = [...value].map(([key, item]): [string, Expression] => [key, plain(item)]);
  // such keys of plain objects come first, whatever their place
  return entries.some(([key]) => /^\d+$/.test(key) || key === '__proto__') ? new Map(entries) : Object.fromEntries(entries);
}

const EXACT = { promoteValues: false, promoteBuffers: false, bsonRegExp: true } as const;

/** A value in which one prefix of field paths and variables is another; literals that look like paths are no exception. */
export function rebase(value: Value, from: string, to: string): Value {
  if (typeof value === 'string') {
    return value === from || value.startsWith(`${from}.`) ? `${to}${value.slice(from.length)}` : value;
  }
  if (Array.isArray(value)) return value.map((item) => rebase(item, from, to));
  if (!(value instanceof Doc)) return value;
  return new Doc([...value].map(([key, item]) => [key, rebase(item, from, to)]));
}

/** Whether a filter or an expression reads a field, or something in it. */
export function reads(value: Value, field: string): boolean {
  return pathsIn(value, field).length > 0;
}

/** The paths of a field that a filter or an expression reads, `field` itself included. */
export function pathsIn(value: Value, field: string): string[] {
  if (typeof value === 'string') return value.startsWith('$') && isIn(value.slice(1), field) ? [value.slice(1)] : [];
  if (Array.isArray(value)) return value.flatMap((item) => pathsIn(item, field));
  if (!(value instanceof Doc)) return [];
  return [...value].flatMap(([key, item]) => [...(isIn(key, field) ? [key] : []), ...pathsIn(item, field)]);
}

/** Whether a path is a field or leads into it. */
export function isIn(path: string, field: string): boolean {
  return path === field || path.startsWith(`${field}.`);
}

/** How many items a list has; a missing one has none. */
export function size(list: Expression): Document {
  return { $size: { $ifNull: [list, []] } };
}

export function isPresent(value: Expression): Document {
  return { $gt: [value, null] };
}

export function isNotEmpty(list: Expression): Document {
  return { $gt: [size(list), 0] };
}

export function cond(condition: Expression, then: Expression, otherwise: Expression): Document {
  return { $cond: { if: condition, then, else: otherwise } };
}

/** All of the conditions; true if there are none. */
export function all(conditions: readonly Expression[]): Expression {
  return conditions.length === 1 ? conditions[0] : { $and: conditions };
}

/** Any of the conditions; false if there are none. */
export function any(conditions: readonly Expression[]): Expression {
  return conditions.length === 1 ? conditions[0] : { $or: conditions };
}

export function matching(condition: Expression): Document {
  return { $match: { $expr: condition } };
}

export const NAN = new Double(Number.NaN);
