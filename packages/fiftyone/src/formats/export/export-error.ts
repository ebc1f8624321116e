import { FiftyOneError, hintForServer } from '../../errors.js';

/**
 * An error of an export with what to do about it.
 *
 * @param isLeft whether something of the export is still there, to be finished or undone by the next one into the same folder
 */
export function exportError(error: unknown, place: string, isLeft = false): unknown {
  if (error instanceof FiftyOneError || !(error instanceof Error)) return error;
  const rest = isLeft
    ? 'export again into the same folder, which first finishes or undoes this one: until then leave the folder as it is'
    : 'what was written is removed, and nothing else has changed: the same command begins again';
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new FiftyOneError(`the disk of ${place} is full`, { hint: `make room: ${rest}`, cause: error });
  }
  const hint = hintForServer(error) ? `when the server is back: ${rest}` : rest;
  return new FiftyOneError(`the export into ${place} ended: ${error.message}`, { hint, cause: error });
}
