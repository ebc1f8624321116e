import type { Db } from 'mongodb';
import { batched } from '../batched.js';
import type { Malformed } from './revision.js';

/** So many collections are looked through in one round trip, and so many round trips are under way at once. */
const BATCH = 16;
const AT_ONCE = 4;

/** Whether any document of a collection matches a filter. What is asked at once shares round trips. */
export type AnyMatch = (check: Pick<Malformed, 'collection' | 'filter'>) => Promise<boolean>;

export function anyMatch(db: Db): AnyMatch {
  return batched({ limit: BATCH, atOnce: AT_ONCE }, (checks) => whichMatch(db, checks));
}

async function whichMatch(db: Db, checks: readonly Parameters<AnyMatch>[0][]): Promise<boolean[]> {
  const first = (check: Parameters<AnyMatch>[0], i: number) => ({
    $unionWith: {
      coll: check.collection,
      pipeline: [{ $match: check.filter }, { $limit: 1 }, { $project: { _id: { $literal: i } } }],
    },
  });
  const found = await db.aggregate([{ $documents: [] }, ...checks.map(first)]).toArray();
  const matched = new Set(found.map((doc) => Number(doc._id)));
  return checks.map((_, i) => matched.has(i));
}
