import { clone, Doc, type ObjectId, parseEjson, type ReadonlyDoc, toEjson, type Value } from '../../src/bson/index.js';
import { runIdsOf, viewIdsOf } from '../../src/migrations/read-record.js';
import type { DatasetRecord } from '../../src/migrations/revision.js';

/** A place in a record: a key of a document or an index of a list, and what such places are called: `dataset.info.*`. */
interface Place {
  readonly container: Doc | Value[];
  readonly key: string | number;
  readonly pattern: string;
}

/** A change of a record, in numbers that a generator picks: the same numbers make the same change. */
export interface Change {
  readonly kind: ChangeKind;
  readonly place: number;
  readonly choice: number;
}

/** Changes after which a record still is one that some client could have written. */
export const PLAUSIBLE = ['graft', 'graft', 'add', 'add', 'remove', 'odd', 'copy', 'reorder'] as const;

/** Changes after which it need not be. */
export const WRONG = ['wreck', 'wreck', 'delete', 'swap', 'rename'] as const;

export type ChangeKind = (typeof PLAUSIBLE)[number] | (typeof WRONG)[number];

/** Maps whose keys people choose. */
const FREE_KEYS =
  /^dataset\.(info|classes|mask_targets|default_mask_targets|skeletons|evaluations|brain_methods|annotation_runs|runs|group_media_types|label_schemas)$|\.(info|plugins|config|kwargs|attributes)$/;

/** Places whose values people choose. */
const FREE_VALUES = /\.(info|plugins|config|kwargs)(\.|$)/;

/** What makes a dataset this dataset. */
const FIXED = /^dataset\.(_id|name|version|sample_collection_name|slug)$|^(runs|views)\[\]\.(_id|_dataset_id)$/;

export const ODD_KEYS = ['', '0', '10', '__proto__', 'constructor', '$set', 'a.b', 'ключ', '_id', 'name', ' ', 'x'.repeat(200)];

export const ODD_VALUES: readonly Value[] = [
  'null',
  'true',
  '""',
  '"text"',
  '[]',
  '{}',
  '[null]',
  '[{}]',
  '[[1]]',
  '{"a":{"b":[{"c":null}]}}',
  '{"$numberInt":"0"}',
  '{"$numberLong":"9223372036854775807"}',
  '{"$numberDouble":"1.0"}',
  '{"$numberDouble":"NaN"}',
  '{"$numberDecimal":"1.5"}',
  '{"$date":{"$numberLong":"253402300800000"}}',
  '{"$oid":"0123456789abcdef01234567"}',
  '{"$binary":{"base64":"AAEC","subType":"04"}}',
  '{"$regularExpression":{"pattern":"a","options":"xi"}}',
  '{"$timestamp":{"t":1,"i":2}}',
  '{"$symbol":"s"}',
  '{"$undefined":true}',
  '{"$minKey":1}',
  '{"$code":"x"}',
].map(parseEjson);

/** What the records of one version have where: donors for changes. */
export class Donors {
  readonly values = new Map<string, Value[]>();
  /** Keys by the pattern of their document, and in how many of its documents each is. */
  readonly keys = new Map<string, { total: number; counts: Map<string, number> }>();
  readonly runs = new Map<string, ReadonlyDoc>();
  readonly views = new Map<string, ReadonlyDoc>();

  constructor(records: readonly DatasetRecord[]) {
    for (const record of records) {
      for (const side of ['runs', 'views'] as const) for (const doc of record[side]) this[side].set(String(doc.get('_id')), doc);
      const tree = treeOf(record);
      for (const { container, key, pattern } of placesOf(tree)) {
        const value = valueAt(container, key);
        push(this.values, pattern, value);
        if (value instanceof Doc) this.#countKeys(pattern, value);
      }
    }
  }

  #countKeys(pattern: string, doc: Doc): void {
    const entry = this.keys.get(pattern) ?? { total: 0, counts: new Map<string, number>() };
    entry.total++;
    for (const key of doc.keys()) entry.counts.set(key, (entry.counts.get(key) ?? 0) + 1);
    this.keys.set(pattern, entry);
  }

  isOptional(pattern: string, key: string): boolean {
    const entry = this.keys.get(pattern);
    return entry !== undefined && (entry.counts.get(key) ?? 0) < entry.total;
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** A copy of a record with changes made one after the other. One that makes no sense where it would be is left out. */
export function mutate(record: DatasetRecord, changes: readonly Change[], donors: Donors): DatasetRecord {
  const tree = clone(treeOf(record));
  for (const change of changes) apply(tree, change, donors);
  return recordOf(tree);
}

/** Like {@link mutate}, and then as consistent as what clients write: fields have names of their own, runs that are named exist. */
export function vary(record: DatasetRecord, changes: readonly Change[], donors: Donors): DatasetRecord {
  const { dataset, runs, views } = mutate(record, changes, donors);
  for (const key of ['sample_fields', 'frame_fields']) {
    const fields = dataset.get(key);
    if (Array.isArray(fields)) (dataset as Doc).set(key, uniqueBy('name', fields));
  }
  const withNamed = (docs: readonly ReadonlyDoc[], ids: readonly ObjectId[], known: ReadonlyMap<string, ReadonlyDoc>) => {
    const own = docs.map((doc) => clone(new Doc(doc)).set('_dataset_id', dataset.get('_id') as Value));
    const named = ids.map((id) => known.get(id.toHexString())).filter((doc) => doc !== undefined);
    return uniqueBy('_id', [...own, ...named.map((doc) => clone(new Doc(doc)).set('_dataset_id', dataset.get('_id') as Value))]);
  };
  return {
    dataset,
    runs: withNamed(runs, runIdsOf(dataset as Doc), donors.runs) as Doc[],
    views: withNamed(views, viewIdsOf(dataset as Doc), donors.views) as Doc[],
  };
}

function uniqueBy(key: string, docs: readonly Value[]): Value[] {
  const seen = new Set<string>();
  return docs.filter((doc) => {
    const id = doc instanceof Doc ? toEjson(doc.get(key) ?? null) : '';
    const isFirst = !seen.has(id);
    seen.add(id);
    return isFirst;
  });
}

function treeOf({ dataset, runs, views }: DatasetRecord): Doc {
  return Doc.of(
    ['dataset', new Doc(dataset)],
    ['runs', runs.map((run) => new Doc(run))],
    ['views', views.map((view) => new Doc(view))],
  );
}

function apply(tree: Doc, { kind, place: seed, choice }: Change, donors: Donors): void {
  const place = placeIn(tree, seed, (candidate) => suits(kind, candidate, donors));
  if (place === undefined) return;
  const { container, key, pattern } = place;
  const value = valueAt(container, key);
  switch (kind) {
    case 'graft':
      setAt(container, key, clone(pick(donors.values.get(pattern) as Value[], choice)));
      break;
    case 'add':
      add(value as Doc | Value[], pattern, choice, donors);
      break;
    case 'remove':
    case 'delete':
      if (container instanceof Doc) container.delete(key as string);
      else container.splice(key as number, 1);
      break;
    case 'odd':
      (value as Doc).set(pick(ODD_KEYS, choice), clone(pick(ODD_VALUES, Math.floor(choice / ODD_KEYS.length))));
      break;
    case 'copy':
      copy(container, key, value, choice);
      break;
    case 'reorder':
      reorder(value as Doc, choice);
      break;
    case 'wreck':
      setAt(container, key, clone(pick(ODD_VALUES, choice)));
      break;
    case 'swap':
      setAt(container, key, clone(pick(donors.values.get(pick([...donors.values.keys()], choice)) as Value[], choice)));
      break;
    case 'rename':
      if (container instanceof Doc) {
        container.delete(key as string);
        container.set(pick(ODD_KEYS, choice), value);
      }
  }
}

function suits(kind: ChangeKind, { container, key, pattern }: Place, donors: Donors): boolean {
  if (pattern === 'dataset' || pattern === 'runs' || pattern === 'views') return false;
  const value = valueAt(container, key);
  const parent = pattern.slice(0, Math.max(pattern.lastIndexOf('.'), 0));
  switch (kind) {
    case 'wreck':
    case 'delete':
    case 'swap':
      return true;
    case 'rename':
      return container instanceof Doc;
    case 'odd':
      return value instanceof Doc && FREE_VALUES.test(pattern);
    case 'reorder':
      return value instanceof Doc && value.size > 1;
    case 'graft':
      return !FIXED.test(pattern) && donors.values.has(pattern);
    case 'add':
      return Array.isArray(value) ? donors.values.has(`${pattern}[]`) : value instanceof Doc && donors.keys.has(pattern);
    case 'remove':
      if (FIXED.test(pattern)) return false;
      return Array.isArray(container) || FREE_KEYS.test(parent) || donors.isOptional(parent, key as string);
    case 'copy':
      return Array.isArray(container) ? value instanceof Doc && value.has('name') : pattern.endsWith('.*');
  }
}

function add(value: Doc | Value[], pattern: string, choice: number, donors: Donors): void {
  if (Array.isArray(value)) {
    value.push(clone(pick(donors.values.get(`${pattern}[]`) as Value[], choice)));
    return;
  }
  if (FREE_KEYS.test(pattern)) {
    const found = donors.values.get(`${pattern}.*`);
    if (found) value.set(pick([...ODD_KEYS, 'key', 'ground_truth'], choice), clone(pick(found, Math.floor(choice / 14))));
    return;
  }
  const keys = [...(donors.keys.get(pattern)?.counts.keys() ?? [])].filter((key) => !value.has(key));
  if (keys.length === 0) return;
  const key = pick(keys, choice);
  const found = donors.values.get(`${pattern}.${key}`);
  if (found) value.set(key, clone(pick(found, Math.floor(choice / keys.length))));
}

function copy(container: Doc | Value[], key: string | number, value: Value, choice: number): void {
  if (container instanceof Doc) container.set(pick(ODD_KEYS, choice), clone(value));
  else container.splice((key as number) + 1, 0, clone(value as Doc).set('name', `copy ${choice % 7}`));
}

function reorder(doc: Doc, choice: number): void {
  const key = pick([...doc.keys()], choice);
  const value = doc.get(key) as Value;
  doc.delete(key);
  doc.set(key, value);
}

/** A place that suits, by walking down at random: every key of a document counts the same, however much is below it. */
function placeIn(tree: Doc, seed: number, suits: (place: Place) => boolean): Place | undefined {
  let state = seed >>> 0;
  const next = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let attempt = 0; attempt < 30; attempt++) {
    const suitable: Place[] = [];
    let place: Place | undefined = childOf(tree, '', next);
    while (place !== undefined) {
      if (suits(place)) suitable.push(place);
      place = childOf(valueAt(place.container, place.key), place.pattern, next);
    }
    if (suitable.length > 0) return suitable[next(suitable.length)];
  }
  return undefined;
}

function childOf(value: Value, pattern: string, next: (below: number) => number): Place | undefined {
  if (value instanceof Doc && value.size > 0) {
    // most of what there is to a dataset is in its own document
    const keys = pattern === '' && next(4) > 0 ? ['dataset'] : [...value.keys()];
    const key = keys[next(keys.length)] as string;
    return { container: value, key, pattern: patternBelow(pattern, key) };
  }
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return { container: value, key: next(value.length), pattern: `${pattern}[]` };
}

function patternBelow(pattern: string, key: string): string {
  return pattern === '' ? key : `${pattern}.${FREE_KEYS.test(pattern) ? '*' : key}`;
}

function* placesOf(value: Value, pattern = ''): Generator<Place> {
  if (value instanceof Doc) {
    for (const [key, item] of value) {
      const inner = patternBelow(pattern, key);
      yield { container: value, key, pattern: inner };
      yield* placesOf(item, inner);
    }
  } else if (Array.isArray(value)) {
    for (const [key, item] of value.entries()) {
      yield { container: value, key, pattern: `${pattern}[]` };
      yield* placesOf(item, `${pattern}[]`);
    }
  }
}

function valueAt(container: Doc | Value[], key: string | number): Value {
  return (container instanceof Doc ? container.get(key as string) : container[key as number]) as Value;
}

function setAt(container: Doc | Value[], key: string | number, value: Value): void {
  if (container instanceof Doc) container.set(key as string, value);
  else container[key as number] = value;
}

function pick<T>(list: readonly T[], choice: number): T {
  return list[choice % list.length] as T;
}

function recordOf(tree: Doc): DatasetRecord {
  // a collection has no two documents with one _id, and none without
  const docs = (key: string) =>
    uniqueBy(
      '_id',
      (tree.get(key) as Value[]).filter((doc) => doc instanceof Doc && doc.has('_id')),
    );
  return { dataset: tree.get('dataset') as Doc, runs: docs('runs') as Doc[], views: docs('views') as Doc[] };
}
