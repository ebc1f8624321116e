import { type Connection, openConnection } from '../../src/database/connection.js';
import { migrateAll } from '../../src/migrations/migrate.js';
import type { MigrateOptions } from '../../src/migrations/migrate-options.js';
import type { MigrationReport } from '../../src/migrations/report.js';
import { readSettings } from '../../src/settings.js';
import type { FreshDatabase } from './fresh-database.js';
import type { Window } from './normalise.js';
import { type Snapshot, snapshot } from './snapshot.js';

/** A migration that was run, and what the database is afterwards, without what our tool keeps for itself. */
export interface Migrated {
  readonly report: MigrationReport;
  readonly window: Window;
  readonly result: Snapshot;
}

/** Opens a database as an admin. */
export function connectAsAdmin({ uri, name }: Pick<FreshDatabase, 'uri' | 'name'>): Promise<Connection> {
  const env = { FIFTYONE_DATABASE_URI: uri, FIFTYONE_DATABASE_NAME: name, FIFTYONE_DATABASE_ADMIN: 'true', HOME: '/nonexistent' };
  return openConnection(readSettings(env));
}

/** Migrates a whole database as an admin. */
export async function migrated(database: FreshDatabase, options: MigrateOptions): Promise<Migrated> {
  const connection = await connectAsAdmin(database);
  const first = Date.now();
  try {
    const report = await migrateAll(connection, options);
    return { report, window: { first, last: Date.now() }, result: await snapshot(database.db) };
  } finally {
    await connection.close();
  }
}
