import { type Connection, openConnection } from '../database/connection.js';
import { isEmpty, readDatabaseConfig } from '../database/database-config.js';
import { gateConnection } from '../migrations/gate.js';
import { migrateDatabase } from '../migrations/migrate-database.js';
import type { Settings } from '../settings.js';

/**
 * Opens the database for work with its datasets.
 *
 * An open source client upgrades the database when it connects, as an admin. An Enterprise client never does; only a new
 * database, without datasets, takes its version.
 *
 * @throws IncompatibleError when this client cannot work with a database at this version
 */
export async function openDatabase(settings: Settings, progress?: (message: string) => void): Promise<Connection> {
  const connection = await openConnection(settings, progress);
  try {
    await admit(connection);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** The checks of {@link openDatabase} on a connection that is open. */
export async function admit(connection: Connection): Promise<void> {
  const { db, settings, address } = connection;
  if (settings.disableMigrations) return;
  const config = await readDatabaseConfig(db);
  if (settings.edition === 'open-source') {
    if (!settings.disableServices) await migrateDatabase(connection);
    return;
  }
  gateConnection(config.version, address);
  if (!config.stored && (await isEmpty(db))) await migrateDatabase(connection);
}
