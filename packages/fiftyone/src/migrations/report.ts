import type { Holder } from '../database/lease-store.js';
import type { Preview } from './preview/preview.js';
import type { Total } from './preview/total.js';
import type { Finding } from './verify/finding.js';

/** What happened, or would happen, to one dataset. */
export interface DatasetOutcome {
  /** As it is called now; null for a document without a name. */
  readonly name: string | null;
  /** As it was called before, if a revision renamed it. */
  readonly renamedFrom?: string;
  readonly from: string | null;
  readonly to: string | null;
  /** `planned` is what a dry run says where a run would say `migrated`; `stopped` was begun, and the next run goes on with it. */
  readonly result: 'migrated' | 'planned' | 'unchanged' | 'failed' | 'stopped';
  /** The steps, in order: `v0.19.0 down`, `fit to 0.18.0`. */
  readonly steps: readonly string[];
  readonly edits: readonly string[];
  readonly loses: readonly string[];
  /** Whether what it loses is kept in the attic. */
  readonly kept?: true;
  /** What is put back from the attic: `description`, `3 runs`, `values of 20 documents of samples.x`. */
  readonly putBack?: readonly string[];
  /** What stays in the attic, because somebody changed it meanwhile. */
  readonly notPutBack?: readonly string[];
  readonly warnings: readonly string[];
  /** What a dry run shows, if it was asked to. */
  readonly preview?: Preview;
  /** Why nothing was done, or why it failed. */
  readonly reasons: readonly string[];
  /** Set when nothing was left to do because another run had migrated it meanwhile; the reason says whose. */
  readonly byOthers?: true;
  readonly hint?: string;
  /** What was not as it should be after the dataset was migrated; absent if all was well. */
  readonly findings?: readonly Finding[];
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
  /** Datasets that were not tried, because the run ended before. */
  readonly notRun: readonly string[];
  /** Who ended the run before it was done, if anybody did. */
  readonly stopped?: string;
  /** What it would take, if a dry run was asked to show it. */
  readonly estimate?: Total;
}

/** How far a bulk edit got. */
export interface EditEvent {
  readonly edit: string;
  /** How many documents are done, and how many there were. */
  readonly done: number;
  readonly total: number;
  /** How many bulk edits of the dataset are whole, and how many there are. */
  readonly edits: number;
  readonly of: number;
}

/** What a run tells while it works. */
export type MigrationEvent =
  | { readonly kind: 'begin'; readonly total: number }
  | { readonly kind: 'dataset'; readonly name: string; readonly from: string | null; readonly to: string }
  | { readonly kind: 'step'; readonly name: string; readonly step: string }
  | ({ readonly kind: 'progress'; readonly name: string } & EditEvent)
  | { readonly kind: 'paused'; readonly by: string | undefined }
  | { readonly kind: 'waiting'; readonly name: string; readonly holder: Holder }
  | { readonly kind: 'done'; readonly outcome: DatasetOutcome };
