import { FiftyOneError, hintForServer } from '../../errors.js';
import { StoreError } from '../../media/store-error.js';
import { hintForUnfinished, type Unfinished } from '../unfinished.js';

/**
 * An error of an export with what to do about it.
 *
 * @param left what of the export is still there, to be finished or undone by the next one into the same folder; by default nothing
 */
export function exportError(error: unknown, place: string, left: Unfinished | 'unbegun' | 'undone' = 'undone'): unknown {
  const isLeft = typeof left === 'object';
  if (error instanceof StoreError)
    return Object.assign(error, { hint: hintForStore(error, isLeft ? hintForUnfinished(left) : HINTS[left]) });
  if (error instanceof FiftyOneError) {
    // who is locked out waits, and what began by itself knows best
    return isLeft && error.hint === undefined ? Object.assign(error, { hint: hintForUnfinished(left) }) : error;
  }
  if (!(error instanceof Error)) return error;
  const rest = isLeft ? hintForUnfinished(left) : HINTS[left];
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new FiftyOneError(`the disk of ${place} is full`, { hint: `make room: ${rest}`, cause: error });
  }
  const hint = hintForServer(error) ? `when the server is back: ${rest}` : rest;
  return new FiftyOneError(`the export into ${place} ended: ${error.message}`, { hint, cause: error });
}

/** @param rest what to do when the trouble is over */
function hintForStore({ trouble, hint }: StoreError, rest: string): string {
  if (trouble === 'denied' || trouble === 'no bucket')
    return `${hint}; or leave the media where they are (exportMedia: false, --export-media false)`;
  if (trouble === 'busy' || trouble === 'passing') return `when the store is back: ${rest}`;
  return trouble === 'full' ? `make room: ${rest}` : rest;
}

const HINTS = {
  unbegun: 'nothing was written: choose a folder that can be made and written to',
  undone: 'what was written is removed, and nothing else has changed: the same command begins again',
};
