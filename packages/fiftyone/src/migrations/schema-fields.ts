import type { Doc, ReadonlyDoc, Value } from '../bson/index.js';
import { docsAt } from './shape.js';

/** An entry of a dataset's schema, and what people call it: `ground_truth.detections.label`, `frames.id`. */
export interface SchemaField {
  readonly path: string;
  readonly entry: Doc;
  readonly embedded: boolean;
}

/** The two lists of the schema, as the dataset document names them. */
export type SchemaKey = 'sample_fields' | 'frame_fields';

/** The entries of one list of the schema, without those embedded in them. @throws MalformedError if it is not a list of documents */
export function topLevelFields(dataset: ReadonlyDoc, key: SchemaKey): Doc[] {
  return dataset.has(key) ? docsAt(dataset.get(key), key) : [];
}

/** All entries of the schema, each before those embedded in it. @throws MalformedError naming the place of what is not a list of documents */
export function allFields(dataset: ReadonlyDoc): SchemaField[] {
  return [
    ...withEmbedded(dataset.get('sample_fields'), 'sample_fields', '', false),
    ...withEmbedded(dataset.get('frame_fields'), 'frame_fields', 'frames.', false),
  ];
}

function withEmbedded(entries: Value | undefined, where: string, prefix: string, embedded: boolean): SchemaField[] {
  if (entries === undefined) return [];
  return docsAt(entries, where).flatMap((entry, i) => {
    const name = entry.get('name');
    const path = prefix + (typeof name === 'string' ? name : '?');
    return [{ path, entry, embedded }, ...withEmbedded(entry.get('fields'), `${where}[${i}].fields`, `${path}.`, true)];
  });
}
