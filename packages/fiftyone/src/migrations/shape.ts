import { BsonType, Doc, numberOf, ObjectId, type ReadonlyDoc, Scalar, type Value } from '../bson/index.js';
import { MalformedError } from '../errors.js';

/** What a value is, in words, for messages. */
export function kindOf(value: Value | undefined): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'boolean') return 'a boolean';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof ObjectId) return 'an ObjectId';
  if (value instanceof Scalar)
    return numberOf(value) === undefined ? (value.type === BsonType.date ? 'a date' : 'another type') : 'a number';
  return 'a document';
}

/** The value as a document. @throws MalformedError naming `where` if it is anything else */
export function docAt(value: Value | undefined, where: string): Doc {
  if (value instanceof Doc) return value;
  throw new MalformedError(where, kindOf(value), 'a document');
}

/** The value as a list. @throws MalformedError naming `where` if it is anything else */
export function listAt(value: Value | undefined, where: string): Value[] {
  if (Array.isArray(value)) return value;
  throw new MalformedError(where, kindOf(value), 'a list');
}

/** The value as a list of documents. @throws MalformedError naming the place of what is not */
export function docsAt(value: Value | undefined, where: string): Doc[] {
  const list = listAt(value, where);
  const wrong = list.findIndex((item) => !(item instanceof Doc));
  if (wrong >= 0) docAt(list[wrong], `${where}[${wrong}]`);
  return [...list] as Doc[];
}

/** The value as a string. @throws MalformedError naming `where` if it is anything else */
export function stringAt(value: Value | undefined, where: string): string {
  if (typeof value === 'string') return value;
  throw new MalformedError(where, kindOf(value), 'a string');
}

/** Sets a key that is missing; a key that is there keeps its value, null included. */
export function setDefault(doc: Doc, key: string, value: Value): void {
  if (!doc.has(key)) doc.set(key, value);
}

/** Removes a key and sets it again at the end. */
export function moveToEnd(doc: Doc, key: string, value: Value): void {
  doc.delete(key);
  doc.set(key, value);
}

/** Whether a value counts as filled: null, missing, false, zero and everything empty do not. */
export function isFilled(value: Value | undefined): boolean {
  if (value === undefined || value === null || value === false || value === '') return false;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Doc) return value.size > 0;
  const number = numberOf(value);
  return number !== 0;
}

/** The dataset's id. @throws MalformedError if it is not an ObjectId */
export function datasetId(dataset: ReadonlyDoc): ObjectId {
  const id = dataset.get('_id');
  if (id instanceof ObjectId) return id;
  throw new MalformedError('_id', kindOf(id), 'an ObjectId');
}
