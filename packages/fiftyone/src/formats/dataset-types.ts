import { UsageError } from '../errors.js';

/** The formats of datasets in folders, named as in Python. */
export const types = {
  FiftyOneDataset: 'fiftyone.types.FiftyOneDataset',
  /** Of releases before 0.8; recognised by itself, and only imported. */
  LegacyFiftyOneDataset: 'fiftyone.types.LegacyFiftyOneDataset',
} as const;

/** The format of a dataset in a folder, with its module or without. */
export type DatasetType = (typeof types)[keyof typeof types] | keyof typeof types;

/** @throws UsageError for a format that is not one of these */
export function checkDatasetType(given: DatasetType | undefined, known: readonly (keyof typeof types)[]): void {
  if (given === undefined || known.some((name) => given === name || given === types[name])) return;
  throw new UsageError(`there is no datasetType '${given}' here`, { hint: `use ${known.join(' or ')}` });
}
