import { createHash } from 'node:crypto';
import { EJSON } from 'bson';
import type { Db } from 'mongodb';
import { toEjson } from '../bson/index.js';
import { authorized, type Connection } from '../database/connection.js';
import { type Lease, LostLeaseError } from '../database/leases.js';
import { findDocs } from '../database/raw.js';
import type { OnProgress } from '../datasets/progress.js';
import { FiftyOneError, hintForServer, StoppedError } from '../errors.js';
import { largestFirst } from './by-size.js';
import { checkNames, findConflicts } from './conflicts.js';
import { bytesOf, openBackup, type StoredBackup } from './open-backup.js';
import { besides, datasetsOf, everything, type Item, type Selection } from './restore-items.js';
import {
  commitRestore,
  finishRestore,
  noteRestore,
  RESTORE_LEASE,
  type Replacement,
  type RestoreNote,
  stagedBy,
  stagedName,
  undoRestore,
} from './restore-note.js';
import { RestoreRefusedError } from './restore-refused.js';
import { checkServerRoom } from './server-room.js';
import { settleRestores } from './settle-restores.js';
import { stage } from './stage.js';
import { underLeases } from './under-leases.js';
import { leaseOf } from './what.js';

export interface RestoreOptions {
  /** The folder of the backup, or of what mongodump has written. */
  readonly backup: string;
  /** The name that a dataset has in the backup, to restore only that. Default: all that the backup has */
  readonly dataset?: string;
  /** Replace also what is not as it was when the backup was made. */
  readonly force?: boolean;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** What was restored. */
export interface RestoreReport {
  readonly database: string;
  readonly datasets: readonly string[];
  readonly collections: number;
  readonly documents: number;
  /** Collections that are no more, since the backup does not have them. */
  readonly removed: readonly string[];
}

/**
 * Puts back a backup into the database of a connection: all of it, or one dataset with all that belongs to it. All is first written
 * beside what is there, and read again; then it takes its place. Whoever dies before that leaves the database as it was, and the same
 * command goes on; whoever dies after it leaves a note by which the next one ends it. Leases, journal and the like are left alone.
 *
 * @throws RestoreRefusedError when something is not as it was when the backup was made, without `force`
 * @throws LockedError while somebody is at work; DamagedFileError
 */
export async function restoreBackup(connection: Connection, options: RestoreOptions): Promise<RestoreReport> {
  const { db } = connection;
  const backup = await openBackup(options.backup);
  const names = namesIn(backup, options);
  try {
    return await authorized(connection, async () => {
      await settleRestores(connection, identityOf(backup, options));
      const select = () => selectionOf(db, backup, names, options);
      const { others: isOfAll, datasets: selected } = await select();
      const present = isOfAll ? await findDocs(db, 'datasets', {}, { projection: { _id: 1 } }) : [];
      const datasets = new Set([...selected, ...present].map(leaseOf));
      const keys = [RESTORE_LEASE, ...(isOfAll ? ['database'] : []), ...datasets];
      const work = async (held: readonly Lease[]) => restore(db, backup, await select(), options, held);
      return await underLeases(connection, keys, 'restored', work, isOfAll);
    });
  } catch (error) {
    if (error instanceof FiftyOneError || !(error instanceof Error)) throw error;
    const hint = hintForServer(error) ?? 'the same command goes on with it';
    throw new FiftyOneError(`restoring ${backup.path} ended: ${error.message}`, { hint, cause: error });
  }
}

/** @returns also whether there is anything but datasets */
async function selectionOf(
  db: Db,
  backup: StoredBackup,
  names: readonly string[] | undefined,
  { dataset }: RestoreOptions,
): Promise<Selection & { readonly others: boolean }> {
  if (names === undefined) return { ...(await everything(db, backup)), others: true };
  const selection = await datasetsOf(db, backup, names);
  const others = dataset === undefined ? besides(backup, selection) : [];
  return { ...selection, items: [...selection.items, ...others], others: others.length > 0 };
}

/** The datasets that are restored, or undefined for all that the backup has. */
function namesIn({ manifest }: StoredBackup, { dataset }: RestoreOptions): readonly string[] | undefined {
  if (dataset !== undefined) return [dataset];
  return manifest?.scope.kind === 'datasets' ? manifest.scope.datasets.map(({ name }) => name) : undefined;
}

async function restore(
  db: Db,
  backup: StoredBackup,
  selection: Selection,
  options: RestoreOptions,
  held: readonly Lease[],
): Promise<RestoreReport> {
  const check = () => {
    for (const lease of held) lease.check();
  };
  const { items, datasets, superfluous: removed } = selection;
  await checkNames(db, selection);
  if (options.force !== true) {
    const conflicts = await findConflicts(db, selection);
    if (conflicts.length > 0) throw new RestoreRefusedError(backup.path, conflicts);
  }
  await checkServerRoom(db, items);
  const note = await noteRestore(db, identityOf(backup, options), backup.path);
  const documents = await stageAll(db, note, items, options, check);
  check();
  await commitRestore(db, note, replacements(note, selection));
  await finishRestore(db, note, held[0] as Lease);
  return {
    database: db.databaseName,
    datasets: datasets.map((dataset) => String(dataset.get('name'))),
    collections: items.length,
    documents,
    removed,
  };
}

/** The same restore, of the same backup, is told by this. */
function identityOf({ path, manifest, collections }: StoredBackup, { dataset }: RestoreOptions): string {
  const what = manifest?.id ?? `${path} ${collections.map(({ name }) => name)}`;
  return createHash('sha256')
    .update(JSON.stringify([what, dataset ?? null]))
    .digest('hex');
}

async function stageAll(
  db: Db,
  note: RestoreNote,
  items: readonly Item[],
  { onProgress, signal }: RestoreOptions,
  check: () => void,
): Promise<number> {
  const total = items.reduce((sum, { source }) => sum + (source.expected?.documents ?? 0), 0);
  let done = 0;
  const onDocuments = (count: number) => {
    if (signal?.aborted) throw new StoppedError(`stopped by ${signal.reason ?? 'a signal'}`);
    check();
    done += count;
    onProgress?.({ what: 'Restoring', done, ...(total > 0 ? { total: Math.max(done, total) } : {}), unit: 'documents' });
  };
  let documents = 0;
  try {
    const left = new Set(await stagedBy(db, note));
    const bytes = ({ source }: Item) => bytesOf(source);
    await largestFirst(items, bytes, async (item, n) => {
      if (item.source.type === 'view') return;
      const name = stagedName(note, n);
      const staged = await stage(db, name, item, !left.has(name), onDocuments);
      documents += staged.documents;
    });
  } catch (error) {
    // what cannot be restored is not gone on with
    if (error instanceof FiftyOneError && !(error instanceof LostLeaseError)) await undoRestore(db, note);
    throw error;
  }
  return documents;
}

function replacements(note: RestoreNote, { items, superfluous }: Selection): Replacement[] {
  const all = items.map(({ source, filter }, n): Replacement => {
    const target = source.name;
    if (source.type === 'view') return { target, kind: 'view', options: toEjson(source.options) };
    const staged = stagedName(note, n);
    if (filter === undefined) return { target, kind: 'collection', staged };
    return { target, kind: 'documents', staged, filter: EJSON.stringify(filter, { relaxed: false }) };
  });
  return [...all, ...superfluous.map((target): Replacement => ({ target, kind: 'removal' }))];
}
