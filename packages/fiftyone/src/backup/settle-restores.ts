import type { Connection } from '../database/connection.js';
import type { Lease } from '../database/leases.js';
import { allStaged, dropUnnoted, finishRestore, RESTORE_LEASE, restoresOf, undoRestore } from './restore-note.js';
import { underLeases } from './under-leases.js';

/**
 * Ends the restores of processes that died: those that have begun to replace something are finished, others taken back. To be called
 * before anything else is done to a database.
 *
 * @param except one that is not taken back, since it is about to go on
 * @returns where they were from, and how they ended
 * @throws LockedError while somebody restores the database
 */
export async function settleRestores(connection: Connection, except?: string): Promise<{ from: string; finished: boolean }[]> {
  const { db } = connection;
  if ((await restoresOf(db)).length === 0 && (await allStaged(db)).length === 0) return [];
  return await underLeases(connection, [RESTORE_LEASE], 'changed', async ([lease]) => {
    const ended: { from: string; finished: boolean }[] = [];
    for (const note of await restoresOf(db)) {
      const finished = note.state === 'replacing';
      if (!finished && note.of === except) continue;
      lease?.check();
      await (finished ? finishRestore(db, note, lease as Lease) : undoRestore(db, note));
      ended.push({ from: note.from, finished });
    }
    await dropUnnoted(db);
    return ended;
  });
}
