import { onTestFinished } from 'vitest';
import { Database } from '../../src/datasets/database.js';
import { type FreshDatabase, freshDatabase } from './fresh-database.js';
import { connectAsAdmin } from './migrated.js';
import type { Snapshot } from './snapshot.js';

/** A database as a user of the SDK has it, for one test. @param content what is in it; nothing by default */
export async function sdkDatabase(content?: Snapshot): Promise<FreshDatabase & { fo: Database }> {
  const database = await freshDatabase(content);
  const fo = await sameDatabase(database);
  return { ...database, fo };
}

/** The same database for another client of the same test. */
export async function sameDatabase(database: Pick<FreshDatabase, 'uri' | 'name'>): Promise<Database> {
  const fo = new Database(await connectAsAdmin(database));
  onTestFinished(() => fo.connection.close());
  return fo;
}
