import { basename } from 'node:path';
import { FiftyOneError } from '../errors.js';

/** A file of a backup is not what it was when the backup was made. */
export class DamagedFileError extends FiftyOneError {
  constructor(
    readonly path: string,
    readonly problem: string,
  ) {
    super(`${basename(path)} is damaged: ${problem}`, {
      hint: `use another backup; this one is in ${path.slice(0, -basename(path).length - 1)}`,
    });
  }
}
