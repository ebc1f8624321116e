import type { Db } from 'mongodb';
import { batched } from '../batched.js';
import { type Doc, decode, ObjectId } from '../bson/index.js';
import { findDocs, findRaw } from '../database/raw.js';
import { RUN_MAPS, runIds } from './linked-runs.js';
import type { DatasetPlan } from './plan.js';
import type { DatasetRecord } from './revision.js';

/** A record, and the stored bytes of the dataset document: the commit checks that nobody changed them meanwhile. */
export interface StoredRecord extends DatasetRecord {
  readonly bytes: Uint8Array;
}

/** A plan for a record as it is stored. */
export type StoredPlan = DatasetPlan & {
  readonly before: StoredRecord;
  /** The dataset document after the plan, as BSON. */
  readonly bytes: Uint8Array;
};

/** Where a dataset document names its runs. */
export const ALL_RUN_MAPS = [...RUN_MAPS, 'runs'];

/** How many datasets are read in one round trip. */
const BATCH = 100;

/** A reader of the small documents of datasets, undefined for one that is gone. What is asked for at once is read at once. */
export function recordReader(db: Db): (id: ObjectId) => Promise<StoredRecord | undefined> {
  return batched(BATCH, (ids: readonly ObjectId[]) => readRecords(db, ids));
}

/** Reads the small documents of one dataset, or undefined if it is gone. */
export async function readRecord(db: Db, id: ObjectId): Promise<StoredRecord | undefined> {
  return (await readRecords(db, [id]))[0];
}

async function readRecords(db: Db, ids: readonly ObjectId[]): Promise<(StoredRecord | undefined)[]> {
  const found = new Map<string, { bytes: Uint8Array; dataset: Doc }>();
  for await (const bytes of findRaw(db, 'datasets', { _id: { $in: [...ids] } })) {
    const dataset = decode(bytes);
    found.set(String(dataset.get('_id')), { bytes, dataset });
  }
  const datasets = [...found.values()].map(({ dataset }) => dataset);
  const [runs, views] = await Promise.all([
    findLinked(db, 'runs', ids, datasets.flatMap(runIdsOf)),
    findLinked(db, 'views', ids, datasets.flatMap(viewIdsOf)),
  ]);
  return ids.map((id) => {
    const stored = found.get(id.toHexString());
    if (!stored) return undefined;
    return {
      ...stored,
      runs: linkedTo(id, runIdsOf(stored.dataset), runs),
      views: linkedTo(id, viewIdsOf(stored.dataset), views),
    };
  });
}

/** The runs that a dataset names. */
export function runIdsOf(dataset: Doc): ObjectId[] {
  return runIds(dataset, ALL_RUN_MAPS);
}

/** The saved views that a dataset names. */
export function viewIdsOf(dataset: Doc): ObjectId[] {
  const views = dataset.get('saved_views');
  return Array.isArray(views) ? views.filter((id) => id instanceof ObjectId) : [];
}

async function findLinked(db: Db, collection: string, datasets: readonly ObjectId[], ids: readonly ObjectId[]): Promise<Doc[]> {
  const named = ids.length === 0 ? [] : [{ _id: { $in: [...ids] } }];
  return findDocs(db, collection, { $or: [{ _dataset_id: { $in: [...datasets] } }, ...named] }, { sort: { _id: 1 } });
}

function linkedTo(dataset: ObjectId, named: readonly ObjectId[], docs: readonly Doc[]): Doc[] {
  const names = new Set(named.map(String));
  return docs.filter((doc) => String(doc.get('_dataset_id')) === dataset.toHexString() || names.has(String(doc.get('_id'))));
}
