import type { Connection } from '../database/connection.js';
import { leaseStore } from '../database/lease-store.js';
import { findDocs } from '../database/raw.js';
import { FiftyOneError, LockedError } from '../errors.js';
import { WORK } from '../migrations/work.js';
import { deleteStored } from './delete.js';

const NOT_AUTHORIZED = 13;

/** What the server says to users who may not see who else is there, and servers that cannot say. */
const CANNOT_SEE = [NOT_AUTHORIZED, 40324, 8000, 59];

/**
 * Deletes the datasets that are not persistent if no other client of FiftyOne is connected, as every client does when it leaves.
 *
 * Who may not see the other clients, or may not delete, deletes nothing; nor does anybody while a migration or an import is at work.
 *
 * @returns the names of those that were deleted
 */
export async function deleteIfLast(connection: Connection): Promise<string[]> {
  const { db } = connection;
  // read first: what a client makes that comes while we look is not among them
  const docs = await findDocs(db, 'datasets', { persistent: false });
  if (docs.length === 0 || !(await isAlone(connection)) || (await isAnybodyAtWork(connection))) return [];
  const deleted: string[] = [];
  for (const doc of docs) {
    try {
      await deleteStored(connection, doc);
      deleted.push(String(doc.get('name')));
    } catch (error) {
      if (isDenied(error)) return deleted;
      if (!(error instanceof LockedError)) throw error;
    }
  }
  return deleted;
}

/**
 * Whether no connection of another client is open. The real client counts the commands that wait for news of the server, of which a client
 * that has just come has none; connections are there from the beginning.
 */
async function isAlone({ client }: Connection): Promise<boolean> {
  const own = client.options.driverInfo?.platform;
  if (own === undefined) return false;
  const others = { appName: 'fiftyone', 'clientMetadata.platform': { $not: { $regex: own } } };
  const stages = [{ $currentOp: { allUsers: true, idleConnections: true } }, { $match: others }, { $limit: 1 }];
  try {
    return (await client.db('admin').aggregate(stages).toArray()).length === 0;
  } catch (error) {
    if (CANNOT_SEE.includes((error as { code?: number }).code ?? 0)) return false;
    throw error;
  }
}

function isDenied(error: unknown): boolean {
  const cause = error instanceof FiftyOneError ? error.cause : error;
  return (cause as { code?: unknown } | undefined)?.code === NOT_AUTHORIZED;
}

async function isAnybodyAtWork({ db }: Connection): Promise<boolean> {
  if ((await db.collection(WORK).findOne({}, { projection: { _id: 1 } })) !== null) return true;
  return (await leaseStore(db).list()).length > 0;
}
