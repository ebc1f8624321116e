import { Doc, millisecondsOf, ObjectId, toEjson, type Value } from '../../src/bson/index.js';

/** The documents of a database, by collection. */
export type Data = ReadonlyMap<string, readonly Doc[]>;

/** When a run took place, in milliseconds since 1970 UTC. */
export interface Window {
  readonly first: number;
  readonly last: number;
}

/** How far the clocks of a client and of a server may be apart. */
const SLACK_MS = 2000;

/** The times that are part of names which a migration makes up, e.g. `X-RENAMED-2026.11.21.11.53.20.621990`. */
const TIME_NAME = /\d{4}(?:[.-]\d\d){5}(?:[.-]\d{6})?(?!\d)/g;

/** The order in which new ids get their numbers: collections whose new documents others refer to come first. */
const FIRST = ['datasets', 'runs', 'fs.files'];

/**
 * The data with placeholders for what is new in every run, so that the results of two runs can be compared: ObjectIds, times
 * and names with a time that `base`, the common input, lacks become `<OID#n>`, `<NOW>` and `<TIMENAME>`.
 *
 * The same id is the same number throughout the database; neither the order of keys nor that of new documents matters.
 *
 * @param window times outside of it stay, so that a wrong clock shows
 */
export function normalise(data: Data, base: Data, window?: Window): Map<string, Doc[]> {
  const known = knowns.get(base) ?? knownIn(base);
  knowns.set(base, known);
  const numbers = new Map<string, number>();
  const isNew = (value: Value): value is ObjectId => value instanceof ObjectId && !known.ids.has(value.toHexString());

  const number = (value: Value): void => {
    if (value instanceof Doc) for (const key of [...value.keys()].sort()) number(value.get(key) as Value);
    else if (Array.isArray(value)) value.forEach(number);
    else if (isNew(value) && !numbers.has(value.toHexString())) numbers.set(value.toHexString(), numbers.size + 1);
  };
  const replace = (value: Value): Value => {
    if (isNew(value)) return `<OID#${numbers.get(value.toHexString()) ?? ''}>`;
    if (typeof value === 'string') return value.replace(TIME_NAME, (time) => (known.names.has(time) ? time : '<TIMENAME>'));
    const ms = millisecondsOf(value);
    return ms !== undefined && !known.times.has(ms) && within(ms, window) ? '<NOW>' : value;
  };
  const rank = (doc: Doc): [number, number, string] => {
    const id = doc.get('_id') ?? null;
    if (!isNew(id)) return [0, 0, toEjson(id)];
    const content = new Doc([...doc].filter(([key]) => key !== '_id').sort(([a], [b]) => (a < b ? -1 : 1)));
    return [1, numbers.get(id.toHexString()) ?? Number.MAX_SAFE_INTEGER, toEjson(map(content, replace))];
  };

  const place = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  const names = [...data.keys()].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
  return new Map(
    names.map((name) => {
      const ranked = (data.get(name) as Doc[]).map((doc) => ({ doc, rank: rank(doc) }));
      const docs = ranked.sort((a, b) => compareRanks(a.rank, b.rank)).map(({ doc }) => doc);
      docs.forEach(number);
      return [name, docs.map((doc) => map(doc, replace) as Doc)];
    }),
  );
}

function compareRanks(a: [number, number, string], b: [number, number, string]): number {
  return a[0] - b[0] || a[1] - b[1] || (a[2] < b[2] ? -1 : a[2] > b[2] ? 1 : 0);
}

function within(ms: bigint, window: Window | undefined): boolean {
  return window === undefined || (ms >= BigInt(window.first - SLACK_MS) && ms <= BigInt(window.last + SLACK_MS));
}

interface Known {
  readonly ids: ReadonlySet<string>;
  readonly times: ReadonlySet<bigint>;
  readonly names: ReadonlySet<string>;
}

const knowns = new WeakMap<Data, Known>();

function knownIn(base: Data): Known {
  const ids = new Set<string>();
  const times = new Set<bigint>();
  const names = new Set<string>();
  const note = (value: Value): Value => {
    if (value instanceof ObjectId) ids.add(value.toHexString());
    else if (typeof value === 'string') for (const [time] of value.matchAll(TIME_NAME)) names.add(time);
    const ms = millisecondsOf(value);
    if (ms !== undefined) times.add(ms);
    return value;
  };
  for (const [collection, docs] of base) {
    note(collection);
    for (const doc of docs) map(doc, note);
  }
  return { ids, times, names };
}

/** A copy in which every value that holds no others went through `change`. */
function map(value: Value, change: (value: Value) => Value): Value {
  if (value instanceof Doc) return new Doc([...value].map(([key, item]) => [key, map(item, change)]));
  return Array.isArray(value) ? value.map((item) => map(item, change)) : change(value);
}
