import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ImportError } from '../errors.js';
import { MOVES, STAGING } from './layout.js';

/** What an export that has not ended has left in the folder that it is for. */
export interface Unfinished {
  /** Where it is. */
  readonly path: string;
  /** Whether media were moved into it, so that it may have the only copies of them. */
  readonly hasMoved: boolean;
}

/** Looks whether an export into a folder has not ended. */
export async function leftIn(folder: string): Promise<Unfinished | undefined> {
  const path = join(folder, STAGING);
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere) return undefined;
  const size = await stat(join(path, MOVES)).then(
    (found) => found.size,
    () => 0,
  );
  return { path, hasMoved: size > 0 };
}

/** Why a folder is no export, and what to do about it. @param problem what it lacks */
export async function noExport(folder: string, problem: string, hint: string): Promise<ImportError> {
  const left = await leftIn(folder);
  if (!left) return new ImportError(folder, [problem], hint);
  const reason = left.hasMoved ? 'an export into it that moves media has not ended' : 'an export into it has not ended';
  return new ImportError(folder, [problem, reason], hintForUnfinished(left));
}

/** What to do about it. */
export function hintForUnfinished({ path, hasMoved }: Unfinished): string {
  const most =
    'export again into the same folder, which first finishes or undoes the one that has not ended: until then leave the folder as it is';
  return hasMoved ? `${most}, for ${path} may have the only copies of media that were moved` : most;
}
