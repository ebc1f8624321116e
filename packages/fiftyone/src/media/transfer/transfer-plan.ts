import { FiftyOneError } from '../../errors.js';
import type { FileTable } from './file-table.js';

/** Some files. */
export interface Amount {
  readonly files: number;
  readonly bytes: number;
}

/** A key that cannot have all that goes there. */
export interface Collision {
  readonly to: string;
  /** The files that want the key; of very many the first ones. */
  readonly from: readonly string[];
  /** Whether other content than that of one of them is at the key. */
  readonly isTaken: boolean;
}

/** A file that cannot be sent. */
export interface PlannedFailure {
  readonly from: string;
  readonly reason: string;
}

/** What a transfer would do; JSON can carry it. */
export interface TransferSummary {
  /** Different files, or rather pairs of a file and where it goes; files that scenes name included. */
  readonly files: number;
  /** All that there would be in the store in the end. */
  readonly objects: number;
  readonly send: Amount;
  readonly replace: Amount;
  readonly rename: Amount;
  readonly there: Amount;
  readonly skip: Amount;
  readonly collisions: { readonly count: number; readonly listed: readonly Collision[] };
  readonly failures: { readonly count: number; readonly listed: readonly PlannedFailure[] };
}

/** What `planTransfer` has found out, for `sendTransfer`. */
export interface TransferPlan {
  readonly summary: TransferSummary;
  readonly files: FileTable;
  /** Files without a place to go. */
  readonly refused: number;
}

/** Several files want one key, or keys hold other content; nothing was sent. */
export class CollisionError extends FiftyOneError {
  constructor(
    readonly count: number,
    readonly collisions: readonly Collision[],
  ) {
    const more = count > collisions.length ? `\n  … and ${count - collisions.length} more` : '';
    super(`${count} of the keys cannot have all that would go there:\n${collisions.map(shown).join('\n')}${more}`, {
      hint: 'give a relDir to keep folders apart, give each media field a folder of its own, or choose what becomes of them: skip, rename, overwrite',
    });
  }
}

/** Files that cannot be sent; nothing was sent. */
export class UnsendableError extends FiftyOneError {
  constructor(
    readonly count: number,
    readonly failures: readonly PlannedFailure[],
  ) {
    const more = count > failures.length ? `\n  … and ${count - failures.length} more` : '';
    super(`${count} of the files cannot be sent:\n${failures.map(({ reason }) => `  - ${reason}`).join('\n')}${more}`, {
      hint: 'bring them back, or skip failures',
    });
  }
}

function shown({ to, from, isTaken }: Collision): string {
  const there = isTaken ? ' (other content is there)' : '';
  return `  - ${to}${there} from ${from.join(' and ')}`;
}
