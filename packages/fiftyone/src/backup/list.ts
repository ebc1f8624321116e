import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../database/lock-file.js';
import { FiftyOneError, UsageError } from '../errors.js';
import { MANIFEST, UNFINISHED } from './layout.js';
import { type Manifest, readManifest } from './manifest.js';

/** A backup in a folder of them. */
export type ListedBackup =
  | { readonly name: string; readonly path: string; readonly state: 'whole'; readonly manifest: Manifest }
  | {
      readonly name: string;
      readonly path: string;
      /** Being made just now, left by somebody who died, or with a manifest that cannot be read. */
      readonly state: 'under way' | 'unfinished' | 'damaged';
      readonly why: string;
      /** When something in it changed last. */
      readonly changed: Date;
    };

/** The backups in a folder, oldest first. What is none is left out. */
export async function listBackups(folder: string): Promise<ListedBackup[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const found = await Promise.all(names.map((name) => look(name, join(folder, name))));
  return found.filter((backup) => backup !== undefined).sort((a, b) => timeOf(a).getTime() - timeOf(b).getTime());
}

function timeOf(backup: ListedBackup): Date {
  return backup.state === 'whole' ? new Date(backup.manifest.started) : backup.changed;
}

async function look(name: string, path: string): Promise<ListedBackup | undefined> {
  const changed = await stat(path).then(({ mtime }) => mtime);
  try {
    const manifest = await readManifest(path);
    if (manifest !== undefined) return { name, path, state: 'whole', manifest };
  } catch (error) {
    if (error instanceof FiftyOneError) return { name, path, state: 'damaged', why: error.message, changed };
    throw error;
  }
  const note = await readFile(join(path, UNFINISHED), 'utf8').catch(() => undefined);
  if (note === undefined) return undefined;
  const { host, pid } = ownerIn(note);
  const isUnderWay = host === hostname() ? pid > 0 && isAlive(pid) : Date.now() - changed.getTime() < STALE_AFTER_MS;
  const why = `made by process ${pid} on ${host}`;
  return { name, path, state: isUnderWay ? 'under way' : 'unfinished', why, changed };
}

/** A backup on another host that has not changed for so long is made by nobody any more. */
const STALE_AFTER_MS = 24 * 3_600_000;

/** What is not whole was written by somebody who died. */
function ownerIn(text: string): { host: string; pid: number } {
  try {
    return JSON.parse(text);
  } catch {
    return { host: hostname(), pid: 0 };
  }
}

export interface PruneOptions {
  /** So many of the newest whole backups of each database stay, whatever their age. */
  readonly keep?: number;
  /** Only older ones go: milliseconds. */
  readonly olderThan?: number;
  /** Only say which would go. */
  readonly dryRun?: boolean;
}

/**
 * Removes old backups, and what is left of those that were not finished. What cannot be read stays.
 *
 * @returns the names of those that went
 * @throws UsageError when nothing says which backups are old
 */
export async function pruneBackups(folder: string, { keep, olderThan, dryRun = false }: PruneOptions): Promise<string[]> {
  if (keep === undefined && olderThan === undefined) {
    throw new UsageError('nothing says which backups are to go', { hint: 'say how many are kept, or how old they must be' });
  }
  if (keep !== undefined && !(Number.isInteger(keep) && keep >= 0)) throw new UsageError(`${keep} is no number of backups`);
  const all = await listBackups(folder);
  const now = Date.now();
  const newer = new Map<string, number>();
  const going: ListedBackup[] = [];
  for (const backup of all.reverse()) {
    if (backup.state === 'unfinished') going.push(backup);
    if (backup.state !== 'whole') continue;
    const { database } = backup.manifest;
    const place = newer.get(database) ?? 0;
    newer.set(database, place + 1);
    const isOld = olderThan === undefined || now - timeOf(backup).getTime() > olderThan;
    if (isOld && place >= (keep ?? 0)) going.push(backup);
  }
  if (!dryRun) for (const { path } of going) await remove(path);
  return going.map(({ name }) => name).reverse();
}

/** Removes a backup, which at no time looks whole when it is not. */
async function remove(path: string): Promise<void> {
  await writeFile(join(path, UNFINISHED), JSON.stringify({ host: hostname(), pid: 0 }));
  await rm(join(path, MANIFEST), { force: true });
  await rm(path, { recursive: true });
}
