import type { ReadonlyDoc } from '../bson/index.js';
import { UsageError } from '../errors.js';
import { type Field, readFields } from './field.js';
import { shown } from './invalid-value.js';

/** @throws UsageError for what is no path at all */
export function checkPath(verb: string, path: unknown): void {
  if (typeof path === 'string') return;
  throw new UsageError(`${verb} needs the path of a field, not ${shown(path)}`, {
    hint: "such as 'ground_truth.detections.label'",
  });
}

/** The two lists of a schema, as the dataset document names them. */
export type SchemaKey = 'sample_fields' | 'frame_fields';

/** The fields of a dataset's samples or frames, in the order of their declaration. */
export function schemaOf(dataset: ReadonlyDoc, key: SchemaKey): Field[] {
  return readFields(dataset.get(key));
}

/** The field at a path such as `ground_truth.detections.label`, or undefined if it is not declared. */
export function fieldAt(schema: readonly Field[], path: string): Field | undefined {
  return fieldsAlong(schema, path)?.at(-1);
}

/** The fields on the way to a path, its own last, or undefined if one is not declared. */
export function fieldsAlong(schema: readonly Field[], path: string): Field[] | undefined {
  const along: Field[] = [];
  let fields = schema;
  for (const name of path.split('.')) {
    const field = fields.find((candidate) => candidate.name === name || candidate.dbField === name);
    if (field === undefined) return undefined;
    along.push(field);
    fields = field.fields;
  }
  return along;
}

/** The path as it is stored: `ground_truth.id` is `ground_truth._id`. What is not declared keeps its name. */
export function storedPath(schema: readonly Field[], path: string): string {
  let fields = schema;
  const names = path.split('.').map((name) => {
    const field = fields.find((candidate) => candidate.name === name);
    fields = field?.fields ?? [];
    return field?.dbField ?? name;
  });
  return names.join('.');
}
