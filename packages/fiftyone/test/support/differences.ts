import { BsonType, Doc, decode, equal, ObjectId, Scalar, toEjson, type Value } from '../../src/bson/index.js';
import { type Data, normalise, type Window } from './normalise.js';
import type { CollectionMetadata, Snapshot } from './snapshot.js';

export interface DifferencesOptions {
  /** The common input of both. Ids, times and names that it lacks may differ: see {@link normalise}. */
  readonly base?: Snapshot;
  /** Whether the order of keys counts; yes by default. */
  readonly order?: boolean;
  /** When each of the two was made, so that only such times count as new. */
  readonly windows?: { readonly expected?: Window | undefined; readonly actual?: Window | undefined };
}

/**
 * What is not the same in two databases: collections, documents, BSON types, key order, indexes. A line each, which names
 * the place, what was expected and what was found. Documents are matched by `_id`, those of `config` by position without it.
 */
export function differences(expected: Snapshot, actual: Snapshot, options: DifferencesOptions = {}): string[] {
  const { base, windows } = options;
  let [e, a]: [Data, Data] = [decoded(expected), decoded(actual)];
  if (base !== undefined) {
    const known = bases.get(base) ?? decoded(base);
    bases.set(base, known);
    e = normalise(e, known, windows?.expected);
    a = normalise(a, known, windows?.actual);
  }
  const comparison = new Comparison(options.order ?? true);
  for (const name of [...new Set([...e.keys(), ...a.keys()])].sort()) {
    const [left, right] = [e.get(name), a.get(name)];
    if (left === undefined) comparison.lines.push(`collection ${name}: not expected (${right?.length} documents)`);
    else if (right === undefined) comparison.lines.push(`collection ${name}: missing (${left.length} documents)`);
    else {
      comparison.collection(name, left, right);
      comparison.metadata(name, expected.metadata.get(name), actual.metadata.get(name));
    }
  }
  return comparison.lines;
}

/** Hundreds of results are compared on the same base. */
const bases = new WeakMap<Snapshot, Data>();

function decoded(snapshot: Snapshot): Data {
  return new Map([...snapshot.collections].map(([name, docs]) => [name, docs.map(decode)]));
}

class Comparison {
  readonly lines: string[] = [];

  constructor(readonly order: boolean) {}

  collection(name: string, expected: readonly Doc[], actual: readonly Doc[]): void {
    const anonymous = name === 'config';
    const [left, right] = [byId(expected, anonymous), byId(actual, anonymous)];
    if (left.size !== expected.length || right.size !== actual.length) this.lines.push(`${name}: several documents with one _id`);
    for (const [id, doc] of left) {
      const other = right.get(id);
      const label = `${name}/${id}${name === 'datasets' ? ` (${String(doc.get('name'))})` : ''}`;
      if (other === undefined) this.lines.push(`${label}: missing`);
      else this.value(label, doc, other);
    }
    for (const id of right.keys()) if (!left.has(id)) this.lines.push(`${name}/${id}: not expected`);
  }

  metadata(name: string, expected: CollectionMetadata | undefined, actual: CollectionMetadata | undefined): void {
    this.value(`options of ${name}`, expected?.options ?? new Doc(), actual?.options ?? new Doc());
    const [left, right] = [byName(expected?.indexes ?? []), byName(actual?.indexes ?? [])];
    for (const [index, doc] of left) {
      const other = right.get(index);
      if (other === undefined) this.lines.push(`index ${name}.${index}: missing`);
      else {
        // the order of an index's keys is what the index is; that of its options is not
        this.value(`index ${name}.${index}.key`, doc.get('key') ?? null, other.get('key') ?? null, true);
        this.value(`index ${name}.${index}`, doc, other, false);
      }
    }
    for (const index of right.keys()) if (!left.has(index)) this.lines.push(`index ${name}.${index}: not expected`);
  }

  value(path: string, expected: Value, actual: Value, order = this.order): void {
    if (equal(expected, actual)) return;
    if (kind(expected) !== kind(actual)) {
      this.lines.push(`${path}: expected ${kind(expected)} ${show(expected)}, found ${kind(actual)} ${show(actual)}`);
    } else if (expected instanceof Doc && actual instanceof Doc) {
      this.#document(path, expected, actual, order);
    } else if (Array.isArray(expected) && Array.isArray(actual)) {
      if (expected.length !== actual.length)
        this.lines.push(`${path}: expected ${expected.length} items, found ${actual.length}`);
      for (let i = 0; i < Math.min(expected.length, actual.length); i++)
        this.value(`${path}[${i}]`, expected[i] as Value, actual[i] as Value, order);
    } else {
      this.lines.push(`${path}: expected ${show(expected)}, found ${show(actual)}`);
    }
  }

  #document(path: string, expected: Doc, actual: Doc, order: boolean): void {
    for (const [key, value] of expected)
      if (!actual.has(key)) this.lines.push(`${path}.${key}: missing, expected ${show(value)}`);
    for (const [key, value] of actual)
      if (!expected.has(key)) this.lines.push(`${path}.${key}: not expected, found ${show(value)}`);
    const left = [...expected.keys()].filter((key) => actual.has(key));
    const right = [...actual.keys()].filter((key) => expected.has(key));
    const at = left.findIndex((key, i) => key !== right[i]);
    if (order && at >= 0) {
      const some = (keys: string[]) => JSON.stringify(keys.slice(at, at + 4));
      this.lines.push(`${path}: key order from position ${at}: expected ${some(left)}, found ${some(right)}`);
    }
    for (const key of left) this.value(`${path}.${key}`, expected.get(key) as Value, actual.get(key) as Value, order);
  }
}

function byId(docs: readonly Doc[], anonymous: boolean): Map<string, Doc> {
  if (anonymous) return new Map(docs.map((doc, i) => [String(i), new Doc([...doc].filter(([key]) => key !== '_id'))]));
  return new Map(docs.map((doc) => [idText(doc.get('_id')), doc]));
}

function idText(id: Value | undefined): string {
  return id instanceof ObjectId ? id.toHexString() : id === undefined ? 'no _id' : toEjson(id);
}

function byName(indexes: readonly Doc[]): Map<string, Doc> {
  return new Map(
    indexes.map((index) => [
      String(index.get('name')),
      // `v` and `ns` tell which server made the index
      new Doc([...index].filter(([key]) => key !== 'v' && key !== 'ns')),
    ]),
  );
}

const TYPE_NAMES = new Map<number, string>(Object.entries(BsonType).map(([name, type]) => [type, name]));

function kind(value: Value): string {
  if (value === null) return 'null';
  if (value instanceof Doc) return 'document';
  if (Array.isArray(value)) return 'list';
  if (value instanceof ObjectId) return 'ObjectId';
  if (!(value instanceof Scalar)) return typeof value;
  const name = TYPE_NAMES.get(value.type) ?? `type ${value.type}`;
  return value.type === BsonType.binary ? `${name} ${value.bytes[4]}` : name;
}

function show(value: Value): string {
  const text = toEjson(value);
  return text.length <= 160 ? text : `${text.slice(0, 157)}...`;
}
