import { ObjectId } from '../bson/index.js';
import type { Connection } from '../database/connection.js';
import { readDatabaseConfig } from '../database/database-config.js';
import { DatasetNotFoundError } from '../errors.js';
import { inOrder } from './in-order.js';
import { migrateDatabase } from './migrate-database.js';
import { finish, prepare } from './one-dataset.js';
import type { DatasetOutcome, MigrationEvent, MigrationReport } from './report.js';
import { compareNames, openRun, type Row, type Run } from './run.js';

export interface MigrateOptions {
  /** The version to go to. Default: for the database this client's, for datasets the database's. */
  readonly target?: string | undefined;
  /** Going down, leave in what the target release does not know. Default: false */
  readonly keepUnknown?: boolean;
  /** How many datasets at once. Default: 4 */
  readonly concurrency?: number;
  /** Plan and check everything, write nothing. Default: false */
  readonly dryRun?: boolean;
  /** End the run at the first dataset that fails. Default: false */
  readonly stopAtFailure?: boolean;
  readonly onEvent?: (event: MigrationEvent) => void;
}

/** Migrates the database and every dataset. @throws AdminRequiredError, IncompatibleError before anything is written */
export async function migrateAll(connection: Connection, options: MigrateOptions = {}): Promise<MigrationReport> {
  const database = await migrateDatabase(connection, options);
  const run = await openRun(connection, options, database.to);
  const rows = [...run.rows].sort((a, b) => compareNames(a.name, b.name));
  return { database, ...(await migrateRows(run, rows)) };
}

/** Migrates the datasets with these names, in this order. One that does not exist is a failure in the report. */
export async function migrateDatasets(
  connection: Connection,
  names: readonly string[],
  options: MigrateOptions = {},
): Promise<MigrationReport> {
  const { version } = await readDatabaseConfig(connection.db);
  const run = await openRun(connection, options, version);
  const rows = names.map((name) => {
    const row = run.rows.find((candidate) => candidate.name === name);
    return row ?? { id: new ObjectId(), name, problem: new DatasetNotFoundError(name) };
  });
  return await migrateRows(run, rows);
}

async function migrateRows(run: Run, rows: readonly Row[]): Promise<{ datasets: DatasetOutcome[]; notRun: string[] }> {
  const { options } = run;
  options.onEvent?.({ kind: 'begin', total: rows.length });
  const datasets: DatasetOutcome[] = [];
  let failed = false;
  await inOrder(rows, options.concurrency ?? 4, {
    stopped: () => failed && options.stopAtFailure === true,
    // plans are made one after the other, so that new names and slugs do not depend on timing
    prepare: (row) => prepare(run, row),
    finish: async (prepared, i) => {
      const outcome = await finish(run, prepared);
      failed ||= outcome.result === 'failed';
      datasets[i] = outcome;
      options.onEvent?.({ kind: 'done', outcome });
    },
  });
  const notRun = rows.filter((_, i) => datasets[i] === undefined).map((row) => row.name ?? '');
  return { datasets: datasets.filter((outcome) => outcome !== undefined), notRun };
}
