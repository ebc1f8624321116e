import type { Db } from 'mongodb';
import { encode } from '../bson/index.js';
import type { Lease } from '../database/leases.js';
import { RefusedError } from '../errors.js';
import { workOf } from './attic/changes.js';
import { applyEdits, applyLate, type Editing, type EditProgress } from './bulk-edits.js';
import { foldEdits } from './fold-edits.js';
import type { StoredPlan } from './read-record.js';
import { RewrittenFiles } from './rewritten-files.js';
import type { Begun, WorkLog } from './work.js';

/** What earlier attempts of the same migration have done already: a new attempt leaves it out. */
export class Attempts {
  files = new RewrittenFiles();
  /** When the first edit was sent, by `performance.now()`. What clients inserted before that was edited too. */
  editedAt: number | undefined;
  #election: string | undefined;

  constructor(public edits: EditProgress | undefined) {}

  /** What was done before another election counts for nothing. */
  since(election: string): void {
    if (this.#election !== undefined && this.#election !== election) this.files = new RewrittenFiles();
    this.#election = election;
  }
}

/** How the engine reaches the database while it applies plans. */
export interface Applier {
  readonly db: Db;
  readonly work: WorkLog;
  /** False for a collection that was not there when the run began, and that nobody needs to look for. */
  readonly hasCollection: (name: string) => boolean;
  /** How bulk edits are carried out, whatever the dataset. */
  readonly editing: Pick<Editing, 'limited' | 'concurrency' | 'mayGoOn' | 'isSmall' | 'sizes'>;
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
  onProgress: Editing['onProgress'] = () => {},
): Promise<boolean> {
  if (plan.blocked.length > 0) throw new RefusedError(plan.name, plan.blocked);
  const { db, work } = applier;
  const edits = foldEdits(plan.stages.flatMap((stage) => stage.bulk)).filter((edit) => applier.hasCollection(edit.collection));
  const { election } = work;
  attempts.since(election);
  lease.check();
  if (edits.length > 0) {
    const kept = plan.attic?.kept ? [{ ...plan.attic.kept, what: plan.loses }] : [];
    await work.begin({ id: plan.id, begun: { ...begun, edits: attempts.edits }, kept, lease });
    const note = (progress: EditProgress) => work.progress(plan.id, begun, progress, lease);
    const limited: Editing['limited'] = (task) =>
      applier.editing.limited(() => {
        attempts.editedAt ??= performance.now();
        return task();
      });
    attempts.edits = await applyEdits({ db, lease, note, onProgress, ...applier.editing, limited }, edits, attempts.edits);
  }
  lease.check();
  const after = await attempts.files.rewrite(db, plan, lease);
  lease.check();
  const bytes = after === plan.after ? plan.bytes : encode(after.dataset);
  const { replaced } = attempts.files;
  const attic = workOf(plan.attic, plan.loses, after, replaced, (record) => attempts.files.named(plan, record));
  const noted = edits.length > 0;
  const committed = await work.commit({
    plan,
    begun: { ...begun, edits: attempts.edits },
    after,
    bytes,
    lease,
    noted,
    election,
    attic,
  });
  const editing = { db, lease, note: async () => {}, onProgress, ...applier.editing };
  // from now on clients know the new version; who stops the run here, or whose lease is lost, leaves it to --verify
  if (committed && plan.direction === 'up') await applyLate(editing, edits).catch(() => {});
  return committed;
}
