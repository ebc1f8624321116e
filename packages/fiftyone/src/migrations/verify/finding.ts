import type { Value } from '../../bson/index.js';

/** Something that is wrong with a dataset or a database. */
export interface Finding {
  readonly problem: string;
  readonly collection?: string;
  /** How many documents have the problem. */
  readonly documents?: number;
  /** The `_id` of one of them. */
  readonly example?: Value;
  /** What to do about it. */
  readonly next: string;
}

/** A dataset that was looked at. */
export interface VerifiedDataset {
  readonly name: string | null;
  readonly version: string | null;
  /** Empty if all is well. */
  readonly findings: readonly Finding[];
}

/** What a look at a database found. */
export interface VerifyReport {
  readonly version: string;
  /** What is wrong with no dataset that there is. */
  readonly findings: readonly Finding[];
  readonly datasets: readonly VerifiedDataset[];
}
