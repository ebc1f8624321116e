import { Doc, type ReadonlyDoc, type Value } from '../bson/index.js';
import type { FieldType } from './field-type.js';

/** A field of samples, frames or embedded documents: an entry of a dataset's schema. */
export interface Field extends FieldType {
  readonly name: string;
  readonly fields: readonly Field[];
  /** Its key in stored documents; ids have an underscore before their name. */
  readonly dbField: string;
  readonly description: string | null;
  /** A document, or null. */
  readonly info: Value;
  readonly readOnly: boolean;
  /** A date, or null. */
  readonly createdAt: Value;
}

/** The ids whose names begin with an underscore already are stored under their names. */
export function dbFieldOf(name: string, ftype: string): string {
  return ftype === 'ObjectIdField' && !name.startsWith('_') ? `_${name}` : name;
}

/** A field of this type. @param createdAt also for the fields of a document in it; those of documents in a list have none */
export function makeField(name: string, type: FieldType, createdAt: Value = null): Field {
  const inner = type.ftype === 'EmbeddedDocumentField' ? createdAt : null;
  return {
    name,
    ftype: type.ftype,
    subfield: type.subfield,
    embeddedDocType: type.embeddedDocType,
    fields: type.fields.map((field) => makeField(field.name, field, inner)),
    dbField: dbFieldOf(name, type.ftype),
    description: null,
    info: null,
    readOnly: false,
    createdAt,
  };
}

const FIELDS = 'fiftyone.core.fields.';

/** The entry of a schema as it is stored. */
export function fieldDoc(field: Field): Doc {
  return Doc.of(
    ['name', field.name],
    ['ftype', pathOf(field.ftype)],
    ['embedded_doc_type', field.embeddedDocType],
    ['subfield', field.subfield === null ? null : pathOf(field.subfield)],
    ['fields', field.fields.map(fieldDoc)],
    ['db_field', field.dbField],
    ['description', field.description],
    ['info', field.info],
    ['read_only', field.readOnly],
    ['created_at', field.createdAt],
  );
}

/** Reads an entry of a schema; what is missing has its default, as for the real client. */
export function readField(doc: ReadonlyDoc): Field {
  const text = (key: string): string | null => {
    const value = doc.get(key);
    return typeof value === 'string' ? value : null;
  };
  const name = text('name') ?? '';
  const ftype = nameOf(text('ftype') ?? '');
  const subfield = text('subfield');
  return {
    name,
    ftype,
    subfield: subfield === null ? null : nameOf(subfield),
    embeddedDocType: text('embedded_doc_type'),
    fields: readFields(doc.get('fields')),
    dbField: text('db_field') ?? dbFieldOf(name, ftype),
    description: text('description'),
    info: doc.get('info') ?? null,
    readOnly: doc.get('read_only') === true,
    createdAt: doc.get('created_at') ?? null,
  };
}

/** Reads a list of entries; whatever else it is counts as empty. */
export function readFields(list: Value | undefined): Field[] {
  return Array.isArray(list) ? list.filter((entry) => entry instanceof Doc).map(readField) : [];
}

/** `fiftyone.core.fields.IntField` is `IntField`; classes from elsewhere keep their path. */
function nameOf(path: string): string {
  return path.startsWith(FIELDS) ? path.slice(FIELDS.length) : path;
}

function pathOf(name: string): string {
  return name.includes('.') ? name : FIELDS + name;
}
