import type { Connection } from '../database/connection.js';

/** Where restores are noted. */
const RESTORES = 'migrations.restores';

/**
 * Ends the restores of processes that died half-way, before somebody changes what they were about: later they would put old data in
 * the place of new.
 *
 * @throws LockedError while somebody restores the database
 */
export async function endRestores(connection: Connection): Promise<void> {
  const left = await connection.db.collection(RESTORES).findOne({}, { projection: { _id: 1 } });
  if (left === null) return;
  // hardly ever is the code of backups needed
  const { settleRestores } = await import('./settle-restores.js');
  await settleRestores(connection);
}
