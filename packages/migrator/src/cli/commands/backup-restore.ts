import { basename } from 'node:path';
import { FiftyOneError } from 'fiftyone';
import { type RestoreReport, restoreBackup, verifyBackup } from 'fiftyone/backup';
import { ExitCode } from 'fiftyone/cli-start';
import { count, runOperation, toJson } from 'fiftyone/cli-support';
import type { Connection } from 'fiftyone/engine';
import type { DatabaseRole } from '../../service.js';
import { checkAdmin } from '../../settings.js';
import { findBackups, roleOf } from '../find-backups.js';
import { withDatabases } from '../open-deployment.js';

export interface RestoreFlags {
  readonly backupDir?: string;
  readonly to?: DatabaseRole;
  readonly dataset?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `fiftyone-migrator backup restore`. @returns the exit code */
export async function restore(name: string, flags: RestoreFlags): Promise<number> {
  checkAdmin('restore a backup');
  const paths = await findBackups(name, flags.backupDir);
  const roles = await Promise.all(paths.map((path) => roleOf(path, flags.to)));
  const reports: (RestoreReport & { readonly backup: string })[] = [];
  await withDatabases([...new Set(roles)], async (databases) => {
    // one database that is back beside one that is not helps nobody
    if (paths.length > 1) await refuseDamaged(paths, databases[roles[0] as DatabaseRole] as Connection, flags);
    for (const [i, backup] of paths.entries()) {
      const connection = databases[roles[i] as DatabaseRole] as Connection;
      const report = await restoreOne(backup, connection, flags).catch((error) => {
        throw reports.length === 0 ? error : halfDone(error, reports, paths.slice(i));
      });
      reports.push({ backup, ...report });
      if (!flags.json) process.stdout.write(`${textOf(report, connection)}\n`);
    }
  });
  if (flags.json) process.stdout.write(`${toJson(reports)}\n`);
  return ExitCode.done;
}

/** @throws FiftyOneError that names every damaged file */
async function refuseDamaged(paths: readonly string[], connection: Connection, { json }: RestoreFlags): Promise<void> {
  for (const path of paths) {
    const { problems } = await runOperation(connection, { json }, (running) => verifyBackup(path, running));
    if (problems.length === 0) continue;
    const files = problems.map(({ file, problem }) => `${file}: ${problem}`).join('; ');
    throw new FiftyOneError(`${path} is damaged: ${files}`, { hint: 'nothing was restored: take another backup' });
  }
}

function halfDone(error: unknown, done: readonly { readonly backup: string }[], left: readonly string[]): unknown {
  if (!(error instanceof Error)) return error;
  const hint = error instanceof FiftyOneError && error.hint !== undefined ? `${error.hint}; ` : '';
  const names = (paths: readonly string[]) => paths.map((path) => basename(path)).join(', ');
  return new FiftyOneError(error.message, {
    hint: `${hint}restored: ${names(done.map(({ backup }) => backup))}; not restored: ${names(left)}`,
    cause: error,
  });
}

async function restoreOne(
  backup: string,
  connection: Connection,
  { dataset, force, json }: RestoreFlags,
): Promise<RestoreReport> {
  return await runOperation(connection, { json }, (running) =>
    restoreBackup(connection, { backup, force: force === true, ...running, ...(dataset === undefined ? {} : { dataset }) }),
  );
}

function textOf({ datasets, collections, documents, removed }: RestoreReport, { address }: Connection): string {
  const lines = [
    `Put back ${count(documents, 'document')} of ${count(collections, 'collection')} into ${address}`,
    ...(datasets.length > 0 ? [`  with ${count(datasets.length, 'dataset')}`] : []),
    ...(removed.length > 0 ? [`  removed, since the backup does not have them: ${removed.join(', ')}`] : []),
  ];
  return lines.join('\n');
}
