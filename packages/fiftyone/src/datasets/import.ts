import { stat } from 'node:fs/promises';
import { checkOptions, type OptionNames } from '../check-options.js';
import type { Connection } from '../database/connection.js';
import { UsageError } from '../errors.js';
import { type ImportOptions, type ImportReport, importDataset } from '../formats/import/import-dataset.js';
import { archiveExtension } from '../formats/layout.js';
import { IMPORT_OPTIONS } from '../formats/option-names.js';
import type { Dataset } from './dataset.js';
import { loadDataset } from './load.js';

export interface FromOptions extends ImportOptions {
  /** Is told what a person should know, such as what will happen to the dataset. Default: a warning of the process */
  readonly onWarning?: (message: string) => void;
  /** Is told what was imported. */
  readonly onReport?: (report: ImportReport) => void;
}

const OPTIONS: OptionNames<FromOptions> = { ...IMPORT_OPTIONS, onWarning: 'function', onReport: 'function' };

/** @throws UsageError for options that do not say what is to be imported, or are none */
export async function checkFrom(verb: 'fromDir' | 'fromArchive', options: FromOptions): Promise<void> {
  checkOptions(verb, options, OPTIONS);
  const [needed, other] = verb === 'fromDir' ? (['datasetDir', 'fromArchive'] as const) : (['archivePath', 'fromDir'] as const);
  const given = options[needed];
  if (typeof given !== 'string' || given === '') {
    throw new UsageError(`${verb} needs the option ${needed}`, {
      hint: `use ${other} for ${other === 'fromDir' ? 'a folder' : 'an archive'}`,
    });
  }
  if (verb === 'fromArchive' || archiveExtension(given) === undefined) return;
  if (
    await stat(given).then(
      (found) => found.isFile(),
      () => false,
    )
  ) {
    throw new UsageError(`${given} is an archive, not a folder`, { hint: 'use fromArchive({ archivePath })' });
  }
}

/** Imports an export and loads its dataset. */
export async function importAndLoad(connection: Connection, options: FromOptions): Promise<Dataset> {
  checkOptions('importDataset', options, OPTIONS);
  const { onWarning = warn, onReport, ...others } = options;
  const report = await importDataset(connection, others);
  for (const warning of report.warnings) onWarning(warning);
  onReport?.(report);
  return await loadDataset(connection, report.name);
}

function warn(message: string): void {
  process.emitWarning(message, 'FiftyOneWarning');
}
