import { endRestores } from '../../backup/end-restores.js';
import type { ObjectId } from '../../bson/index.js';
import { authorized, type Connection } from '../../database/connection.js';
import { leaseStore } from '../../database/lease-store.js';
import { isHeld, type Lease, Leases, thisProcess } from '../../database/leases.js';
import { nameTaken } from '../../datasets/names.js';
import { FiftyOneError, hintForServer, ImportError, isUnreachable, LockedError } from '../../errors.js';
import { type ImportNote, importLease, noteImport, settleImport } from './import-notes.js';
import { seeAll } from './see-all.js';
import { takeLease as take } from './take-lease.js';

const DUPLICATE_KEY = 11000;
const OUT_OF_DISK_SPACE = 14031;

/** Who imports what. */
export interface Importing {
  readonly connection: Connection;
  /** The id of the import. */
  readonly id: ObjectId;
  /** The dataset that it changes, if it is there already: nobody else is to work on it meanwhile. */
  readonly existing: ObjectId | undefined;
  /** What the dataset is called. */
  readonly name: string;
  /** Where the export is. */
  readonly path: string;
}

type NoteFacts = Omit<ImportNote, '_id' | 'name' | 'by'>;

/**
 * Does an import under its leases and with a note of what it writes. Whatever ends it: by its note it is finished or undone, by
 * itself, or by the next import if this process dies or the server is gone.
 *
 * @param work returns once the import is committed; its leases, that of the import first
 */
export async function runImport<T>(
  { connection, id, existing, name, path }: Importing,
  prepare: () => Promise<NoteFacts>,
  work: (note: ImportNote, leases: readonly [Lease, ...Lease[]]) => Promise<T>,
): Promise<T> {
  const { db } = connection;
  const leases = new Leases(leaseStore(db));
  const { host, pid, user } = thisProcess();
  let gone = false;
  let note: ImportNote | undefined;
  let result: { value: T } | undefined;
  try {
    await endRestores(connection);
    const lease = await authorized(connection, () => takeLease(leases, importLease(id), name));
    const others = existing === undefined ? [] : [await takeLease(leases, `dataset ${existing}`, name)];
    note = { _id: id, name, by: { host, pid, user }, ...(await prepare()) };
    await noteImport(db, note);
    result = { value: await work(note, [lease, ...others]) };
    if (await settleImport(db, note)) return result.value;
    throw new LockedError(`somebody else has taken this process for dead, and undone its import of ${path}`, {
      hint: 'nothing was imported: run the same command again',
    });
  } catch (error) {
    gone = isUnreachable(error);
    const committed = !gone && note !== undefined && (await settleImport(db, note).catch(() => false));
    // what failed then was the answer to the last write, or tidying up
    if (committed && result !== undefined) return result.value;
    throw explained(error, path, name);
  } finally {
    if (gone) leases.stop();
    else await leases.releaseAll().catch(() => {});
  }
}

async function takeLease(leases: Leases, key: string, name: string): Promise<Lease> {
  const taken = await take(leases, key);
  if (isHeld(taken)) return taken;
  const { user, host, pid } = taken.holder;
  throw new LockedError(`${user} on ${host} (process ${pid}) is at work on dataset '${name}'`, {
    hint: `wait until that is done; if that process has died, until ${taken.expires.toISOString()}`,
  });
}

function explained(error: unknown, path: string, name: string): unknown {
  const hint = hintForServer(error);
  if (hint !== undefined && !(error instanceof FiftyOneError)) {
    return new FiftyOneError(`the import of ${path} was interrupted: ${(error as Error).message}`, {
      hint: 'no dataset has changed. When the server is back, run the same command again: it removes what is left, and imports anew',
      cause: error,
    });
  }
  const { code } = error as { code?: unknown };
  if (code === OUT_OF_DISK_SPACE) {
    return new FiftyOneError('the disk of the server is full', {
      hint: 'no dataset has changed: make room, and run the same command again',
      cause: error,
    });
  }
  if (code !== DUPLICATE_KEY) return error;
  const { message } = error as Error;
  if (message.includes('datasets index: name_1')) {
    return nameTaken(name);
  }
  const [, frames] = /collection: \S+?\.(frames\.)?/.exec(message) ?? [];
  const key = /dup key: (.*)$/s.exec(message)?.[1]?.slice(0, 200) ?? message;
  const reason = `two documents of ${frames === undefined ? 'samples' : 'frames'} have the same ${key}`;
  return new ImportError(path, [reason], seeAll(path));
}
