import { Doc, ObjectId, type Value } from '../../bson/index.js';
import type { DatasetRecord } from '../revision.js';

/** A record in which made-up ids are replaced, and by which: old ones as text, with the new ones. */
export interface Adopted {
  readonly record: DatasetRecord;
  readonly ids: ReadonlyMap<string, ObjectId>;
}

/**
 * Replaces ids that a way up made by those that `original` has in the same places: the run `eval` is the same run, whatever
 * its id was in between.
 */
export function adoptIds(record: DatasetRecord, made: ReadonlySet<string>, original: DatasetRecord): Adopted {
  const ids = new Map<string, ObjectId>();
  if (made.size > 0) collect(record.dataset as Doc, original.dataset as Doc, made, ids);
  if (ids.size === 0) return { record, ids };
  const docs = (list: readonly unknown[]) => list.map((doc) => replaced(doc as Doc, ids) as Doc);
  return {
    record: { dataset: replaced(record.dataset as Doc, ids) as Doc, runs: docs(record.runs), views: docs(record.views) },
    ids,
  };
}

function collect(doc: Doc, original: Doc, made: ReadonlySet<string>, ids: Map<string, ObjectId>): void {
  for (const [key, value] of doc) {
    const other = original.get(key);
    if (value instanceof Doc && other instanceof Doc) collect(value, other, made, ids);
    else if (value instanceof ObjectId && other instanceof ObjectId && made.has(value.toHexString()))
      ids.set(value.toHexString(), other);
  }
}

function replaced(value: Value, ids: ReadonlyMap<string, ObjectId>): Value {
  if (value instanceof ObjectId) return ids.get(value.toHexString()) ?? value;
  if (value instanceof Doc) return new Doc([...value].map(([key, item]) => [key, replaced(item, ids)]));
  return Array.isArray(value) ? value.map((item) => replaced(item, ids)) : value;
}
