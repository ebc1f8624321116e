import type { OptionNames } from '../check-options.js';
import type { ExportOptions } from './export/export-options.js';
import type { ImportOptions } from './import/import-dataset.js';

export const EXPORT_OPTIONS: OptionNames<ExportOptions> = {
  exportDir: true,
  datasetType: true,
  exportMedia: true,
  relDir: true,
  chunkSize: true,
  exportSavedViews: true,
  exportRuns: true,
  exportWorkspaces: true,
  useDirs: true,
  ordered: true,
  overwrite: true,
  skipMissing: true,
  onProgress: true,
  signal: true,
};

export const IMPORT_OPTIONS: OptionNames<ImportOptions> = {
  datasetDir: true,
  archivePath: true,
  cleanup: true,
  datasetType: true,
  name: true,
  keepName: true,
  persistent: true,
  overwrite: true,
  into: true,
  tags: true,
  relDir: true,
  importSavedViews: true,
  importRuns: true,
  importWorkspaces: true,
  maxSamples: true,
  shuffle: true,
  seed: true,
  onProgress: true,
  signal: true,
};
