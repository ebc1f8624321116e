import type { OptionNames } from '../check-options.js';
import type { ExportOptions } from './export/export-options.js';
import type { ImportOptions } from './import/import-dataset.js';

export const EXPORT_OPTIONS: OptionNames<ExportOptions> = {
  exportDir: 'anything',
  datasetType: 'anything',
  exportMedia: 'anything',
  relDir: 'string',
  chunkSize: 'anything',
  exportSavedViews: 'boolean',
  exportRuns: 'boolean',
  exportWorkspaces: 'boolean',
  useDirs: 'boolean',
  ordered: 'boolean',
  overwrite: 'boolean',
  skipMissing: 'boolean',
  onProgress: 'function',
  signal: 'anything',
};

export const IMPORT_OPTIONS: OptionNames<ImportOptions> = {
  datasetDir: 'string',
  archivePath: 'string',
  cleanup: 'boolean',
  datasetType: 'anything',
  name: 'string',
  keepName: 'boolean',
  persistent: 'boolean',
  overwrite: 'boolean',
  into: 'string',
  tags: 'anything',
  relDir: 'string',
  importSavedViews: 'boolean',
  importRuns: 'boolean',
  importWorkspaces: 'boolean',
  maxSamples: 'anything',
  shuffle: 'boolean',
  seed: 'anything',
  onProgress: 'function',
  signal: 'anything',
};
