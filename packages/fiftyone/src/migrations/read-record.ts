import type { Db } from 'mongodb';
import { Doc, decode, ObjectId, type ReadonlyDoc } from '../bson/index.js';
import { findDocs, findRaw } from '../database/raw.js';
import { RUN_MAPS } from './linked-runs.js';
import type { DatasetRecord } from './revision.js';

/** A record, and the stored bytes of the dataset document: the commit checks that nobody changed them meanwhile. */
export interface StoredRecord extends DatasetRecord {
  readonly bytes: Uint8Array;
}

/** Where a dataset document names its runs. */
export const ALL_RUN_MAPS = [...RUN_MAPS, 'runs'];

/** Reads the small documents of a dataset, or undefined if it is gone. */
export async function readRecord(db: Db, id: ObjectId): Promise<StoredRecord | undefined> {
  for await (const bytes of findRaw(db, 'datasets', { _id: id }, { limit: 1 })) {
    const dataset = decode(bytes);
    const [runs, views] = await Promise.all([
      findLinked(
        db,
        'runs',
        id,
        ALL_RUN_MAPS.flatMap((name) => idsIn(dataset.get(name))),
      ),
      findLinked(db, 'views', id, idsIn(dataset.get('saved_views'))),
    ]);
    return { bytes, dataset, runs, views };
  }
  return undefined;
}

function idsIn(value: unknown): ObjectId[] {
  const items = value instanceof Doc ? [...value.values()] : Array.isArray(value) ? value : [];
  return items.filter((item): item is ObjectId => item instanceof ObjectId);
}

async function findLinked(db: Db, collection: string, dataset: ObjectId, ids: readonly ObjectId[]): Promise<ReadonlyDoc[]> {
  const named = ids.length === 0 ? [] : [{ _id: { $in: ids } }];
  return findDocs(db, collection, { $or: [{ _dataset_id: dataset }, ...named] }, { sort: { _id: 1 } });
}
