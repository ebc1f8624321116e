import { Doc, equal, type ReadonlyDoc, type Value } from '../../bson/index.js';

/** A place at which two documents are not the same. `reordered`: same keys or names, in another order. */
export interface Difference {
  /** `info.author`, `tags[0]`; items of a list in which each has a name: `sample_fields[filepath].read_only`. */
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'changed' | 'reordered';
  readonly before?: Value;
  readonly after?: Value;
}

/** The places at which two documents are not the same: how many, and all or the first of them. */
export interface Differences {
  readonly count: number;
  readonly places: readonly Difference[];
}

/** How much a preview keeps: of a thousand datasets nobody reads every place. */
export type Detail = 'short' | 'full';

const SHORT = 4;

/** Every difference, or how many there are and the first few. */
export function differencesIn(before: ReadonlyDoc, after: ReadonlyDoc, detail: Detail): Differences {
  const places = differencesOf(before, after);
  return { count: places.length, places: detail === 'full' ? places : places.slice(0, SHORT) };
}

/** Every difference between two documents, as deep as both have the same kind of value. */
export function differencesOf(before: ReadonlyDoc, after: ReadonlyDoc): Difference[] {
  return [...between('', before as Doc, after as Doc)];
}

function* between(path: string, before: Value, after: Value): Generator<Difference> {
  if (equal(before, after)) return;
  const pair = partsOf(path, before, after);
  if (pair === undefined) return yield { path, kind: 'changed', before, after };
  const [left, right] = pair;
  for (const [place, value] of left) {
    const other = right.get(place);
    if (other === undefined) yield { path: place, kind: 'removed', before: value };
    else yield* between(place, value, other);
  }
  for (const [place, value] of right) if (!left.has(place)) yield { path: place, kind: 'added', after: value };
  const [kept, keptAfter] = [[...left.keys()].filter((key) => right.has(key)), [...right.keys()].filter((key) => left.has(key))];
  if (kept.some((key, i) => key !== keptAfter[i])) yield { path, kind: 'reordered' };
}

type Parts = ReadonlyMap<string, Value>;

/** What two values consist of, by the paths of their parts; undefined if they cannot be compared part by part. */
function partsOf(path: string, before: Value, after: Value): [Parts, Parts] | undefined {
  if (before instanceof Doc && after instanceof Doc) return [keysOf(path, before), keysOf(path, after)];
  if (!Array.isArray(before) || !Array.isArray(after)) return undefined;
  return [namesOf(path, before), namesOf(path, after)].every((parts) => parts !== undefined)
    ? [namesOf(path, before) as Parts, namesOf(path, after) as Parts]
    : [itemsOf(path, before), itemsOf(path, after)];
}

function keysOf(path: string, doc: Doc): Parts {
  return new Map([...doc].map(([key, value]) => [path === '' ? key : `${path}.${key}`, value]));
}

function itemsOf(path: string, items: readonly Value[]): Parts {
  return new Map(items.map((item, i) => [`${path}[${i}]`, item]));
}

/** Fields and sidebar groups are better known by their names than by their numbers. */
function namesOf(path: string, items: readonly Value[]): Parts | undefined {
  const names = items.map((item) => (item instanceof Doc ? item.get('name') : undefined));
  if (names.some((name) => typeof name !== 'string') || new Set(names).size < items.length) return undefined;
  return new Map(items.map((item, i) => [`${path}[${String(names[i])}]`, item]));
}
