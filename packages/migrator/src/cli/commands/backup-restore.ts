import { restoreBackup } from 'fiftyone/backup';
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
  await withDatabases([...new Set(roles)], async (databases) => {
    for (const [i, path] of paths.entries()) await restoreOne(path, databases[roles[i] as DatabaseRole] as Connection, flags);
  });
  return ExitCode.done;
}

async function restoreOne(backup: string, connection: Connection, { dataset, force, json }: RestoreFlags): Promise<void> {
  const report = await runOperation(connection, { json }, (running) =>
    restoreBackup(connection, { backup, force: force === true, ...running, ...(dataset === undefined ? {} : { dataset }) }),
  );
  const { datasets, collections, documents, removed } = report;
  const lines = [
    `Put back ${count(documents, 'document')} of ${count(collections, 'collection')} into ${connection.address}`,
    ...(datasets.length > 0 ? [`  with ${count(datasets.length, 'dataset')}`] : []),
    ...(removed.length > 0 ? [`  removed, since the backup does not have them: ${removed.join(', ')}`] : []),
  ];
  process.stdout.write(`${json ? toJson({ backup, ...report }) : lines.join('\n')}\n`);
}
