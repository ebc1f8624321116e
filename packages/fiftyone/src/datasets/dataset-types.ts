/** The formats of datasets in folders, named as in Python. */
export const types = {
  FiftyOneDataset: 'fiftyone.types.FiftyOneDataset',
  /** Of releases before 0.8; can be imported only. */
  LegacyFiftyOneDataset: 'fiftyone.types.LegacyFiftyOneDataset',
} as const;

/** The format of a dataset in a folder, with its module or without. */
export type DatasetType = (typeof types)[keyof typeof types] | keyof typeof types;
