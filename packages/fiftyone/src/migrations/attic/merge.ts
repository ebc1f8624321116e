import { Doc, equal, ObjectId, type ReadonlyDoc, toEjson, type Value } from '../../bson/index.js';
import type { DatasetRecord } from '../revision.js';

/** A record put together from two, and what of `theirs` has no place in it. */
export interface Merged {
  readonly record: DatasetRecord;
  /** The places that both sides changed, where ours stayed: `app_config.color_scheme`. */
  readonly left: readonly string[];
}

/** What people call a run or a saved view. */
const NAMES = { runs: 'key', views: 'name' } as const;

/** What clients change by themselves: not worth a word. */
const VOLATILE: ReadonlySet<string> = new Set(['last_loaded_at', 'last_modified_at', 'last_deletion_at', 'version']);

/**
 * Puts back what is in `theirs` and not in `base`, wherever `ours` is still as in `base`. Where nobody changed anything the
 * result is `theirs`, byte for byte.
 */
export function mergeRecords(base: DatasetRecord, ours: DatasetRecord, theirs: DatasetRecord): Merged {
  const left: string[] = [];
  const dataset = mergeValues(asDoc(base.dataset), asDoc(ours.dataset), asDoc(theirs.dataset), '', left) as Doc;
  const side = (name: 'runs' | 'views') => {
    const kept = byId(theirs[name]);
    const called = (id: string) => {
      const doc = kept.get(id);
      return doc instanceof Doc ? String(doc.get(NAMES[name]) ?? id) : id;
    };
    const place = (id: string) => `${name === 'runs' ? 'run' : 'saved view'} ${called(id)}`;
    const merged = mergeMaps(byId(base[name]), byId(ours[name]), kept, place, left);
    const [named, before] = [namedIn(dataset), namedIn(theirs.dataset)];
    const own = new Set(ours[name].map(idText));
    // what is put back is of no use to a dataset that names something else in its place by now
    return [...merged.values()].filter((doc) => {
      const id = idText(doc as Doc);
      return own.has(id) || named.has(id) || !before.has(id);
    }) as Doc[];
  };
  return { record: { dataset, runs: side('runs'), views: side('views') }, left };
}

function asDoc(doc: ReadonlyDoc): Doc {
  return doc instanceof Doc ? doc : new Doc(doc);
}

type Maybe = Value | undefined;

function same(a: Maybe, b: Maybe): boolean {
  return a === undefined || b === undefined ? a === b : equal(a, b);
}

function mergeValues(base: Maybe, ours: Maybe, theirs: Maybe, path: string, left: string[]): Maybe {
  if (same(ours, base)) return theirs;
  if (same(theirs, base) || same(ours, theirs)) return ours;
  if (base instanceof Doc && ours instanceof Doc && theirs instanceof Doc) {
    const place = (key: string) => (path === '' ? key : `${path}.${key}`);
    return new Doc(mergeMaps(base, ours, theirs, place, left));
  }
  const [b, o, t] = [itemsOf(base), itemsOf(ours), itemsOf(theirs)];
  if (b && o && t) return [...mergeMaps(b, o, t, (key) => `${path}.${key}`, left).values()];
  if (!VOLATILE.has(path)) left.push(path);
  return ours;
}

type Items = ReadonlyMap<string, Value>;

/** The items of a list by what they go by: documents by their name, ids by themselves. Undefined for lists that only count as a whole. */
function itemsOf(list: Maybe): Items | undefined {
  if (!Array.isArray(list)) return undefined;
  const items = new Map<string, Value>();
  for (const item of list) {
    const key = item instanceof ObjectId ? item.toHexString() : item instanceof Doc ? item.get('name') : undefined;
    if (typeof key !== 'string' || items.has(key)) return undefined;
    items.set(key, item);
  }
  return items;
}

function mergeMaps(base: Items, ours: Items, theirs: Items, place: (key: string) => string, left: string[]): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const key of new Set([...theirs.keys(), ...ours.keys()])) {
    const value = mergeValues(base.get(key), ours.get(key), theirs.get(key), place(key), left);
    if (value !== undefined) values.set(key, value);
  }
  const common = (a: Items, b: Items) => [...a.keys()].filter((key) => b.has(key)).join('\0');
  const [main, other] = common(ours, base) === common(base, ours) ? [theirs, ours] : [ours, theirs];
  return new Map(woven([...main.keys()], [...other.keys()]).flatMap((key) => entry(values, key)));
}

function entry(values: Items, key: string): [string, Value][] {
  const value = values.get(key);
  return value === undefined ? [] : [[key, value]];
}

/** The keys of `main` in their order, and those that only `other` has behind what is before them there. */
function woven(main: readonly string[], other: readonly string[]): string[] {
  const followers = new Map<string | undefined, string[]>();
  const present = new Set(main);
  let last: string | undefined;
  for (const key of other) {
    if (present.has(key)) last = key;
    else followers.set(last, [...(followers.get(last) ?? []), key]);
  }
  return [...(followers.get(undefined) ?? []), ...main.flatMap((key) => [key, ...(followers.get(key) ?? [])])];
}

function byId(docs: readonly ReadonlyDoc[]): Map<string, Value> {
  return new Map(docs.map((doc) => [idText(doc), asDoc(doc)]));
}

function idText(doc: ReadonlyDoc): string {
  const id = doc.get('_id') ?? null;
  return id instanceof ObjectId ? id.toHexString() : toEjson(id);
}

/** All ids in the maps of runs and in the list of saved views. */
function namedIn(dataset: ReadonlyDoc): Set<string> {
  const ids = [...dataset.values()].flatMap((value) =>
    value instanceof Doc ? [...value.values()] : Array.isArray(value) ? value : [],
  );
  return new Set(ids.filter((id) => id instanceof ObjectId).map(String));
}
