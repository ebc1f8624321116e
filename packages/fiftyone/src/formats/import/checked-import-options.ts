import { UsageError } from '../../errors.js';
import type { ImportOptions } from './import-dataset.js';

const NAMES: Readonly<Record<keyof ImportOptions, true>> = {
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

/** @throws UsageError for options that cannot be */
export function checkImportOptions(options: ImportOptions): void {
  const { datasetDir, archivePath, maxSamples, tags } = options;
  for (const key of Object.keys(options)) if (!Object.hasOwn(NAMES, key)) throw unknownOption(key);
  if ((datasetDir === undefined) === (archivePath === undefined)) {
    throw new UsageError('give either datasetDir or archivePath', { hint: 'a folder, or an archive of one' });
  }
  for (const key of ['datasetDir', 'archivePath', 'name', 'into', 'relDir'] as const) {
    const given: unknown = options[key];
    if (given !== undefined && typeof given !== 'string') throw new UsageError(`${key} is ${typeof given}, expected a string`);
  }
  if (maxSamples !== undefined && !(Number.isSafeInteger(maxSamples) && maxSamples > 0)) {
    throw new UsageError(`maxSamples is ${maxSamples}, expected a whole number above 0`, { hint: 'leave it out to import all' });
  }
  if (tags !== undefined && !(Array.isArray(tags) && tags.every((tag) => typeof tag === 'string'))) {
    throw new UsageError('tags are no list of strings', { hint: "for example ['train']" });
  }
}

function unknownOption(key: string): UsageError {
  const plain = (name: string) => name.replaceAll('_', '').toLowerCase();
  const meant = Object.keys(NAMES).find((name) => plain(name) === plain(key));
  const hint = meant === undefined ? `the options are: ${Object.keys(NAMES).join(', ')}` : `it is called ${meant}`;
  return new UsageError(`there is no option '${key}'`, { hint });
}
