import type { Db } from 'mongodb';
import { batched } from '../../batched.js';
import { ObjectId } from '../../bson/index.js';
import { findDocs } from '../../database/raw.js';
import { shellWord } from '../../shell-word.js';
import type { DatasetPlan } from '../plan.js';
import type { Pending, Query } from '../revision.js';
import { revisions as ofDatasets } from '../revisions/index.js';
import type { Finding } from './finding.js';
import { byCollection, findPending, type Owners } from './pending.js';

/**
 * How many documents of a collection are looked at, the newest first: what clients insert while a migration runs comes last,
 * and a large collection costs no more than a small one. `--verify` looks at all.
 */
const NEWEST = 1000;

/** How many datasets are looked at in one round trip. */
const BATCH = 50;

/** Makes the check of what a run has just done to a dataset: whether documents match that its edits should have changed. Never throws. */
export function afterRunCheck(db: Db, revisions = ofDatasets): (plan: DatasetPlan) => Promise<Finding[]> {
  const isSuspicious = batched<readonly Pending[], boolean>(BATCH, (lists) => anyOfNewest(db, lists));
  return async (plan) => {
    try {
      const pending = pendingOf(plan, revisions, () => [plan.id]);
      if (pending.length === 0 || !(await isSuspicious(pending))) return [];
      // only now it is worth asking who else has these collections
      const owners = await ownersOf(db, [...new Set(pending.map(({ collection }) => collection))]);
      return await findPending(db, pendingOf(plan, revisions, owners));
    } catch (error) {
      const name = shellWord(String(plan.after.dataset.get('name')));
      return [
        {
          problem: `it could not be verified: ${(error as Error).message}`,
          next: `look again: fiftyone migrate --verify -n ${name}`,
        },
      ];
    }
  };
}

/** What to look for after the steps up that edited collections. */
function pendingOf({ stages, after, direction }: DatasetPlan, revisions: typeof ofDatasets, owners: Owners): Pending[] {
  if (direction === 'down') return [];
  const edited = stages.filter(({ bulk }) => bulk.length > 0);
  return edited.flatMap(({ name }) => revisions.get(name.slice(1))?.pending?.(after.dataset, owners) ?? []);
}

async function anyOfNewest(db: Db, lists: readonly (readonly Pending[])[]): Promise<boolean[]> {
  const looks = lists.flatMap((pending, at) => looksOf(pending, at));
  const [first, ...others] = looks;
  if (first === undefined) return lists.map(() => false);
  const unions = others.map(({ collection, pipeline }) => ({ $unionWith: { coll: collection, pipeline: [...pipeline] } }));
  const found = await db
    .collection(first.collection)
    .aggregate([...first.pipeline, ...unions])
    .toArray();
  const suspicious = new Set(found.map(({ at }) => at));
  return lists.map((_, at) => suspicious.has(at));
}

interface Look {
  readonly collection: string;
  readonly pipeline: readonly Query[];
}

/** One look per collection, at everything at once. */
function looksOf(pending: readonly Pending[], at: number): Look[] {
  return [...byCollection(pending)].map(([collection, own]) => {
    const filters = own.map(({ filter }) => filter);
    const newest = [{ $sort: { _id: -1 } }, { $limit: NEWEST }];
    return {
      collection,
      pipeline: [...newest, { $match: { $or: filters } }, { $limit: 1 }, { $project: { _id: 0, at: { $literal: at } } }],
    };
  });
}

const NAMES = ['sample_collection_name', 'frame_collection_name'] as const;

async function ownersOf(db: Db, collections: readonly string[]): Promise<Owners> {
  const filter = { $or: NAMES.map((key) => ({ [key]: { $in: collections } })) };
  const projection = Object.fromEntries(NAMES.map((key) => [key, 1]));
  const datasets = await findDocs(db, 'datasets', filter, { projection });
  return (collection) =>
    datasets
      .filter((dataset) => NAMES.some((key) => dataset.get(key) === collection))
      .flatMap((dataset) => dataset.get('_id') ?? [])
      .filter((id) => id instanceof ObjectId);
}
