import type { Db } from 'mongodb';
import { foldEdits } from '../fold-edits.js';
import type { DatasetPlan } from '../plan.js';
import type { BulkEdit, Query } from '../revision.js';
import { collectionSize } from './collection-size.js';
import { mergeParts } from './edit-stages.js';
import { type Estimate, estimateOf, NOTHING, sumOf } from './estimate.js';
import { sampleOf } from './sample.js';

/** What has fewer documents than this takes a moment, and is not sampled. */
const SMALL = 1000;

/** Estimates the bulk edits of a plan, in the passes in which they are done. */
export async function estimatePlan(db: Db, { stages }: DatasetPlan): Promise<Estimate> {
  const estimates: Estimate[] = [];
  for (const edit of foldEdits(stages.flatMap(({ bulk }) => bulk))) estimates.push(await estimateEdit(db, edit));
  return sumOf(estimates);
}

async function estimateEdit(db: Db, edit: BulkEdit): Promise<Estimate> {
  if (edit.kind === 'drop-index') return NOTHING;
  const size = await collectionSize(db, edit.collection);
  if (size.documents < SMALL) return NOTHING;
  const filter = edit.kind === 'merge' ? mergeParts(edit).filter : edit.filter;
  const documents = await countUpTo(db, edit.collection, filter, size.documents);
  return documents === 0 ? NOTHING : estimateOf(await sampleOf(db, edit), documents, size);
}

/** The number of documents that match, or of all where counting them takes too long. */
async function countUpTo(db: Db, collection: string, filter: Query, all: number): Promise<number> {
  if (Object.keys(filter).length === 0) return all;
  return await db
    .collection(collection)
    .countDocuments(filter, { maxTimeMS: 10_000 })
    .catch(() => all);
}
