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
  let asked = 0;
  let owned: Promise<Owned> | undefined;
  return batched(BATCH, async (ids: readonly ObjectId[]) => {
    asked += ids.length;
    if (asked > BATCH) {
      owned ??= readOwned(db).catch((error) => {
        owned = undefined;
        throw error;
      });
    }
    return await readRecords(db, ids, await owned);
  });
}

/** Reads the small documents of one dataset, or undefined if it is gone. */
export async function readRecord(db: Db, id: ObjectId): Promise<StoredRecord | undefined> {
  return (await readRecords(db, [id]))[0];
}

const SIDES = ['runs', 'views'] as const;
type Side = (typeof SIDES)[number];

/** The ids of the documents of the side collections, by the dataset that they name. */
type Owned = Record<Side, ReadonlyMap<string, readonly ObjectId[]> | undefined>;

/**
 * Runs and saved views have no index by their dataset, so every look for those of a few datasets reads all: for many datasets it is
 * done once. What clients add later their dataset names as well.
 */
async function readOwned(db: Db): Promise<Owned> {
  const [runs, views] = await Promise.all(
    SIDES.map(async (side) => {
      const docs = await findDocs(db, side, {}, { projection: { _dataset_id: 1 } });
      // other ids the driver does not take as they are
      if (!docs.every((doc) => doc.get('_id') instanceof ObjectId)) return undefined;
      return grouped(docs, ownerOf, (doc) => doc.get('_id') as ObjectId);
    }),
  );
  return { runs, views } as Owned;
}

async function readRecords(db: Db, ids: readonly ObjectId[], owned?: Owned): Promise<(StoredRecord | undefined)[]> {
  const found = new Map<string, { bytes: Uint8Array; dataset: Doc }>();
  for await (const bytes of findRaw(db, 'datasets', { _id: { $in: [...ids] } })) {
    const dataset = decode(bytes);
    found.set(String(dataset.get('_id')), { bytes, dataset });
  }
  const datasets = [...found.values()].map(({ dataset }) => dataset);
  const [runsOf, viewsOf] = await Promise.all([
    findLinked(db, 'runs', ids, datasets.flatMap(runIdsOf), owned),
    findLinked(db, 'views', ids, datasets.flatMap(viewIdsOf), owned),
  ]);
  return ids.map((id) => {
    const stored = found.get(id.toHexString());
    if (!stored) return undefined;
    const { dataset } = stored;
    return { ...stored, runs: runsOf(id, runIdsOf(dataset)), views: viewsOf(id, viewIdsOf(dataset)) };
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

/** Finds the documents that belong to datasets. @returns those of one of them: that name it, or that it names */
async function findLinked(
  db: Db,
  side: Side,
  datasets: readonly ObjectId[],
  ids: readonly ObjectId[],
  owned: Owned | undefined,
): Promise<(dataset: ObjectId, named: readonly ObjectId[]) => Doc[]> {
  const known = owned?.[side];
  const own = datasets.flatMap((dataset) => known?.get(dataset.toHexString()) ?? []);
  const byIds = { _id: { $in: [...own, ...ids] } };
  const filter = known ? byIds : { $or: [{ _dataset_id: { $in: [...datasets] } }, ...(ids.length === 0 ? [] : [byIds])] };
  const docs = await findDocs(db, side, filter, { sort: { _id: 1 } });
  const place = (_: Doc, at: number) => at;
  const [byOwner, byId] = [grouped(docs, ownerOf, place), grouped(docs, (doc) => String(doc.get('_id')), place)];
  return (dataset, named) => {
    const places = [...(byOwner.get(dataset.toHexString()) ?? []), ...named.flatMap((id) => byId.get(String(id)) ?? [])];
    return [...new Set(places)].sort((a, b) => a - b).map((at) => docs[at] as Doc);
  };
}

function ownerOf(doc: Doc): string {
  const owner = doc.get('_dataset_id');
  return owner instanceof ObjectId ? owner.toHexString() : '';
}

function grouped<T>(docs: readonly Doc[], keyOf: (doc: Doc) => string, itemOf: (doc: Doc, at: number) => T): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const [at, doc] of docs.entries()) {
    const group = groups.get(keyOf(doc)) ?? [];
    group.push(itemOf(doc, at));
    groups.set(keyOf(doc), group);
  }
  return groups;
}
