import { clone, Doc, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { MalformedError } from '../../errors.js';
import { fieldDoc, makeField, simpleType } from '../../fields/index.js';
import type { Kwargs } from '../stage.js';
import type { State } from '../state.js';
import type { Target } from './generator.js';

export function idField(name: string, { now }: Target): Doc {
  return fieldDoc(makeField(name, simpleType('ObjectIdField'), now));
}

export function simpleField(name: string, type: string, { now }: Target, subtype: string | null = null): Doc {
  return fieldDoc(makeField(name, simpleType(type, subtype), now));
}

/** The fields of a dataset's schema, by their names. */
export function schemaFields(dataset: ReadonlyDoc, key: 'sample_fields' | 'frame_fields'): Map<string, Doc> {
  const fields = dataset.get(key);
  const docs = Array.isArray(fields) ? fields.filter((field) => field instanceof Doc) : [];
  return new Map(docs.map((field) => [String(field.get('name')), field]));
}

const ALWAYS = ['id', 'filepath', 'tags', 'metadata', 'created_at', 'last_modified_at', '_media_type', '_rand', '_dataset_id'];

/** The fields that all samples have, as the source has them. */
export function commonFields(source: ReadonlyDoc): Doc[] {
  return [...schemaFields(source, 'sample_fields')].filter(([name]) => ALWAYS.includes(name)).map(([, field]) => clone(field));
}

/** The fields that are to be taken over besides: those named by `other_fields`, or all. @param without those that are something else there */
export function otherFields(kwargs: Kwargs, { dataset }: State, without: readonly string[]): Doc[] {
  const wanted = kwargs.document('config')?.get('other_fields') ?? null;
  const known = [...schemaFields(dataset, 'sample_fields')].filter(([name]) => !ALWAYS.includes(name) && !without.includes(name));
  if (wanted === true) return known.map(([, field]) => clone(field));
  const names = Array.isArray(wanted) ? wanted : [wanted];
  return known.filter(([name]) => names.includes(name)).map(([, field]) => clone(field));
}

export function keysOf(fields: readonly Doc[]): string[] {
  return fields.map((field) => String(field.get('db_field') ?? field.get('name')));
}

/** The field with one label in place of the field with a list of them. */
export function itemField(field: Doc, items: string): Doc {
  const list = (field.get('fields') as Value[]).find((inner) => inner instanceof Doc && inner.get('name') === items);
  const single = clone(field);
  if (!(list instanceof Doc))
    throw new MalformedError(`the field '${field.get('name')}'`, `without '${items}'`, 'a list of labels');
  return single.set('embedded_doc_type', list.get('embedded_doc_type') ?? null).set('fields', clone(list.get('fields') ?? []));
}
