import type { Db } from 'mongodb';
import { ObjectId, toEjson, type Value } from '../bson/index.js';
import { findDocs } from '../database/raw.js';
import { anyMatch } from './any-match.js';
import { KEPT_DOCUMENTS } from './attic/kept-documents.js';
import type { DatasetPlan } from './plan.js';
import type { Malformed } from './revision.js';

/** Documents that would make a bulk edit fail or do harm. */
export interface MalformedDocuments {
  /** The step that cannot be done. */
  readonly step: string;
  readonly collection: string;
  readonly problem: string;
  readonly count: number;
  /** All of them, or the first ones, in the order of the collection. */
  readonly ids: readonly Value[];
}

/** How many ids a reason names. */
const NAMED = 3;

/** A document with more bytes might not fit into the 16 MB of the server after an edit, nor its copy into the attic. */
export const TOO_LARGE = 16 * 1024 * 1024 - 64 * 1024;

/**
 * Looks for such documents before anything is written.
 *
 * @param most how many ids are wanted of each kind
 * @param couldBeTooLarge whether to look for documents that are too large to be edited as well
 */
export async function findMalformed(
  db: Db,
  plan: DatasetPlan,
  matches = anyMatch(db),
  most = NAMED,
  couldBeTooLarge = false,
): Promise<MalformedDocuments[]> {
  const all: MalformedDocuments[] = [];
  const refused = plan.stages.flatMap(({ name, bulk }) =>
    bulk.flatMap((edit) => edit.refuses ?? []).map((malformed) => ({ step: name, ...malformed })),
  );
  for (const { step, collection, filter, problem } of [...refused, ...(couldBeTooLarge ? tooLarge(plan) : [])]) {
    if (!(await matches({ collection, filter }))) continue;
    const found = await findDocs(db, collection, filter, { projection: { _id: 1 }, limit: most + 1 });
    const count = found.length <= most ? found.length : await db.collection(collection).countDocuments(filter);
    const ids = found.slice(0, most).map((doc) => doc.get('_id') ?? null);
    all.push({ step, collection, problem, count, ids });
  }
  return all;
}

function tooLarge({ stages }: DatasetPlan): (Malformed & { step: string })[] {
  const edited = stages.flatMap(({ name, bulk }) =>
    bulk.flatMap((edit): [string, string][] => {
      if (edit.kind === 'update') return [[edit.collection, name]];
      return edit.kind === 'merge' && edit.into !== KEPT_DOCUMENTS ? [[edit.into, name]] : [];
    }),
  );
  // the first step that edits a collection stands for all
  return [...new Map(edited.reverse())].map(([collection, step]) => ({
    step,
    collection,
    filter: { $expr: { $gt: [{ $bsonSize: '$$ROOT' }, TOO_LARGE] } },
    problem: `a document has more than ${TOO_LARGE} bytes, and might not fit into MongoDB after the edit,`,
  }));
}

/** Why they stop a dataset, with their number and the first few ids. */
export function reasonOf({ step, collection, problem, count, ids }: MalformedDocuments): string {
  const named = ids.slice(0, NAMED).map(idText).join(', ');
  return `${step}: ${problem} in ${count} of ${collection}: _id ${named}${count > NAMED ? ', …' : ''}`;
}

/** An `_id` as people write it. */
export function idText(id: Value): string {
  if (id instanceof ObjectId) return id.toHexString();
  return toEjson(id);
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
