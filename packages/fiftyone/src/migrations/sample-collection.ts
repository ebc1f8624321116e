import type { ReadonlyDoc } from '../bson/index.js';
import { MalformedError } from '../errors.js';
import { collectionName } from './collection-name.js';

/** The collection of a dataset's samples. @throws MalformedError if the dataset names none */
export function sampleCollection(dataset: ReadonlyDoc): string {
  const name = collectionName(dataset, 'sample_collection_name');
  if (name === undefined) throw new MalformedError('sample_collection_name', 'missing', 'the name of a collection');
  return name;
}

/** The collection of a dataset's frames by the rule that held before 0.14.0: its name followed from that of the samples. */
export function impliedFrameCollection(dataset: ReadonlyDoc): string {
  return `frames.${sampleCollection(dataset)}`;
}
