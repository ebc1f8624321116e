import type { Db } from 'mongodb';
import { anyMatch } from './any-match.js';
import type { DatasetPlan } from './plan.js';

/**
 * Looks for documents that would make a bulk edit fail or do harm, before anything is written.
 *
 * @returns a reason per kind of mistake, with the number of documents and the first few ids
 */
export async function findMalformed(db: Db, plan: DatasetPlan, matches = anyMatch(db)): Promise<string[]> {
  const reasons: string[] = [];
  for (const stage of plan.stages) {
    for (const { collection, filter, problem } of stage.bulk.flatMap((edit) => edit.refuses ?? [])) {
      if (!(await matches({ collection, filter }))) continue;
      const found = await db
        .collection(collection)
        .find(filter, { projection: { _id: 1 }, limit: 4 })
        .toArray();
      const count = await db.collection(collection).countDocuments(filter);
      const ids = found.slice(0, 3).map((doc) => String(doc._id));
      reasons.push(
        `${stage.name}: ${problem} in ${count} of ${collection}: _id ${ids.join(', ')}${count > ids.length ? ', …' : ''}`,
      );
    }
  }
  return reasons;
}

/** What the bulk edits of a plan would lose, with the number of documents: the record alone does not show it. */
export async function findLosses(db: Db, plan: DatasetPlan): Promise<string[]> {
  const losses: string[] = [];
  for (const edit of plan.stages.flatMap((stage) => stage.bulk)) {
    if (edit.loses === undefined || edit.kind !== 'update') continue;
    const count = await db.collection(edit.collection).countDocuments(edit.filter);
    if (count > 0) losses.push(`${edit.loses}, in ${count} document${count === 1 ? '' : 's'} of ${edit.collection}`);
  }
  return losses;
}
