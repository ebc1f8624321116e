import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { authorized, type Connection } from '../database/connection.js';
import { isEmpty, readDatabaseConfig, saveDatabaseVersion } from '../database/database-config.js';
import { isTooLate, leaseStore } from '../database/lease-store.js';
import { isHeld, type Lease, Leases, LostLeaseError } from '../database/leases.js';
import { LockedError } from '../errors.js';
import { parseVersion } from '../version.js';
import { gateDatabase } from './gate.js';
import { Guard } from './guard.js';
import { Journal } from './journal.js';
import type { MigrateOptions } from './migrate-options.js';
import { findOrphans } from './orphans.js';
import type { DatabaseOutcome } from './report.js';

/** Writing a version takes a moment; the lease of a dead process ends after ten seconds. */
const LONGEST_WAIT_MS = 15_000;

/** Migrates the database itself: its version, not its datasets. */
export async function migrateDatabase(connection: Connection, options: MigrateOptions = {}): Promise<DatabaseOutcome> {
  const outcome = await moveDatabase(connection, options);
  if (outcome.result === 'migrated') {
    const journal = new Journal(connection.db, new Leases(leaseStore(connection.db)).holder, options.target, outcome);
    await journal.open();
    await journal.close();
  }
  return outcome;
}

/** Migrates the database as part of a run that keeps the journal. */
export async function moveDatabase(connection: Connection, options: MigrateOptions = {}): Promise<DatabaseOutcome> {
  const { db, settings } = connection;
  if (options.target !== undefined) parseVersion(options.target);
  const config = await readDatabaseConfig(db);
  const { version: from } = config;
  if (settings.disableMigrations) return unchanged(from, 'migrations are switched off by FIFTYONE_DISABLE_MIGRATIONS');
  const decision = gateDatabase(from, options.target, settings.databaseAdmin, connection.address);
  const to = decision.go ? decision.to : from;
  const isNew = !config.stored && (await isEmpty(db));
  const mustStore = decision.go || isNew || (!config.stored && settings.databaseAdmin);
  if (!mustStore) return unchanged(from, decision.go ? '' : decision.why);
  if (!options.dryRun)
    await authorized(connection, () => {
      const save = (lease?: Lease) => saveDatabaseVersion(db, config, to, lease && new Guard([lease]).expression);
      return isNew ? save() : leased(db, save);
    });
  if (!decision.go) return unchanged(from, isNew ? `the database is new and starts at ${to}` : decision.why);
  return { from, to, result: options.dryRun ? 'planned' : 'migrated', orphans: await findOrphans(db, from, to) };
}

/** Runs a write of the database's version while nobody else does. @throws LockedError when somebody else does not end */
async function leased(db: Db, write: (lease: Lease) => Promise<void>): Promise<void> {
  const leases = new Leases(leaseStore(db));
  for (const until = performance.now() + LONGEST_WAIT_MS; ; await sleep(100)) {
    const lease = await leases.take('database');
    if (isHeld(lease)) {
      try {
        return await write(lease);
      } catch (error) {
        throw isTooLate(error) ? new LostLeaseError(lease.key) : error;
      } finally {
        await lease.release();
      }
    }
    if (performance.now() > until) {
      const { user, host, pid } = lease.holder;
      throw new LockedError(`${user} on ${host} (process ${pid}) is at work on the database`, {
        hint: 'wait for it, or see who is at work and end it with: fiftyone migrate --unlock',
      });
    }
  }
}

function unchanged(version: string, reason: string): DatabaseOutcome {
  return { from: version, to: version, result: 'unchanged', reason, orphans: [] };
}
