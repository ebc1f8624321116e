import type { Value } from '../bson/index.js';
import { UsageError } from '../errors.js';
import { anyValue } from '../fields/any-value.js';
import { coerce } from '../fields/coerce.js';
import type { FieldType } from '../fields/field-type.js';
import { InvalidValueError } from '../fields/invalid-value.js';
import type { Pair } from './given-values.js';
import type { Owner } from './owners.js';
import type { Target } from './target.js';

/** A value as it will be stored, or one for each document of a list; undefined for what stays as it is. */
export interface Assignment {
  readonly owner: Owner;
  readonly value: Value | readonly (Value | undefined)[];
}

export interface AssignmentOptions {
  readonly skipNone: boolean;
  readonly validate: boolean;
}

/** All values of a batch, for finding out what type they have. */
export function* leavesOf({ listAt }: Target, pairs: readonly Pair[]): Generator<unknown> {
  for (const { value } of pairs) {
    if (listAt === undefined) yield value;
    else if (Array.isArray(value)) yield* value;
  }
}

/**
 * What is to be written, checked to the last value.
 *
 * @throws InvalidValueError for a value that the field cannot hold, UsageError when a list has too few or too many values
 */
export function assignmentsOf(
  target: Target,
  type: FieldType | undefined,
  pairs: readonly Pair[],
  { skipNone, validate }: AssignmentOptions,
): Assignment[] {
  const text = target.path.text;
  const stored = (owner: Owner, value: unknown): Value => {
    try {
      return type === undefined ? anyValue(value, text) : validate ? coerce(type, value, text) : unchecked(type, value, text);
    } catch (error) {
      if (!(error instanceof InvalidValueError)) throw error;
      throw new InvalidValueError(error.place, `${error.reason} (${nameOf(owner)})`);
    }
  };
  const assignments: Assignment[] = [];
  for (const { owner, value } of pairs) {
    if (target.listAt !== undefined) {
      const items = itemsOf(text, owner, value);
      const values = items.map((item) => (skipNone && isNone(item) ? undefined : stored(owner, item ?? null)));
      if (values.some((item) => item !== undefined)) assignments.push({ owner, value: values });
    } else if (isNone(value)) {
      // there is no need of a document to hold nothing
      if (!skipNone && !isAbsent(owner)) assignments.push({ owner, value: null });
    } else assignments.push({ owner, value: stored(owner, value) });
  }
  return assignments;
}

function isNone(value: unknown): boolean {
  return value === null || value === undefined;
}

function isAbsent({ absentFrom, isNew }: Owner): boolean {
  return absentFrom !== undefined && !isNew;
}

/** The types that a value is made to fit even when it is not checked. */
const CONVERTED = new Set('IntField FloatField DateField DateTimeField ObjectIdField VectorField ArrayField'.split(' '));

function unchecked(type: FieldType, value: unknown, place: string): Value {
  try {
    return coerce(type, value, place);
  } catch (error) {
    if (CONVERTED.has(type.ftype)) throw error;
    return anyValue(value, place);
  }
}

function itemsOf(path: string, owner: Owner, value: unknown): readonly unknown[] {
  if (isNone(value)) return [];
  if (typeof value === 'string' || typeof value !== 'object' || !(Symbol.iterator in (value as object))) {
    throw new InvalidValueError(path, `a list with one value per document expected (${nameOf(owner)})`);
  }
  const items = Array.isArray(value) ? value : [...(value as Iterable<unknown>)];
  const count = owner.elements?.length ?? 0;
  if (items.length !== count) {
    throw new UsageError(`${items.length} values for '${path}', but ${nameOf(owner)} has ${count} documents in its list`);
  }
  if (owner.elements?.hasAll === false) {
    throw new UsageError(`Can only set values of array documents with IDs: '${path}' of ${nameOf(owner)} has one without`);
  }
  return items;
}

export function nameOf({ id, sample, number }: Owner): string {
  return sample === undefined ? `sample ${id.toHexString()}` : `frame ${number} of sample ${sample.toHexString()}`;
}
