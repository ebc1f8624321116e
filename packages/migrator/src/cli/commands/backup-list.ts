import { resolve } from 'node:path';
import { type ListedBackup, listBackups, type Manifest } from 'fiftyone/backup';
import { ExitCode } from 'fiftyone/cli-start';
import { bytes, count, toJson } from 'fiftyone/cli-support';
import { backupFolder } from '../../settings.js';
import { table } from '../table.js';

/** `fiftyone-migrator backup list`. @returns the exit code */
export async function list({ backupDir, json }: { readonly backupDir?: string; readonly json?: boolean }): Promise<number> {
  const folder = resolve(backupFolder(backupDir));
  const backups = await listBackups(folder);
  const text = json
    ? toJson(backups)
    : backups.length === 0
      ? `There are no backups in ${folder}`
      : table(['name', 'database', 'run', 'size', 'what'], backups.map(row)).join('\n');
  process.stdout.write(`${text}\n`);
  return ExitCode.done;
}

function row(backup: ListedBackup): string[] {
  if (backup.state !== 'whole') return [backup.name, '', '', '', `${backup.state}: ${backup.why}`];
  const { manifest } = backup;
  const stored = manifest.collections.reduce((sum, collection) => sum + collection.stored, 0);
  return [backup.name, manifest.database, manifest.run?.slice(0, 8) ?? '', bytes(stored), whatOf(manifest)];
}

function whatOf({ scope, versions, collections }: Manifest): string {
  if (scope.kind === 'database') return `all, with datasets at ${versions.database ?? 'no version'}`;
  if (scope.kind === 'datasets') return count(scope.datasets.length, 'dataset');
  return count(collections.length, 'collection');
}
