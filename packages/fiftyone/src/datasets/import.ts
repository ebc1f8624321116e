import type { Connection } from '../database/connection.js';
import { type ImportOptions, type ImportReport, importDataset } from '../formats/import/import-dataset.js';
import type { Dataset } from './dataset.js';
import { loadDataset } from './load.js';

export interface FromOptions extends ImportOptions {
  /** Is told what a person should know, such as what will happen to the dataset. Default: a warning of the process */
  readonly onWarning?: (message: string) => void;
  /** Is told what was imported. */
  readonly onReport?: (report: ImportReport) => void;
}

/** Imports an export and loads its dataset. */
export async function importAndLoad(connection: Connection, options: FromOptions): Promise<Dataset> {
  const { onWarning = warn, onReport, ...others } = options;
  const report = await importDataset(connection, others);
  for (const warning of report.warnings) onWarning(warning);
  onReport?.(report);
  return await loadDataset(connection, report.name);
}

function warn(message: string): void {
  process.emitWarning(message, 'FiftyOneWarning');
}
