import type { StoreError } from '../store-error.js';

/** A file and where it is to go: paths of this machine or of any store. */
export interface WantedFile {
  readonly from: string;
  readonly to: string;
  /** The folder below which the files of a 3D scene keep their paths. Default: that of the scene */
  readonly relDir?: string | undefined;
}

/** A file that has no place to go, and why. */
export interface RefusedFile {
  readonly from: string;
  readonly refused: StoreError;
}

/** Gives the files that are wanted, in batches; each time the same ones. A pair may come many times. */
export type WantedFiles = () => AsyncIterable<readonly (WantedFile | RefusedFile)[]>;

/**
 * What becomes of a collision, which is a key that two files with different content want, or that holds other content:
 * `refuse` nothing is sent at all; `skip` none of these files is sent; `rename` the first keeps its name, unless other content is
 * there, and the others get the beginning of their checksum in their names, which is the same in every later run.
 */
export type OnCollision = 'refuse' | 'skip' | 'rename';

/** Where a transfer is. */
export interface TransferProgress {
  readonly step: 'plan' | 'send';
  /** Files done, those that were there included. */
  readonly files: number;
  readonly bytes: number;
  /** Undefined while they are not known. */
  readonly totalFiles: number | undefined;
  readonly totalBytes: number | undefined;
  /** What really went to the store. */
  readonly sentBytes: number;
}

export interface TransferOptions {
  /** Replace what is at a key with other content. Default: false, it is a collision */
  readonly overwrite?: boolean | undefined;
  /** Default: refuse */
  readonly onCollision?: OnCollision | undefined;
  /** Go on with the others when a file cannot be sent. Default: false */
  readonly skipFailures?: boolean | undefined;
  /** Ends the transfer after the files under way. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
  /** Takes a line of the manifest for every file. */
  readonly manifest?: ((line: ManifestLine) => void | Promise<void>) | undefined;
  /** The folder in which the checksums of local files are remembered. Default: they are not */
  readonly memory?: string | undefined;
  /** How many collisions and failures are listed; all are counted. Default: 20 */
  readonly listed?: number | undefined;
}

/** What became of a file; `unsent` if the transfer ended before. */
export type Outcome = 'sent' | 'there' | 'replaced' | 'renamed' | 'skipped' | 'failed' | 'unsent';

/** What became of a file that was wanted. */
export interface TransferResult {
  readonly from: string;
  /** Where its content is now, compared with what was read; undefined if it is not in the store. */
  readonly to: string | undefined;
  readonly outcome: Outcome;
  readonly error?: Error;
}

/** A line about a file of a transfer; JSON can carry it. */
export interface ManifestLine {
  readonly from: string;
  readonly to: string | undefined;
  readonly size: number;
  /** As the store tells it; undefined if it does not, or of what was there before. */
  readonly checksum: string | undefined;
  readonly what: Outcome;
  readonly error?: string;
}
