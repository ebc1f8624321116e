import { BsonType, Doc, ObjectId, Scalar } from '../bson/index.js';
import { isDocumentClass } from './check-type.js';
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

/** The subfield of an empty list, which goes with every other, and the type of an attribute whose values have nothing in common. */
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

/** The types of documents with no other attributes than those of their class, by class. */
const plainTypes = new Map<string, FieldType>();

function plainType(path: string, place: string): FieldType {
  let type = plainTypes.get(path);
  if (type === undefined) {
    if (!isDocumentClass(path)) throw new InvalidValueError(place, `there is no class of documents called ${path}`);
    const own = classAt(path)?.attributes ?? [];
    const fields = own.map(({ name, ftype, subfield, embeddedDocType, fields }) => ({
      name,
      ftype,
      subfield,
      embeddedDocType,
      fields,
    }));
    type = documentType(path, fields);
    plainTypes.set(path, type);
  }
  return type;
}

function documentTypeOf(document: EmbeddedDocument, place: string, dynamic: boolean): FieldType {
  const type = plainType(pathOf(document), place);
  if (!dynamic) return type;
  let fields: readonly NamedType[] = type.fields;
  for (const [name, value] of Object.entries(document)) {
    const at = type.fields.findIndex((field) => field.name === name);
    const own = type.fields[at];
    // attributes of a class keep their type, but labels in a list of it may have attributes of their own
    if (own !== undefined && (own.ftype !== 'ListField' || own.embeddedDocType === null)) continue;
    const found = typeOf(value, `${place}.${name}`, dynamic);
    if (found === undefined) continue;
    if (own === undefined) fields = [...fields, { ...found, name }];
    else fields = mergeFields(fields, [{ ...found, name }]);
  }
  return fields === type.fields ? type : documentType(pathOf(document), fields);
}

/** The type that both have in common, `none` when there is none. It is `a` itself when `b` adds nothing. */
function common(a: FieldType | undefined, b: FieldType | undefined): FieldType | undefined | 'none' {
  if (a === undefined || b === undefined || a === b) return a ?? b;
  if (a.ftype !== b.ftype) return commonNumber(a.ftype, b.ftype);
  if (a.embeddedDocType === b.embeddedDocType && a.subfield === b.subfield) {
    const fields = mergeFields(a.fields, b.fields);
    return fields === a.fields ? a : { ...a, fields };
  }
  if (a.ftype === 'EmbeddedDocumentField') return 'none';
  if (a.ftype !== 'ListField') return a;
  if (a.subfield === NOTHING) return b;
  if (b.subfield === NOTHING) return a;
  if (a.subfield === null || b.subfield === null) return simpleType('ListField');
  const item = commonItem(asItem(a), asItem(b));
  return item === 'none' ? simpleType('ListField') : listOf(item);
}

function commonNumber(a: string, b: string): FieldType | 'none' {
  const both = new Set([a, b]);
  if (both.has('IntField') && both.has('FloatField')) return simpleType('FloatField');
  if (both.has('DateField') && both.has('DateTimeField')) return simpleType('DateTimeField');
  return both.has('VectorField') && both.has('ArrayField') ? simpleType('ArrayField') : 'none';
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

/**
 * Attributes that have nothing in common are not declared, which does not keep them from being stored.
 *
 * @returns `a` itself when `b` adds nothing
 */
function mergeFields(a: readonly NamedType[], b: readonly NamedType[]): readonly NamedType[] {
  if (a === b) return a;
  let merged = a;
  for (const [i, field] of b.entries()) {
    const at = merged[i]?.name === field.name ? i : merged.findIndex(({ name }) => name === field.name);
    const other = merged[at];
    const both = common(other, field) ?? field;
    if (both === other) continue;
    const named = both === 'none' ? { ...simpleType(NOTHING), name: field.name } : { ...both, name: field.name };
    merged = other === undefined ? [...merged, named] : merged.map((each, place) => (place === at ? named : each));
  }
  return merged;
}

/** What was inferred, without these marks. */
function finished(type: FieldType): FieldType {
  const known = type.fields.filter(({ ftype }) => ftype !== NOTHING);
  const fields = known.map((field) => ({ ...finished(field), name: field.name }));
  return { ...type, subfield: type.subfield === NOTHING ? null : type.subfield, fields };
}
