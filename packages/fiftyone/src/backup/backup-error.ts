import { FiftyOneError, hintForServer } from '../errors.js';

/** An error of a backup that is made, with what to do about it. */
export function backupError(error: unknown, path: string): unknown {
  if (error instanceof FiftyOneError || !(error instanceof Error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new FiftyOneError(`the disk of ${path} is full`, {
      hint: 'make room, or choose a folder on another disk: what was written is removed',
      cause: error,
    });
  }
  const again = 'what was written is removed: the same command begins again';
  return new FiftyOneError(`the backup into ${path} ended: ${error.message}`, {
    hint: hintForServer(error) ? `when the server is back: ${again}` : again,
    cause: error,
  });
}
