import type { PartSizes } from './bulk-edits.js';
import type { Detail } from './preview/differences.js';
import type { MigrationEvent } from './report.js';

/** How a migration is to be done. */
export interface MigrateOptions {
  /** The version to go to. Default: for the database this client's, for datasets the database's. */
  readonly target?: string | undefined;
  /** Going down, leave in what the target release does not know. Default: false */
  readonly keepUnknown?: boolean;
  /** Going down, keep what is taken out in the attic; going up, put it back. Default: true */
  readonly attic?: boolean;
  /** How many commands edit samples and frames at once. Default: 4 */
  readonly concurrency?: number;
  /** How large collections are cut into parts. */
  readonly partSizes?: PartSizes;
  /** Plan and check everything, write nothing. Default: false */
  readonly dryRun?: boolean;
  /** With `dryRun`: count and show what would change and name the documents that are in the way, `full` all of them. Default: do not */
  readonly preview?: Detail | undefined;
  /** End the run at the first dataset that fails. Default: false */
  readonly stopAtFailure?: boolean;
  /** Ends the run after the part that is under way; a later run goes on from there. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: MigrationEvent) => void;
}
