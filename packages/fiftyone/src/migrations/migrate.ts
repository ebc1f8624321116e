import { setTimeout as sleep } from 'node:timers/promises';
import { endRestores } from '../backup/end-restores.js';
import { ObjectId } from '../bson/index.js';
import type { Connection } from '../database/connection.js';
import { readDatabaseConfig } from '../database/database-config.js';
import type { Holder } from '../database/lease-store.js';
import { LostLeaseError } from '../database/leases.js';
import { DatasetNotFoundError } from '../errors.js';
import { missingVersion } from '../version.js';
import { gateConnection } from './gate.js';
import { inWindow } from './in-window.js';
import { Journal } from './journal.js';
import { moveDatabase } from './migrate-database.js';
import type { MigrateOptions } from './migrate-options.js';
import { migrateOne } from './one-dataset.js';
import { totalOf } from './preview/total.js';
import type { Realm } from './realm.js';
import type { DatabaseOutcome, DatasetOutcome, MigrationReport } from './report.js';
import { compareNames, openRun, type Row, type Run, WINDOW } from './run.js';

/** How long until a dataset on which somebody else is at work is looked at again. */
const WAIT_MS = 200;

/** How often a dataset is begun again after its lease was lost: this process was stopped, or starved. */
const MOST_LOSSES = 5;

/** Migrates the database and every dataset. @throws AdminRequiredError, IncompatibleError before anything is written */
export async function migrateAll(connection: Connection, options: MigrateOptions = {}): Promise<MigrationReport> {
  const database = await moveDatabase(connection, options);
  const run = await openRun(connection, options, database.to);
  const rows = [...run.rows].sort((a, b) => compareNames(a.name, b.name));
  return { database, ...(await migrateRows(run, rows, database)) };
}

/** Migrates the datasets with these names, in this order. One that does not exist is a failure in the report. */
export async function migrateDatasets(
  connection: Connection,
  names: readonly string[],
  options: MigrateOptions = {},
): Promise<MigrationReport> {
  const { settings, address } = connection;
  const { version } = await readDatabaseConfig(connection.db);
  if (!settings.databaseAdmin && !settings.disableMigrations) gateConnection(version, address);
  const run = await openRun(connection, options, version);
  return await migrateRows(run, rowsNamed(run, names));
}

/** Migrates the records of a realm with these names, in this order, by the same engine as datasets. */
export async function migrateRecords(
  connection: Connection,
  realm: Realm,
  names: readonly string[],
  options: MigrateOptions = {},
): Promise<MigrationReport> {
  const run = await openRun(connection, options, missingVersion, realm);
  return await migrateRows(run, rowsNamed(run, names));
}

function rowsNamed(run: Run, names: readonly string[]): Row[] {
  return names.map((name) => {
    const row = run.rows.find((candidate) => candidate.name === name);
    return row ?? { id: new ObjectId(), name, version: undefined, problem: new DatasetNotFoundError(name) };
  });
}

async function migrateRows(
  run: Run,
  rows: readonly Row[],
  database?: DatabaseOutcome,
): Promise<Omit<MigrationReport, 'database'>> {
  const { options } = run;
  if (!options.dryRun) await endRestores(run.connection);
  const journal = new Journal(run.connection.db, run.leases.holder, options.target, database, run.realm.journal);
  if (database?.result === 'migrated') await journal.open();
  options.onEvent?.({ kind: 'begin', total: rows.length });
  const outcomes = new Map<Row, DatasetOutcome>();
  let failed = false;
  const { control } = run;
  const stopped = () => run.server.gone || control.stopped !== undefined || (failed && options.stopAtFailure === true);
  const holders = new Map<Row, Holder>();
  const losses = new Map<Row, number>();
  let waiting = rows;
  if (!options.dryRun) control.start();
  try {
    while (waiting.length > 0 && !stopped()) {
      const leased: Row[] = [];
      await inWindow(waiting, options.stopAtFailure ? 1 : WINDOW, stopped, async (row, turn) => {
        const tried = await migrateOne(run, row, turn, () => journal.open());
        if (tried === undefined) return;
        const outcome = 'result' in tried ? byWhom(tried, row, holders.get(row)) : tried;
        if ('result' in outcome && outcome.error instanceof LostLeaseError && (losses.get(row) ?? 0) < MOST_LOSSES) {
          losses.set(row, (losses.get(row) ?? 0) + 1);
          leased.push(row);
          return;
        }
        if (!('result' in outcome)) {
          leased.push(row);
          if (!holders.has(row)) options.onEvent?.({ kind: 'waiting', name: row.name ?? '', holder: outcome.holder });
          holders.set(row, outcome.holder);
          return;
        }
        failed ||= outcome.result === 'failed';
        outcomes.set(row, outcome);
        if (!run.server.gone) await journal.add(outcome);
        options.onEvent?.({ kind: 'done', outcome });
      });
      // others are at work on these: by now they may have finished, or ended without finishing
      waiting = leased;
      if (waiting.length > 0) await sleep(WAIT_MS);
    }
  } finally {
    await control.end(run.server.gone);
    if (run.server.gone) {
      // a write may still be under way, so they end by themselves, also if the server comes back and this process lives on
      run.leases.stop();
    } else {
      await run.leases.releaseAll();
      await journal.close(control.stopped);
    }
  }
  const estimates = [...outcomes.values()].flatMap(({ preview }) => (preview === undefined ? [] : [preview.estimate]));
  return {
    ...(control.stopped === undefined ? {} : { stopped: control.stopped }),
    ...(options.preview && !run.server.gone ? { estimate: await totalOf(run.connection.db, estimates) } : {}),
    datasets: rows.flatMap((row) => outcomes.get(row) ?? []),
    notRun: rows.filter((row) => !outcomes.has(row)).map((row) => row.name ?? ''),
  };
}

/** Says of a dataset that others have migrated while this run was under way who it was, if that is known. */
function byWhom(outcome: DatasetOutcome, row: Row, holder: Holder | undefined): DatasetOutcome {
  if (outcome.result !== 'unchanged' || outcome.to === (row.version ?? null)) return outcome;
  const who = holder ? `${holder.user} on ${holder.host} (process ${holder.pid})` : 'somebody else';
  return { ...outcome, byOthers: true, reasons: [`migrated by ${who} meanwhile`] };
}
