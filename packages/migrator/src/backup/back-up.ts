import { rm } from 'node:fs/promises';
import { FiftyOneError, type OnProgress } from 'fiftyone';
import {
  type Backup,
  type Compression,
  codecOf,
  createBackup,
  forecast,
  merged,
  pruneBackups,
  verifyBackup,
} from 'fiftyone/backup';
import type { Backable } from './touched.js';

export interface BackUpOptions {
  /** Where each database gets a folder of its own. */
  readonly folder: string;
  /** Default: gzip */
  readonly compression?: Compression | undefined;
  /** The run for which they are made. */
  readonly run?: string;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** How large backups will be: on the disk, and without compression. */
export interface BackupSize {
  readonly documents: number;
  readonly bytes: number;
  readonly stored: number;
}

/** Says how large the backups of databases will be together. */
export async function sizeOf(backables: readonly Backable[], compression: Compression = 'gzip'): Promise<BackupSize> {
  const total = { documents: 0, bytes: 0, stored: 0 };
  for (const { connection, what } of backables) {
    const { documents, bytes, stored } = await forecast(connection.db, merged(what.parts), codecOf(compression));
    total.documents += documents;
    total.bytes += bytes;
    total.stored += stored;
  }
  return total;
}

/**
 * Makes the backups of databases, and reads each again to see that it is what it says.
 *
 * @throws LockedError while somebody is at work on one of them; FiftyOneError when one cannot be made, or read
 */
export async function backUp(backables: readonly Backable[], options: BackUpOptions): Promise<Backup[]> {
  const backups: Backup[] = [];
  try {
    await backUpAll(backups, backables, options);
  } catch (error) {
    // some of what is needed is no backup
    for (const { path } of backups) await rm(path, { recursive: true, force: true });
    throw error;
  }
  // of those who died while they made one
  await pruneBackups(options.folder, { keep: Number.MAX_SAFE_INTEGER });
  return backups;
}

async function backUpAll(
  backups: Backup[],
  backables: readonly Backable[],
  { run, compression, ...options }: BackUpOptions,
): Promise<void> {
  const at = new Date().toISOString().replace(/\..*/, '').replaceAll(':', '-');
  for (const { role, connection, what } of backables) {
    const name = [`${at}Z`, ...(run === undefined ? [] : [run.slice(0, 8)]), role].join('-');
    const backup = await createBackup(connection, what, {
      ...options,
      name,
      ...(compression === undefined ? {} : { compression }),
      ...(run === undefined ? {} : { run }),
    });
    backups.push(backup);
    const { problems } = await verifyBackup(backup.path, options);
    const [problem] = problems;
    if (problem) {
      throw new FiftyOneError(`the backup ${backup.path} is not what was written: ${problem.file}: ${problem.problem}`, {
        hint: 'look after the disk, or choose a folder on another one: nothing was migrated',
      });
    }
  }
}
