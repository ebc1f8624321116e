import { FiftyOneError } from '../errors.js';
import type { Conflict } from './conflicts.js';

const MOST_SHOWN = 10;

/** A restore would overwrite what is not as it was when the backup was made; nothing was changed. */
export class RestoreRefusedError extends FiftyOneError {
  constructor(
    readonly backup: string,
    readonly conflicts: readonly Conflict[],
  ) {
    const lines = conflicts.slice(0, MOST_SHOWN).map(({ collection, dataset, why }) => {
      return `  - ${dataset === undefined ? '' : `dataset '${dataset}': `}${collection}: ${why}`;
    });
    const more = conflicts.length > MOST_SHOWN ? [`  - and ${conflicts.length - MOST_SHOWN} more`] : [];
    super(`restoring ${backup} would overwrite what has changed since:\n${[...lines, ...more].join('\n')}`, {
      hint: 'make a backup of what is there now, then restore with --force',
    });
  }
}
