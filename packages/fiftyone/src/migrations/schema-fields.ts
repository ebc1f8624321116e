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
  const found: SchemaField[] = [];
  for (const key of ['sample_fields', 'frame_fields'] as const) collect(found, dataset.get(key), key, PREFIX[key], false);
  return found;
}

const PREFIX = { sample_fields: '', frame_fields: 'frames.' };

/** What people call an entry that is in one of the two lists itself. */
export function topLevelPath(key: SchemaKey, entry: Doc): string {
  return PREFIX[key] + nameOf(entry);
}

/** What people call the entries below an entry, from there. */
export function pathsBelow(entries: readonly Doc[]): string[] {
  const found: SchemaField[] = [];
  collect(found, entries as Doc[], 'fields', '', true);
  return found.map(({ path }) => path);
}

function nameOf(entry: Doc): string {
  const name = entry.get('name');
  return typeof name === 'string' ? name : '?';
}

function collect(found: SchemaField[], entries: Value | undefined, where: string, prefix: string, embedded: boolean): void {
  if (entries === undefined) return;
  for (const [i, entry] of docsAt(entries, where).entries()) {
    const path = prefix + nameOf(entry);
    found.push({ path, entry, embedded });
    const inner = entry.get('fields');
    if (inner !== undefined) collect(found, inner, `${where}[${i}].fields`, `${path}.`, true);
  }
}
