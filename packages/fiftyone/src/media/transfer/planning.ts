import type { StoreError } from '../store-error.js';
import type { ChecksumMemory } from './checksum-memory.js';
import type { FileTable } from './file-table.js';
import type { Places } from './places.js';
import type { TransferOptions } from './transfer-options.js';
import type { PlannedFailure } from './transfer-plan.js';

/** What all steps of planning work on. */
export interface Planning {
  readonly files: FileTable;
  readonly places: Places;
  readonly memory: ChecksumMemory;
  readonly options: TransferOptions;
  /** Of scenes: the folder below which the files that they name keep their paths. */
  readonly relDirs: Map<number, string>;
  /** Files without a place to go: all counted, the first ones listed. */
  readonly refused: { count: number; readonly listed: PlannedFailure[] };
  fail(row: number, error: StoreError): void;
  /** Fails a row by what it threw. @throws what is no StoreError */
  failBy(row: number): (error: unknown) => undefined;
}

/** How many collisions and failures are listed by default. */
export const LISTED = 20;
