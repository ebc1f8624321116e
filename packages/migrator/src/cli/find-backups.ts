import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UsageError } from 'fiftyone';
import { listBackups, openBackup } from 'fiftyone/backup';
import type { DatabaseRole } from '../service.js';
import { backupFolder, rolesCalled } from '../settings.js';

/** Shorter beginnings of ids may be meant for something else. */
const LEAST_DIGITS = 4;

/** The folders of the backups that somebody means: by their path, by their name, or by the run that they were made for. */
export async function findBackups(name: string, folder: string | undefined): Promise<string[]> {
  const all = resolve(backupFolder(folder));
  for (const path of [resolve(name), join(all, name)]) if (await isFolder(path)) return [path];
  const found = (await listBackups(all)).filter(
    (backup) => name.length >= LEAST_DIGITS && backup.state === 'whole' && backup.manifest.run?.startsWith(name),
  );
  if (found.length > 0) return found.map(({ path }) => path);
  throw new UsageError(`there is no backup '${name}'`, {
    hint: 'fiftyone-migrator backup list shows those of a folder; --backup-dir names another one',
  });
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/**
 * The database that a backup is of.
 *
 * @param given which one is meant, if somebody says so
 * @throws UsageError if nothing tells
 */
export async function roleOf(path: string, given: DatabaseRole | undefined): Promise<DatabaseRole> {
  if (given !== undefined) return given;
  const { database } = await openBackup(path);
  const roles = rolesCalled(database);
  // databases on two servers may have one name; then that of the backup tells
  const role = roles.length === 1 ? roles[0] : roles.find((candidate) => path.endsWith(`-${candidate}`));
  if (role !== undefined) return role;
  throw new UsageError(`the backup ${path} is of a database '${database}', which is none of this deployment`, {
    hint: 'say which database is meant with --to fiftyone or --to cas',
  });
}
