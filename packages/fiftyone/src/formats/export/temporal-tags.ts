import type { Db } from 'mongodb';
import { Doc, decode, encode, millisecondsOf, ObjectId, type Value } from '../../bson/index.js';
import { bsonToJson } from '../../bson/write-json.js';
import { findDocs } from '../../database/raw.js';
import type { Reading } from '../../datasets/sample-collection.js';
import { readDocuments } from './read-documents.js';

/** The order in which the real client exports them. */
const ORDER = { _sample_id: 1, kind: 1, index_type: 1, anchor: 1, start: 1, end: 1, tag: 1 } as const;

/**
 * The text of `tags.json`, or undefined without temporal tags.
 *
 * @param view those whose tags are wanted; all samples of the dataset by default
 */
export async function temporalTags(db: Db, dataset: ObjectId, view?: Reading): Promise<string | undefined> {
  const found = await findDocs(db, 'tags', { _dataset_id: dataset, kind: 'temporal' }, { sort: ORDER, allowDiskUse: true });
  const shown = view && found.length > 0 ? await shownIn(db, view, found) : undefined;
  const tags = shown ? found.filter((tag) => shown.has(hex(tag.get('_sample_id')))) : found;
  if (tags.length === 0) return undefined;
  return `{"tags": [${tags.map((tag) => bsonToJson(encode(exported(tag))).toString()).join(',')}]}`;
}

/** How many samples are looked for at once. */
const AT_ONCE = 100_000;

async function shownIn(db: Db, { collection, pipeline }: Reading, tags: readonly Doc[]): Promise<ReadonlySet<string>> {
  const ids = [...new Set(tags.map((tag) => hex(tag.get('_sample_id'))))];
  const shown = new Set<string>();
  for (let i = 0; i < ids.length; i += AT_ONCE) {
    const some = ids.slice(i, i + AT_ONCE).map((id) => ObjectId.createFromHexString(id));
    const only = [...pipeline, { $match: { _id: { $in: some } } }];
    for await (const batch of readDocuments(db, { collection, pipeline: only }, { _id: 1 })) {
      for (const bson of batch) shown.add(hex(decode(bson).get('_id')));
    }
  }
  return shown;
}

/** A tag in the keys and with the dates of its export: Python's `isoformat`, in UTC. */
function exported(tag: Doc): Doc {
  const result = Doc.of(['sample_id', hex(tag.get('_sample_id'))]);
  for (const key of ['index_type', 'start', 'end', 'tag', 'anchor', 'created_by', 'last_modified_by']) {
    const value = tag.get(key) ?? null;
    if (value !== null) result.set(key, value);
  }
  for (const key of ['created_at', 'last_modified_at']) {
    const time = isoFormat(tag.get(key));
    if (time !== undefined) result.set(key, time);
  }
  return result.set('kind', tag.get('kind') ?? null);
}

function isoFormat(value: Value | undefined): string | undefined {
  const ms = millisecondsOf(value);
  if (ms === undefined) return undefined;
  return new Date(Number(ms)).toISOString().replace(/\.000Z$|Z$/, (end) => (end === 'Z' ? '000' : ''));
}

function hex(id: Value | undefined): string {
  return id instanceof ObjectId ? id.toHexString() : '';
}
