import type { Connection } from '../database/connection.js';
import { UsageError } from '../errors.js';
import { type ImportOptions, type ImportReport, importDataset } from '../formats/import/import-dataset.js';
import type { Dataset } from './dataset.js';
import { type DatasetType, types } from './dataset-types.js';
import { loadDataset } from './load.js';

export interface FromOptions extends ImportOptions {
  /** Found out by looking; if it is given, it must be one that can be imported. */
  readonly datasetType?: DatasetType;
  /** Is told what a person should know, such as what will happen to the dataset. Default: a warning of the process */
  readonly onWarning?: (message: string) => void;
  /** Is told what was imported. */
  readonly onReport?: (report: ImportReport) => void;
}

const KNOWN: readonly string[] = [...Object.keys(types), ...Object.values(types)];

/** Imports an export and loads its dataset. */
export async function importAndLoad(connection: Connection, options: FromOptions): Promise<Dataset> {
  const { datasetType, onWarning = warn, onReport, ...others } = options;
  if (datasetType !== undefined && !KNOWN.includes(datasetType)) {
    throw new UsageError(`cannot import ${datasetType}`, { hint: `use one of: ${Object.keys(types).join(', ')}` });
  }
  const report = await importDataset(connection, others);
  for (const warning of report.warnings) onWarning(warning);
  onReport?.(report);
  return await loadDataset(connection, report.name);
}

function warn(message: string): void {
  process.emitWarning(message, 'FiftyOneWarning');
}
