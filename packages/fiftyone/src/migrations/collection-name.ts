import type { ReadonlyDoc } from '../bson/index.js';
import { MalformedError } from '../errors.js';
import { stringAt } from './shape.js';

/** The keys of a dataset document that name its collections. */
export type CollectionKey = 'sample_collection_name' | 'frame_collection_name';

/** Names that neither the server nor the driver accept. */
const IMPOSSIBLE = /^\.|\.\.|\.$|\$|\0/;

/** The name of the dataset's collection of samples or frames, or undefined if there is none. @throws MalformedError for what cannot be a name */
export function collectionName(dataset: ReadonlyDoc, key: CollectionKey): string | undefined {
  const value = dataset.get(key) ?? null;
  if (value === null) return undefined;
  const name = stringAt(value, key);
  if (name === '') throw new MalformedError(key, 'empty', 'the name of a collection');
  if (IMPOSSIBLE.test(name)) throw new MalformedError(key, JSON.stringify(name), 'the name of a collection');
  return name;
}
