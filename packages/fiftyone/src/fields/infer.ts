import { BsonType, Doc, ObjectId, Scalar } from '../bson/index.js';
import { classAt } from './class-schemas.js';
import { EmbeddedDocument, pathOf } from './embedded-document.js';
import { documentType, type FieldType, listOf, type NamedType, simpleType, typeText } from './field-type.js';
import { InvalidValueError, shown } from './invalid-value.js';
import { isNumberArray, NdArray } from './nd-array.js';

export interface InferOptions {
  /** Whether attributes that the class of a document does not have are declared as well. Default: false. */
  readonly dynamic?: boolean;
}

/**
 * The type of a new field that is to hold all of these values, or undefined when all of them are null. Integers and other numbers
 * together make a `FloatField`; lists of different things a `ListField` of anything.
 *
 * @param place the path of the field, for messages
 * @throws InvalidValueError for what no field can hold, and for values that no field can hold together
 */
export function inferType(values: Iterable<unknown>, place: string, options: InferOptions = {}): FieldType | undefined {
  let type: FieldType | undefined;
  for (const value of values) type = mergeType(type, typeOf(value, place, options.dynamic ?? false), place);
  return type === undefined ? undefined : finished(type);
}

/** The type that holds what either of two types holds. @throws InvalidValueError when no type does */
export function mergeType(a: FieldType | undefined, b: FieldType | undefined, place: string): FieldType | undefined {
  const merged = common(a, b);
  if (merged === 'none') {
    const types = `${typeText(finished(a as FieldType))} and ${typeText(finished(b as FieldType))}`;
    throw new InvalidValueError(place, `Cannot infer one field type for values of ${types}`);
  }
  return merged;
}

/** The subfield of an empty list, which goes with every other. */
const NOTHING = 'nothing';

/** What lists say of their items; others have none. */
const ITEMS = new Set(
  'BooleanField IntField FloatField StringField DateField DateTimeField ObjectIdField EmbeddedDocumentField'.split(' '),
);

/** The class that stands for documents of several classes. */
const ANY_DOCUMENT = 'fiftyone.core.odm.embedded_document.DynamicEmbeddedDocument';

function typeOf(value: unknown, place: string, dynamic: boolean): FieldType | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'boolean') return simpleType('BooleanField');
  if (typeof value === 'string') return simpleType('StringField');
  if (typeof value === 'bigint') return simpleType('IntField');
  if (typeof value === 'number')
    return simpleType(Number.isSafeInteger(value) && !Object.is(value, -0) ? 'IntField' : 'FloatField');
  if (value instanceof Date) return simpleType('DateTimeField');
  if (value instanceof ObjectId) return simpleType('ObjectIdField');
  if (value instanceof Scalar) return simpleType(scalarField(value, place));
  if (value instanceof EmbeddedDocument) return documentTypeOf(value, place, dynamic);
  if (value instanceof NdArray) return simpleType(value.shape.length === 1 ? 'VectorField' : 'ArrayField');
  if (isNumberArray(value)) return simpleType('VectorField');
  if (Array.isArray(value)) return listType(value, place, dynamic);
  if (value instanceof Doc || value instanceof Map || isPlain(value)) return simpleType('DictField');
  throw new InvalidValueError(place, `Cannot infer an appropriate field type for ${shown(value)}`);
}

function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

const SCALARS: ReadonlyMap<number, string> = new Map([
  [BsonType.int32, 'IntField'],
  [BsonType.int64, 'IntField'],
  [BsonType.double, 'FloatField'],
  [BsonType.date, 'DateTimeField'],
  [BsonType.string, 'StringField'],
]);

function scalarField(value: Scalar, place: string): string {
  const field = SCALARS.get(value.type);
  if (field === undefined) throw new InvalidValueError(place, `Cannot infer an appropriate field type for ${shown(value)}`);
  return field;
}

function listType(items: readonly unknown[], place: string, dynamic: boolean): FieldType {
  let item: FieldType | undefined;
  for (const each of items) {
    const type = typeOf(each, place, dynamic);
    if (type === undefined || !ITEMS.has(type.ftype)) return simpleType('ListField');
    const merged = commonItem(item, type);
    if (merged === 'none') return simpleType('ListField');
    item = merged;
  }
  return item === undefined ? simpleType('ListField', NOTHING) : listOf(item);
}

function documentTypeOf(document: EmbeddedDocument, place: string, dynamic: boolean): FieldType {
  const path = pathOf(document);
  const schema = classAt(path);
  const own = schema?.attributes ?? [];
  const names = new Set(own.map(({ name }) => name));
  const isKept = (name: string) => !names.has(name) && dynamic;
  const fields: NamedType[] = own.map(({ name, ftype, subfield, embeddedDocType, fields }) => {
    return { name, ftype, subfield, embeddedDocType, fields };
  });
  for (const [name, value] of Object.entries(document)) {
    if (!names.has(name) && !isKept(name)) continue;
    const at = fields.findIndex((field) => field.name === name);
    const declared = fields[at];
    // attributes of a class keep their type, but documents in them may have attributes of their own
    if (declared !== undefined && (!dynamic || declared.subfield !== 'EmbeddedDocumentField' || declared.ftype !== 'ListField'))
      continue;
    const type = typeOf(value, `${place}.${name}`, dynamic);
    if (type === undefined) continue;
    if (declared === undefined) fields.push({ ...type, name });
    else {
      const merged = common(declared, type);
      if (merged !== 'none' && merged !== undefined) fields[at] = { ...merged, name };
    }
  }
  return documentType(path, fields);
}

/** The type that both have in common, `none` when there is none. */
function common(a: FieldType | undefined, b: FieldType | undefined): FieldType | undefined | 'none' {
  if (a === undefined || b === undefined) return a ?? b;
  if (a.ftype !== b.ftype) {
    const both = new Set([a.ftype, b.ftype]);
    if (both.has('IntField') && both.has('FloatField')) return simpleType('FloatField');
    if (both.has('DateField') && both.has('DateTimeField')) return simpleType('DateTimeField');
    return both.has('VectorField') && both.has('ArrayField') ? simpleType('ArrayField') : 'none';
  }
  if (a.ftype === 'EmbeddedDocumentField') {
    if (a.embeddedDocType !== b.embeddedDocType) return 'none';
    return { ...a, fields: mergeFields(a.fields, b.fields) };
  }
  if (a.ftype !== 'ListField') return a;
  if (a.subfield === NOTHING) return b;
  if (b.subfield === NOTHING) return a;
  if (a.subfield === null || b.subfield === null) return simpleType('ListField');
  const item = commonItem(asItem(a), asItem(b));
  return item === 'none' ? simpleType('ListField') : listOf(item);
}

function asItem(list: FieldType): FieldType {
  return { ...list, ftype: list.subfield as string, subfield: null };
}

function commonItem(a: FieldType | undefined, b: FieldType): FieldType | 'none' {
  if (a?.embeddedDocType && b.embeddedDocType && a.embeddedDocType !== b.embeddedDocType) {
    return documentType(ANY_DOCUMENT, mergeFields(a.fields, b.fields));
  }
  return common(a, b) ?? b;
}

/** Attributes that have nothing in common are not declared, which does not keep them from being stored. */
function mergeFields(a: readonly NamedType[], b: readonly NamedType[]): NamedType[] {
  const merged = new Map<string, NamedType | 'none'>(a.map((field) => [field.name, field]));
  for (const field of b) {
    const other = merged.get(field.name);
    const both = other === 'none' ? 'none' : common(other, field);
    merged.set(field.name, both === 'none' || both === undefined ? 'none' : { ...both, name: field.name });
  }
  return [...merged.values()].filter((field) => field !== 'none');
}

/** What was inferred, without the marks of lists that were all empty. */
function finished(type: FieldType): FieldType {
  const fields = type.fields.map((field) => ({ ...finished(field), name: field.name }));
  return { ...type, subfield: type.subfield === NOTHING ? null : type.subfield, fields };
}
