import { resolve } from 'node:path';
import { pruneBackups } from 'fiftyone/backup';
import { ExitCode } from 'fiftyone/cli-start';
import { count, toJson } from 'fiftyone/cli-support';
import { backupFolder } from '../../settings.js';

export interface PruneFlags {
  readonly backupDir?: string;
  readonly keep?: number;
  readonly olderThan?: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const DAY_MS = 24 * 3_600_000;

/** `fiftyone-migrator backup prune`. @returns the exit code */
export async function prune({ backupDir, keep, olderThan, dryRun = false, json }: PruneFlags): Promise<number> {
  const gone = await pruneBackups(resolve(backupFolder(backupDir)), {
    dryRun,
    ...(keep === undefined ? {} : { keep }),
    ...(olderThan === undefined ? {} : { olderThan: olderThan * DAY_MS }),
  });
  const lines = [...gone, `${dryRun ? 'Would remove' : 'Removed'} ${count(gone.length, 'backup')}`];
  process.stdout.write(`${json ? toJson(gone) : lines.join('\n')}\n`);
  return ExitCode.done;
}
