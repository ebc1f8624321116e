import type { Holder } from '../database/leases.js';

/** What happened, or would happen, to one dataset. */
export interface DatasetOutcome {
  /** As it is called now; null for a document without a name. */
  readonly name: string | null;
  /** As it was called before, if a revision renamed it. */
  readonly renamedFrom?: string;
  readonly from: string | null;
  readonly to: string | null;
  /** `planned` is what a dry run says where a run would say `migrated`. */
  readonly result: 'migrated' | 'planned' | 'unchanged' | 'failed';
  /** The steps, in order: `v0.19.0 down`, `fit to 0.18.0`. */
  readonly steps: readonly string[];
  readonly edits: readonly string[];
  readonly loses: readonly string[];
  readonly warnings: readonly string[];
  /** Why nothing was done, or why it failed. */
  readonly reasons: readonly string[];
  /** Set when nothing was left to do because another run had migrated it meanwhile; the reason says whose. */
  readonly byOthers?: true;
  readonly hint?: string;
  /** What was thrown, for callers that throw it again. */
  readonly error?: Error;
  readonly seconds: number;
}

export interface DatabaseOutcome {
  readonly from: string;
  readonly to: string;
  readonly result: 'migrated' | 'planned' | 'unchanged';
  readonly reason?: string;
  /** Collections that no dataset uses any more. */
  readonly orphans: readonly string[];
}

/** What a run did. A failure of one dataset is in it, and does not end the run. */
export interface MigrationReport {
  readonly database?: DatabaseOutcome;
  readonly datasets: readonly DatasetOutcome[];
  /** Datasets that were not tried, because a failure ended the run. */
  readonly notRun: readonly string[];
}

/** What a run tells while it works. */
export type MigrationEvent =
  | { readonly kind: 'begin'; readonly total: number }
  | { readonly kind: 'dataset'; readonly name: string; readonly from: string | null; readonly to: string }
  | { readonly kind: 'step'; readonly name: string; readonly step: string }
  | { readonly kind: 'waiting'; readonly name: string; readonly holder: Holder }
  | { readonly kind: 'done'; readonly outcome: DatasetOutcome };
