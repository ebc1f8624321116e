import { FiftyOneError, hintForServer } from '../../errors.js';

/** An error of an export with what to do about it. @param isComplete whether all is written, and only the last steps are left */
export function exportError(error: unknown, place: string, isComplete = false): unknown {
  if (error instanceof FiftyOneError || !(error instanceof Error)) return error;
  const rest = isComplete
    ? 'the export is written; the next one into this folder finishes it first'
    : 'what was written is removed, and nothing else has changed; the same command begins again';
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new FiftyOneError(`the disk of ${place} is full`, { hint: `make room: ${rest}`, cause: error });
  }
  const hint = hintForServer(error) ? `when the server is back: ${rest}` : rest;
  return new FiftyOneError(`the export into ${place} ended: ${error.message}`, { hint, cause: error });
}
