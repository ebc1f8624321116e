import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Connection } from '../../database/connection.js';
import type { OnProgress } from '../../datasets/progress.js';
import { DatasetNotFoundError, ImportError, IncompatibleError, UsageError } from '../../errors.js';
import type { DatasetType } from '../dataset-types.js';
import { extractArchive } from './archive.js';
import { checkImportOptions } from './checked-import-options.js';
import { openExport } from './export-folder.js';
import { importInto } from './import-into.js';
import { importNew } from './import-new.js';
import { settleDeadImports } from './import-notes.js';
import { readingExport } from './unreadable-export.js';

/** How an export is to be imported. */
export interface ImportOptions {
  /** The folder into which a dataset was exported. Either it or `archivePath` is needed. */
  readonly datasetDir?: string;
  /** An archive of such a folder: .zip, .tar, .tar.gz or .tgz. It is extracted next to itself, and used again while it is the same. */
  readonly archivePath?: string;
  /** Removes the archive when its dataset is imported. Default: false */
  readonly cleanup?: boolean;
  /** Default: `FiftyOneDataset`. A `LegacyFiftyOneDataset` is recognised in any case. */
  readonly datasetType?: DatasetType;
  /** What the dataset is to be called. Default: the local time */
  readonly name?: string;
  /** Without a name: call it as it was called when it was exported. Default: false */
  readonly keepName?: boolean;
  /** Whether it stays when the last client leaves. Default: false */
  readonly persistent?: boolean;
  /** Replaces the dataset of this name, once the new one is complete. Default: false */
  readonly overwrite?: boolean;
  /** The name of a dataset into which the samples are imported, instead of a new one. */
  readonly into?: string;
  /** Tags that every sample gets in addition. */
  readonly tags?: readonly string[];
  /** The folder to which relative paths of media belong, also of a store: `s3://bucket/street`. Default: the folder of the export */
  readonly relDir?: string;
  readonly importSavedViews?: boolean;
  readonly importRuns?: boolean;
  readonly importWorkspaces?: boolean;
  /** How many samples at most; saved views, workspaces and runs are left out then. Default: all */
  readonly maxSamples?: number;
  /** Puts the samples into another order, and with `maxSamples` takes any of them. Default: false */
  readonly shuffle?: boolean;
  /** The same seed gives the same order of the same export; it is not the order of the Python client. Default: a new one */
  readonly seed?: string | number;
  readonly onProgress?: OnProgress;
  /** Ends the import; nothing of it stays. */
  readonly signal?: AbortSignal;
}

/** What was imported. */
export interface ImportReport {
  readonly name: string;
  /** The id of the dataset, as hexadecimal text. */
  readonly id: string;
  readonly samples: number;
  readonly frames: number;
  readonly savedViews: number;
  readonly workspaces: number;
  readonly runs: number;
  readonly temporalTags: number;
  readonly persistent: boolean;
  /** The version of the export, and that of the dataset now. */
  readonly from: string;
  readonly to: string;
  /** What a person should know: what was missing, and what will happen to the dataset. */
  readonly warnings: readonly string[];
  readonly seconds: number;
}

/**
 * Imports an export as a dataset. It appears when it is complete: whatever ends the import before leaves nothing of it, once the
 * next import has cleaned up.
 *
 * @throws ImportError, IncompatibleError, UsageError before anything is written; LockedError
 */
export async function importDataset(connection: Connection, options: ImportOptions): Promise<ImportReport> {
  checkImportOptions(options);
  await settleDeadImports(connection);
  const { datasetDir, archivePath } = options;
  return archivePath === undefined
    ? await importFolder(connection, resolve(datasetDir as string), options)
    : await importArchive(connection, archivePath, options);
}

async function importArchive(connection: Connection, archive: string, options: ImportOptions): Promise<ImportReport> {
  const { folder, wasThere } = await readingExport(archive, () => extractArchive(archive));
  try {
    const report = await importFolder(connection, folder, options);
    if (options.cleanup) await rm(archive);
    return report;
  } catch (error) {
    if (!wasThere && isRefusal(error)) await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function importFolder(connection: Connection, path: string, options: ImportOptions): Promise<ImportReport> {
  return readingExport(path, async () => {
    const found = await openExport(path);
    const { into } = options;
    return into === undefined ? importNew(connection, found, options) : importInto(connection, found, { ...options, into });
  });
}

/** Whether nothing can have been imported. After other errors the next import may find that it was, so media have to stay. */
function isRefusal(error: unknown): boolean {
  return [ImportError, IncompatibleError, UsageError, DatasetNotFoundError].some((kind) => error instanceof kind);
}
