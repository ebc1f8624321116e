import { Doc, type ReadonlyDoc, type Value } from '../../bson/index.js';

/** The schema of samples, or that of frames. */
export type SchemaKey = 'sample_fields' | 'frame_fields';

/** Keys that every release writes, whether or not the schema of an export declares them. */
export const IN_SAMPLES = '_id filepath tags metadata _media_type _rand _dataset_id created_at last_modified_at'.split(' ');
export const IN_FRAMES = '_id _sample_id frame_number _dataset_id created_at last_modified_at'.split(' ');

/** The keys under which documents have the fields of a schema. */
export function declaredKeys(dataset: ReadonlyDoc, key: SchemaKey): string[] {
  const fields = dataset.get(key);
  if (!Array.isArray(fields)) return [];
  return fields.flatMap((field) => (field instanceof Doc ? storedKey(field) : []));
}

function storedKey(field: Doc): string[] {
  const stored: Value | undefined = field.get('db_field') ?? field.get('name');
  return typeof stored === 'string' ? [stored] : [];
}
