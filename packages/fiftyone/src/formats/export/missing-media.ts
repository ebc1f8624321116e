import { FiftyOneError } from '../../errors.js';

const SHOWN = 10;

/** Media files that an export cannot have. Nothing was written. */
export class MissingMediaError extends FiftyOneError {
  constructor(
    /** Each path, and what is wrong with it. */
    readonly files: ReadonlyMap<string, string>,
  ) {
    const lines = [...files].slice(0, SHOWN).map(([path, problem]) => `  ${path} ${problem}`);
    const more = files.size > SHOWN ? [`  and ${files.size - SHOWN} more`] : [];
    super([`${files.size} media files cannot be exported:`, ...lines, ...more].join('\n'), {
      hint: 'an export that moves media and was killed has them in .fiftyone-export in its folder: begun again, it puts them back. Else bring them back, or leave them out with skipMissing (--skip-missing), or export without media; nothing was written',
    });
  }
}
