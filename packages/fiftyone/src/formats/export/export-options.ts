import type { OnProgress } from '../../datasets/progress.js';
import type { DatasetType } from '../dataset-types.js';

/** Whether media are copied into the export, stay where they are, are moved into it, or linked from it. */
export type ExportMedia = boolean | 'move' | 'symlink';

export interface ExportOptions {
  /** The folder to make, or an archive: a path that ends in `.zip`, `.tar`, `.tar.gz` or `.tgz`. */
  readonly exportDir: string;
  /** Default: `FiftyOneDataset`, the only one so far. */
  readonly datasetType?: DatasetType;
  /**
   * Default: true, which also fetches media from `s3://…`, `gs://…` and other stores. With 'move' the samples of the dataset get
   * the new paths of their files. Only files of this machine can be moved or linked.
   */
  readonly exportMedia?: ExportMedia;
  /** Keep the folders below this one, which may be one of a store; without media, paths become relative to it. */
  readonly relDir?: string;
  /** So many files per folder. Default: all in one */
  readonly chunkSize?: number;
  /** Default: true */
  readonly exportSavedViews?: boolean;
  /** Default: true */
  readonly exportRuns?: boolean;
  /** Default: true */
  readonly exportWorkspaces?: boolean;
  /** A file per sample and frame instead of one for all. Default: false */
  readonly useDirs?: boolean;
  /** With `useDirs`, number the files in the order of the samples. Default: true */
  readonly ordered?: boolean;
  /** Replace what is there, once the new export is complete. By default an export into a folder with files adds to them. */
  readonly overwrite?: boolean;
  /** Leave out media that are missing, instead of ending before anything is written. Default: false */
  readonly skipMissing?: boolean;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** What an export has written. */
export interface ExportReport {
  /** The folder or archive, absolute. */
  readonly exportDir: string;
  readonly samples: number;
  readonly frames: number;
  /** Media files in the export, and their bytes. */
  readonly media: { readonly files: number; readonly bytes: number };
  /** Media that are missing, and so are not in it: only with `skipMissing`. */
  readonly missing: readonly string[];
  /** What the user should know: an existing folder that was added to, media in unknown stores that stay there. */
  readonly warnings: readonly string[];
}
