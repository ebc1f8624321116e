import { readFileSync } from 'node:fs';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder } from './make-folder.js';

const STALE_AFTER_MS = 15 * 60_000;

/**
 * Does work while a lock file keeps other processes from doing the same at once; one whose owner is dead is taken over.
 * Two can still meet in rare moments: it saves double work, what must be exclusive needs more.
 */
export async function withLockFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  await makeFolder(dirname(path));
  while (!(await create(path))) {
    if (await isStale(path)) await rm(path, { force: true });
    else await sleep(100);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function create(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.write(String(process.pid));
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    const [owner, { mtimeMs }] = [Number(await readFile(path, 'utf8')), await stat(path)];
    const age = Date.now() - mtimeMs;
    // The file of an owner that is just about to write its number is empty.
    return age > STALE_AFTER_MS || (owner > 0 ? !isAlive(owner) : age > 2_000);
  } catch {
    return false;
  }
}

/** Whether a process with this number runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // In a container whose first process does not care for orphans the dead keep their numbers.
  return process.platform !== 'linux' || !isZombie(pid);
}

function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
