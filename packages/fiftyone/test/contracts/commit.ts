import { Long } from 'mongodb';
import { expect, test } from 'vitest';

/** What a commit finds on the server. */
export interface CommitCase {
  /** The lease as it is stored; undefined if there is none. */
  readonly lease: { readonly fence: Long; readonly left: number } | undefined;
  /** Whether a client has changed the dataset document since it was planned from. */
  readonly isChanged: boolean;
}

/** Of a runner with the fencing number 7, in a database where anything may have happened meanwhile. */
export const COMMIT_FENCE = new Long(7);

/** A commit happens only under our own lease, before its end, on the document that was planned from. */
export function commitContract(commits: (given: CommitCase) => Promise<boolean>): void {
  const cases: [title: string, lease: [fence: number, left: number] | undefined, isChanged: boolean, commits: boolean][] = [
    ['our lease, the document as it was', [7, 8000], false, true],
    ['our lease, a changed document', [7, 8000], true, false],
    ['our lease has ended and nobody has taken it', [7, -1], false, false],
    ['our lease was released', [7, -1e12], false, false],
    ['our lease was taken over', [8, 8000], false, false],
    ['our lease was taken over, and has ended', [8, -1], false, false],
    ['a lease with a smaller number, as if the database had been restored', [6, 8000], false, false],
    ['no lease at all', undefined, false, false],
  ];
  for (const [title, lease, isChanged, expected] of cases)
    test(`${title}: ${expected ? 'committed' : 'nothing is written'}`, async () => {
      const stored = lease && { fence: new Long(lease[0]), left: lease[1] };
      expect(await commits({ lease: stored, isChanged })).toBe(expected);
    });
}
