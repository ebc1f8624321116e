import type { MigrationEvent } from './report.js';

/** How a migration is to be done. */
export interface MigrateOptions {
  /** The version to go to. Default: for the database this client's, for datasets the database's. */
  readonly target?: string | undefined;
  /** Going down, leave in what the target release does not know. Default: false */
  readonly keepUnknown?: boolean;
  /** Going down, keep what is taken out in the attic; going up, put it back. Default: true */
  readonly attic?: boolean;
  /** How many datasets at once. Default: 4 */
  readonly concurrency?: number;
  /** Plan and check everything, write nothing. Default: false */
  readonly dryRun?: boolean;
  /** End the run at the first dataset that fails. Default: false */
  readonly stopAtFailure?: boolean;
  readonly onEvent?: (event: MigrationEvent) => void;
}
