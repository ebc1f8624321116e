import type { Collection, Db } from 'mongodb';
import { BsonType, Doc, type ReadonlyDoc, Scalar, type Value } from '../bson/index.js';
import type { Lease } from '../database/leases.js';
import { deleteByIds, updateRaw } from '../database/raw.js';
import { RefusedError } from '../errors.js';
import { changesOf, type DatasetPlan } from './plan.js';
import type { StoredRecord } from './read-record.js';
import { deleteFile } from './results-file.js';
import type { BulkEdit } from './revision.js';
import { RewrittenFiles } from './rewritten-files.js';

/** A plan for a record as it is stored. */
export type StoredPlan = DatasetPlan & { readonly before: StoredRecord };

/** What earlier attempts of the same migration have done already: a new attempt leaves it out. */
export class Attempts {
  readonly edits = new Set<string>();
  readonly files = new RewrittenFiles();
}

/**
 * Applies a plan: bulk edits, results files, new and changed runs, then the commit, then removals.
 *
 * The commit is the one write of the dataset document, with its new version; it happens only if the document still is,
 * byte for byte, what was planned from, and the lease still is ours. Whatever ends the process before it leaves the dataset at its old version.
 *
 * @returns false when the dataset document changed between planning and committing: plan again, with the same `attempts`
 */
export async function applyPlan(db: Db, plan: StoredPlan, lease: Lease, attempts: Attempts): Promise<boolean> {
  if (plan.blocked.length > 0) throw new RefusedError(plan.name, plan.blocked);
  for (const edit of plan.stages.flatMap((stage) => stage.bulk)) {
    const key = JSON.stringify(edit);
    lease.check();
    if (!attempts.edits.has(key)) await applyEdit(db, edit);
    attempts.edits.add(key);
  }
  lease.check();
  const after = await attempts.files.rewrite(db, plan);
  const runChanges = changesOf(plan.before.runs, after.runs);
  const viewChanges = changesOf(plan.before.views, after.views);
  lease.check();
  await upsert(db, 'runs', [...runChanges.inserted, ...runChanges.replaced] as Doc[]);
  await upsert(db, 'views', [...viewChanges.inserted, ...viewChanges.replaced] as Doc[]);

  lease.check();
  if (!(await commit(db, plan, after.dataset))) return false;

  await deleteByIds(db, 'runs', runChanges.deleted);
  await deleteByIds(db, 'views', viewChanges.deleted);
  for (const file of attempts.files.replaced) await deleteFile(db, file);
  return true;
}

/** Applies one edit. */
export async function applyEdit(db: Db, edit: BulkEdit): Promise<void> {
  const collection = db.collection(edit.collection);
  if (edit.kind === 'update')
    await collection.updateMany(edit.filter, edit.update as Parameters<typeof collection.updateMany>[1]);
  else if (edit.kind === 'merge') await collection.aggregate([...edit.pipeline], { allowDiskUse: true }).toArray();
  else await dropIndex(collection, edit.index);
}

async function dropIndex(collection: Collection, index: string): Promise<void> {
  try {
    await collection.dropIndex(index);
  } catch (error) {
    if (!['IndexNotFound', 'NamespaceNotFound'].includes((error as { codeName?: string }).codeName ?? '')) throw error;
  }
}

async function upsert(db: Db, collection: string, docs: readonly Doc[]): Promise<void> {
  const statements = docs.map((doc) => Doc.of(['q', Doc.of(['_id', doc.get('_id') as Value])], ['u', doc], ['upsert', true]));
  if (statements.length > 0) await updateRaw(db, collection, statements);
}

async function commit(db: Db, plan: StoredPlan, after: ReadonlyDoc): Promise<boolean> {
  const asRead = new Scalar(BsonType.document, plan.before.bytes);
  const unchanged = Doc.of(['$eq', ['$$ROOT', Doc.of(['$literal', asRead])]]);
  const filter = Doc.of(['_id', plan.id], ['$expr', unchanged]);
  const result = await updateRaw(db, 'datasets', [Doc.of(['q', filter], ['u', after as Doc])], true);
  return result.n === 1;
}
