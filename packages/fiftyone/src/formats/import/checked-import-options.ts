import { checkOptions } from '../../check-options.js';
import { UsageError } from '../../errors.js';
import { checkDatasetType } from '../dataset-types.js';
import { IMPORT_OPTIONS } from '../option-names.js';
import type { ImportOptions } from './import-dataset.js';

/** @throws UsageError for options that cannot be */
export function checkImportOptions(options: ImportOptions): void {
  checkOptions('the import', options, IMPORT_OPTIONS);
  checkDatasetType(options.datasetType, ['FiftyOneDataset', 'LegacyFiftyOneDataset']);
  const { datasetDir, archivePath, maxSamples, tags } = options;
  if ((datasetDir === undefined) === (archivePath === undefined)) {
    throw new UsageError('give either datasetDir or archivePath', { hint: 'a folder, or an archive of one' });
  }
  if (maxSamples !== undefined && !(Number.isSafeInteger(maxSamples) && maxSamples > 0)) {
    throw new UsageError(`maxSamples is ${maxSamples}, expected a whole number above 0`, { hint: 'leave it out to import all' });
  }
  if (tags !== undefined && !(Array.isArray(tags) && tags.every((tag) => typeof tag === 'string'))) {
    throw new UsageError('tags are no list of strings', { hint: "for example ['train']" });
  }
}
