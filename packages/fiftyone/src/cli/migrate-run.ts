import type { Connection } from '../database/connection.js';
import { ExitCode, FiftyOneError } from '../errors.js';
import { migrateAll, migrateDatasets } from '../migrations/migrate.js';
import { migrateDatabase } from '../migrations/migrate-database.js';
import type { MigrateOptions } from '../migrations/migrate-options.js';
import type { MigrationReport } from '../migrations/report.js';
import { confirmLosses } from './confirm-losses.js';
import type { MigrateFlags } from './migrate-flags.js';
import { planText } from './plan-text.js';
import { showProgress } from './progress.js';
import { reportJson } from './report-json.js';
import { failuresText, reportText } from './report-text.js';
import { stopSignals } from './stop-signals.js';

/** `fiftyone migrate` without `--info`. @returns the exit code */
export async function runMigration(connection: Connection, flags: MigrateFlags, target: string | undefined): Promise<number> {
  if (flags.all && flags.datasetName) process.stderr.write('note: --all migrates every dataset, so -n is ignored\n');
  const options: MigrateOptions = {
    target,
    concurrency: flags.concurrency,
    keepUnknown: flags.keepUnknown === true,
    attic: flags.attic !== false,
    dryRun: flags.dryRun === true,
    preview: flags.dryRun ? (flags.json || flags.verbose ? 'full' : 'short') : undefined,
    stopAtFailure: flags.errorLevel <= 0,
  };
  if (!flags.yes && !flags.dryRun && (flags.all || flags.datasetName)) {
    const plan = () => verb(connection, flags, { ...options, dryRun: true });
    if (!(await confirmLosses(connection, options, plan))) {
      process.stdout.write('Nothing was touched\n');
      return ExitCode.done;
    }
  }
  const progress = await showProgress(process.stderr, flags);
  const { signal, end } = stopSignals((line) => process.stderr.write(`${line}\n`));
  let report: MigrationReport;
  try {
    report = await verb(connection, flags, { ...options, signal, onEvent: progress.tell });
  } finally {
    end();
    progress.end();
  }
  const text = flags.json ? reportJson(report) : flags.dryRun ? planText(report, flags.verbose === true) : reportText(report);
  process.stdout.write(`${text}\n`);
  if (!flags.json && !flags.dryRun && flags.errorLevel <= 1) {
    process.stderr.write(failuresText(report, optionsToRepeat(flags, target)));
  }
  if (report.stopped !== undefined) process.stderr.write(`${STOPPED}\n`);
  return exitCodeOf(report);
}

const STOPPED = 'Stopped before it was done, and nothing is lost: the same command goes on from there.';

function optionsToRepeat({ keepUnknown, attic, yes }: MigrateFlags, target: string | undefined): string[] {
  return [
    ...(target === undefined ? [] : ['-v', target]),
    ...(keepUnknown ? ['--keep-unknown'] : []),
    ...(attic === false ? ['--no-attic'] : []),
    ...(yes ? ['--yes'] : []),
  ];
}

async function verb(connection: Connection, flags: MigrateFlags, options: MigrateOptions): Promise<MigrationReport> {
  if (flags.all) return await migrateAll(connection, options);
  if (flags.datasetName) return await migrateDatasets(connection, flags.datasetName, options);
  return { database: await migrateDatabase(connection, options), datasets: [], notRun: [] };
}

function exitCodeOf({ database, datasets, notRun, stopped }: MigrationReport): number {
  if (stopped !== undefined && (notRun.length > 0 || datasets.some(({ result }) => result === 'stopped')))
    return ExitCode.stopped;
  const isWell = datasets.every(({ result, findings }) => result !== 'failed' && findings === undefined);
  if (notRun.length === 0 && isWell) return ExitCode.done;
  const changed = database?.result === 'migrated' || datasets.some((outcome) => outcome.result === 'migrated');
  if (changed) return ExitCode.partly;
  const codes = new Set(
    datasets.flatMap(({ error }) => (error instanceof FiftyOneError ? [error.exitCode] : error ? [ExitCode.failed] : [])),
  );
  return codes.size === 1 ? ([...codes][0] as number) : ExitCode.failed;
}
