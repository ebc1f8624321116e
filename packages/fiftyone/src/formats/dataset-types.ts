import { UsageError } from '../errors.js';

/** The formats in which datasets are exported and imported: `types.FiftyOneDataset`. */
export const types = {
  /** What every release since 0.8 writes. */
  FiftyOneDataset: 'FiftyOneDataset',
  /** What releases before 0.8 wrote; it is recognised by itself and only read. */
  LegacyFiftyOneDataset: 'LegacyFiftyOneDataset',
} as const;

export type DatasetType = (typeof types)[keyof typeof types];

/** @throws UsageError for a format that there is not */
export function checkDatasetType(given: string | undefined, known: readonly DatasetType[]): void {
  const name = given?.split('.').at(-1);
  if (name === undefined || (known as readonly string[]).includes(name)) return;
  throw new UsageError(`there is no datasetType '${given}' here`, { hint: `use ${known.join(' or ')}` });
}
