import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { checkOptions } from '../../check-options.js';
import type { Connection } from '../../database/connection.js';
import type { OnProgress } from '../../datasets/progress.js';
import { UsageError } from '../../errors.js';
import { checkDatasetType, type DatasetType } from '../dataset-types.js';
import { IMPORT_OPTIONS } from '../option-names.js';
import { extractArchive } from './archive.js';
import { openExport } from './export-folder.js';
import { importInto } from './import-into.js';
import { importNew } from './import-new.js';
import { settleDeadImports } from './import-notes.js';

/** How an export is to be imported. */
export interface ImportOptions {
  /** The folder into which a dataset was exported. Either it or `archivePath` is needed. */
  readonly datasetDir?: string;
  /** An archive of such a folder: .zip, .tar, .tar.gz or .tgz. It is extracted next to itself. */
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
  /** The folder to which relative paths of media belong. Default: the folder of the export */
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
  checkOptions('the import', options, IMPORT_OPTIONS);
  checkDatasetType(options.datasetType, ['FiftyOneDataset', 'LegacyFiftyOneDataset']);
  await settleDeadImports(connection);
  const { datasetDir, archivePath } = options;
  if ((datasetDir === undefined) === (archivePath === undefined)) {
    throw new UsageError('give either datasetDir or archivePath', { hint: 'a folder, or an archive of one' });
  }
  const { folder, wasThere } = await (archivePath === undefined
    ? { folder: resolve(datasetDir as string), wasThere: false }
    : extractArchive(archivePath));
  const found = await openExport(folder);
  const { into } = options;
  const report = await (into === undefined
    ? importNew(connection, found, options)
    : importInto(connection, found, { ...options, into }));
  if (archivePath === undefined) return report;
  if (options.cleanup) await rm(archivePath);
  const assumed = `${folder} was there already: it was taken for the content of ${archivePath}`;
  return wasThere ? { ...report, warnings: [assumed, ...report.warnings] } : report;
}
