import { Doc, equal, toEjson, type Value } from '../../src/bson/index.js';
import type { DatasetRecord } from '../../src/migrations/revision.js';
import { isFilled } from '../../src/migrations/shape.js';

/** A place at which two records differ: `sample_fields[ground_truth].description`, `runs[5f…].config`. */
export interface Difference {
  readonly path: readonly string[];
  readonly before: Value | undefined;
  readonly after: Value | undefined;
}

/** What of a record is gone or another, and what is new. What is empty in both, or empty and missing, is neither. */
export interface Differences {
  readonly lost: readonly Difference[];
  readonly gained: readonly Difference[];
}

/** Compares two records as people see them: entries of lists by their names, empty values as none, without the order of keys. */
export function compareRecords(before: DatasetRecord, after: DatasetRecord): Differences {
  const lost: Difference[] = [];
  const gained: Difference[] = [];
  const compare = (path: readonly string[], a: Value | undefined, b: Value | undefined): void => {
    if (a !== undefined && b !== undefined && equal(a, b)) return;
    const [left, right] = [entriesOf(a), entriesOf(b)];
    if (left !== undefined && right !== undefined) {
      for (const key of new Set([...left.keys(), ...right.keys()])) compare([...path, key], left.get(key), right.get(key));
    } else if (isFilled(a)) lost.push({ path, before: a, after: b });
    else if (isFilled(b)) gained.push({ path, before: a, after: b });
  };
  for (const [a, b] of pairs(before, after))
    for (const key of new Set([...a.keys(), ...b.keys()])) compare([key], a.get(key), b.get(key));
  return { lost, gained };
}

function pairs(before: DatasetRecord, after: DatasetRecord): [ReadonlyMap<string, Value>, ReadonlyMap<string, Value>][] {
  const sides = ({ runs, views }: DatasetRecord) =>
    new Map<string, Value>([
      ['runs of', byId(runs)],
      ['views of', byId(views)],
    ]);
  return [
    [before.dataset, after.dataset],
    [sides(before), sides(after)],
  ];
}

function byId(docs: readonly ReadonlyMap<string, Value>[]): Doc {
  return new Doc(docs.map((doc) => [toEjson(doc.get('_id') ?? null), new Doc(doc)]));
}

/** The entries of what has any; what is in a list of documents by its name, or its place among those without one. */
function entriesOf(value: Value | undefined): ReadonlyMap<string, Value> | undefined {
  if (value instanceof Doc) return value;
  if (!Array.isArray(value) || !value.some((item) => item instanceof Doc)) return undefined;
  let nameless = 0;
  const nameOf = (item: Value) => {
    const name = item instanceof Doc ? item.get('name') : undefined;
    return typeof name === 'string' ? name : `${nameless++}`;
  };
  return new Map(value.map((item) => [`[${nameOf(item)}]`, item]));
}

/** `sample_fields[ground_truth].description` */
export function pathText({ path }: Difference): string {
  return path.join('.').replaceAll('.[', '[');
}

/** `sample_fields[ground_truth].description: "d" is now missing` */
export function show(difference: Difference): string {
  const text = (value: Value | undefined) => (value === undefined ? 'missing' : toEjson(value).slice(0, 80));
  return `${pathText(difference)}: ${text(difference.before)} is now ${text(difference.after)}`;
}
