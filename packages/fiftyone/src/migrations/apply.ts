import type { Collection, Db } from 'mongodb';
import { encode } from '../bson/index.js';
import type { Lease } from '../database/leases.js';
import { RefusedError } from '../errors.js';
import { workOf } from './attic/changes.js';
import { foldEdits } from './fold-edits.js';
import type { StoredPlan } from './read-record.js';
import type { BulkEdit, KeptIndex } from './revision.js';
import { RewrittenFiles } from './rewritten-files.js';
import type { Begun, WorkLog } from './work.js';

/** What earlier attempts of the same migration have done already: a new attempt leaves it out. */
export class Attempts {
  readonly edits = new Set<string>();
  readonly files = new RewrittenFiles();
}

/** How the engine reaches the database while it applies plans. */
export interface Applier {
  readonly db: Db;
  readonly work: WorkLog;
  /** False for a collection that was not there when the run began, and that nobody needs to look for. */
  readonly hasCollection: (name: string) => boolean;
  /** Lets so many datasets edit samples and frames at once. */
  readonly editing: <T>(task: () => Promise<T>) => Promise<T>;
}

/**
 * Applies a plan: notes what is begun, edits samples and frames, writes results files, then new and changed runs, commits,
 * and removes what nothing names any more.
 *
 * The commit is the one write of the dataset document, with its new version; it happens only if the document still is,
 * byte for byte, what was planned from, and the lease still is ours. Whatever ends the process before it leaves the dataset at
 * its old version, and the next run does what is left.
 *
 * @returns false when the dataset document changed between planning and committing: plan again, with the same `attempts`
 */
export async function applyPlan(
  applier: Applier,
  plan: StoredPlan,
  begun: Begun,
  lease: Lease,
  attempts: Attempts,
): Promise<boolean> {
  if (plan.blocked.length > 0) throw new RefusedError(plan.name, plan.blocked);
  const { db, work } = applier;
  const edits = foldEdits(plan.stages.flatMap((stage) => stage.bulk)).filter((edit) => applier.hasCollection(edit.collection));
  lease.check();
  if (edits.length > 0) {
    const kept = plan.attic?.kept ? [{ ...plan.attic.kept, what: plan.loses }] : [];
    await work.begin({ id: plan.id, begun, kept });
    await applier.editing(() => applyEdits(db, edits, lease, attempts));
  }
  lease.check();
  const after = await attempts.files.rewrite(db, plan);
  lease.check();
  const bytes = encode(after.dataset);
  const { replaced } = attempts.files;
  const attic = workOf(plan.attic, plan.loses, after, replaced, (record) => attempts.files.named(plan, record));
  return await work.commit({ plan, begun, after, bytes, lease, attic });
}

async function applyEdits(db: Db, edits: readonly BulkEdit[], lease: Lease, attempts: Attempts): Promise<void> {
  for (const edit of edits) {
    const key = JSON.stringify(edit);
    lease.check();
    if (!attempts.edits.has(key)) await applyEdit(db, edit);
    attempts.edits.add(key);
  }
}

/** Applies one edit. */
export async function applyEdit(db: Db, edit: BulkEdit): Promise<void> {
  const collection = db.collection(edit.collection);
  if (edit.kind === 'update')
    await collection.updateMany(edit.filter, edit.update as Parameters<typeof collection.updateMany>[1]);
  else if (edit.kind === 'merge') await collection.aggregate([...edit.pipeline], { allowDiskUse: true }).toArray();
  else if (edit.kind === 'drop-index') await dropIndex(collection, edit.index);
  else await createIndex(collection, edit.index);
}

async function createIndex(collection: Collection, { name, fields, unique }: KeptIndex): Promise<void> {
  try {
    const key = Object.fromEntries(fields.map((field) => [field, 1 as const]));
    await collection.createIndex(key, { name, ...(unique ? { unique } : {}) });
  } catch (error) {
    if (
      !['DuplicateKey', 'IndexOptionsConflict', 'IndexKeySpecsConflict'].includes((error as { codeName?: string }).codeName ?? '')
    )
      throw error;
  }
}

async function dropIndex(collection: Collection, index: string): Promise<void> {
  try {
    await collection.dropIndex(index);
  } catch (error) {
    if (!['IndexNotFound', 'NamespaceNotFound'].includes((error as { codeName?: string }).codeName ?? '')) throw error;
  }
}
