import { createRequire, syncBuiltinESMExports } from 'node:module';
import { onTestFinished } from 'vitest';

/** What becomes of the last change that a process makes to files: none of it, or all of it and nobody hears. */
export type LastChange = 'undone' | 'unheard';

/** A process that dies, as far as its files can tell. */
export interface MortalFiles {
  /** How many changes were asked for before death, the deadly one included. */
  readonly changes: () => number;
  readonly died: () => boolean;
  /** Takes the death away. */
  revive(): void;
}

const CHANGES = [
  'appendFile',
  'copyFile',
  'mkdir',
  'open',
  'rename',
  'rm',
  'rmdir',
  'symlink',
  'unlink',
  'utimes',
  'writeFile',
] as const;
const FILE_CHANGES = ['appendFile', 'sync', 'truncate', 'write', 'writeFile'] as const;

export class DiedError extends Error {
  constructor() {
    super('this process is dead');
  }
}

type AnyFunction = (...args: unknown[]) => Promise<unknown>;

/**
 * Lets this process die at its n-th change to files: from then on it changes none.
 *
 * @param most the number of the deadly change; none by default, which only counts
 */
export function mortalFiles(most = Number.POSITIVE_INFINITY, last: LastChange = 'undone'): MortalFiles {
  const files = createRequire(import.meta.url)('node:fs/promises') as Record<string, AnyFunction>;
  const originals = Object.fromEntries(CHANGES.map((name) => [name, files[name] as AnyFunction]));
  let changes = 0;
  let dead = false;
  const deadly = (change: AnyFunction): AnyFunction =>
    async function (this: unknown, ...args) {
      if (dead) throw new DiedError();
      dead = ++changes >= most;
      if (dead && last === 'undone') throw new DiedError();
      const result = await change.apply(this, args);
      if (dead) {
        await (result as { close?: () => Promise<void> } | undefined)?.close?.();
        throw new DiedError();
      }
      return result;
    };
  for (const name of CHANGES) files[name] = deadly(originals[name] as AnyFunction);
  const open = files.open as AnyFunction;
  files.open = async (path, flags = 'r', ...rest) => {
    if (flags === 'r') return await (originals.open as AnyFunction)(path, flags, ...rest);
    const file = (await open(path, flags, ...rest)) as Record<string, AnyFunction>;
    for (const name of FILE_CHANGES) file[name] = deadly((file[name] as AnyFunction).bind(file));
    return file;
  };
  syncBuiltinESMExports();
  const revive = () => {
    Object.assign(files, originals);
    syncBuiltinESMExports();
  };
  onTestFinished(revive);
  return { changes: () => changes, died: () => dead, revive };
}
