import { UsageError } from '../errors.js';
import { type Declaration, type Field, type FieldType, InvalidValueError, inferType, type NamedType } from '../fields/index.js';
import type { Schema } from './stored-sample.js';

/** How new fields are treated. */
export interface ExpandOptions {
  /** Whether fields that the dataset does not have are declared. Default: true. */
  readonly expandSchema?: boolean;
  /** Whether the other attributes of labels are declared as well. Default: false. */
  readonly dynamic?: boolean;
}

/**
 * The fields that have to be declared for samples, or frames, to be stored.
 *
 * @param what of which dataset these are, for messages
 * @throws UsageError for a value that no field can hold; for new fields unless they are wanted
 */
export function declarationsFor(
  documents: Iterable<object>,
  schema: Schema,
  { expandSchema = true, dynamic = false }: ExpandOptions,
  what: string,
): Declaration[] {
  const values = new Map<string, unknown[]>();
  for (const document of documents) {
    for (const [name, value] of Object.entries(document)) {
      if (value === null || value === undefined || (schema.has(name) && !dynamic)) continue;
      const others = values.get(name);
      if (others === undefined) values.set(name, [value]);
      else others.push(value);
    }
  }
  return [...values].flatMap(([path, all]) => {
    const field = schema.get(path);
    if (field !== undefined) return otherAttributes(field, all, path);
    if (!expandSchema) throw new UsageError(`${what} '${path}'`);
    const type = inferType(all, path, { dynamic });
    return type === undefined ? [] : [{ path, type }];
  });
}

/** The attributes that the labels of a field have beyond those that are declared. */
function otherAttributes(field: Field, values: readonly unknown[], path: string): Declaration[] {
  if (field.embeddedDocType === null) return [];
  try {
    const type = inferType(values, path, { dynamic: true });
    return type === undefined || type.embeddedDocType !== field.embeddedDocType ? [] : missing(field, type, path);
  } catch (error) {
    // values that do not belong here are told apart when they are stored
    if (error instanceof InvalidValueError) return [];
    throw error;
  }
}

function missing(field: FieldType, type: FieldType, path: string): Declaration[] {
  return type.fields.flatMap((attribute: NamedType) => {
    const known = field.fields.find(({ name }) => name === attribute.name);
    const at = `${path}.${attribute.name}`;
    return known === undefined ? [{ path: at, type: attribute }] : missing(known, attribute, at);
  });
}
