import { Doc, ObjectId, type Value } from '../bson/index.js';
import { anyValue } from './any-value.js';
import { type ClassAttribute, type ClassSchema, classAt } from './class-schemas.js';
import { coerce } from './coerce.js';
import { type EmbeddedDocument, Identified, idOf, pathOf } from './embedded-document.js';
import type { FieldType, NamedType } from './field-type.js';
import { InvalidValueError } from './invalid-value.js';
import { originalOf } from './originals.js';

/**
 * A document as it is stored: id, class, the attributes of its class, others in the order in which they were given.
 *
 * @param declared the schema of the field that holds it: the types of its other attributes
 */
export function storedDocument(document: EmbeddedDocument, place: string, declared: readonly NamedType[] = []): Doc {
  const path = pathOf(document);
  const schema = classAt(path);
  const original = originalOf(document);
  const added = new Set(['_id', '_cls']);
  const doc = new Doc();
  if (document instanceof Identified) doc.set('_id', idOf(document));
  doc.set('_cls', path.slice(path.lastIndexOf('.') + 1));
  const given = document as unknown as Record<string, unknown>;
  for (const attribute of inStoredOrder(schema)) {
    const { name } = attribute;
    const value = given[name] ?? null;
    if (value === null) added.add(name);
    const coerced = () => coerce(asDeclared(attribute, declared), value, `${place}.${name}`);
    const stored = value === null ? missing(attribute) : (original?.unchanged(name, value) ?? coerced());
    if (stored !== undefined) doc.set(name, stored);
  }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || hasAttribute(schema, name)) continue;
    const key = value instanceof ObjectId && !name.startsWith('_') ? `_${name}` : name;
    doc.set(key, original?.unchanged(key, value) ?? otherAttribute(schema, declared, name, value, place));
  }
  return original?.ordered(doc, added) ?? doc;
}

function otherAttribute(
  schema: ClassSchema | undefined,
  declared: readonly NamedType[],
  name: string,
  value: unknown,
  place: string,
): Value {
  if (schema?.isDynamic === false) throw new InvalidValueError(place, `${schema.path} has no attribute '${name}'`);
  if (name === '' || name.startsWith('$') || name.includes('.') || name.includes('\0')) {
    throw new InvalidValueError(place, `'${name}' cannot be the name of an attribute`);
  }
  const type = declared.find((field) => field.name === name);
  return type ? coerce(type, value, `${place}.${name}`) : anyValue(value, `${place}.${name}`);
}

/** The labels of a list have attributes that only its field knows. */
function asDeclared(attribute: ClassAttribute, declared: readonly NamedType[]): FieldType {
  if (attribute.embeddedDocType === null) return attribute;
  const field = declared.find(({ name }) => name === attribute.name);
  return field === undefined ? attribute : { ...attribute, fields: field.fields };
}

const orders = new WeakMap<ClassSchema, readonly ClassAttribute[]>();
const names = new WeakMap<ClassSchema, ReadonlySet<string>>();

/** The id is apart, and `attributes` come before the tags, which schemas have the other way round. */
function inStoredOrder(schema: ClassSchema | undefined): readonly ClassAttribute[] {
  if (schema === undefined) return [];
  let order = orders.get(schema);
  if (order === undefined) {
    const own = schema.attributes.filter(({ name }) => name !== 'id');
    const isFirst = ({ name }: ClassAttribute) => name === 'attributes';
    order = [...own.filter(isFirst), ...own.filter((attribute) => !isFirst(attribute))];
    orders.set(schema, order);
  }
  return order;
}

function hasAttribute(schema: ClassSchema | undefined, name: string): boolean {
  if (schema === undefined) return false;
  let known = names.get(schema);
  if (known === undefined) {
    known = new Set(schema.attributes.map((attribute) => attribute.name));
    names.set(schema, known);
  }
  return known.has(name);
}

function missing(attribute: ClassAttribute): Value | undefined {
  switch (attribute.default) {
    case 'list':
      return [];
    case 'document':
      return new Doc();
    case 'null':
      return null;
    case 'false':
      return false;
    case 'zero':
      return coerce(attribute, 0, attribute.name);
    case undefined:
      return undefined;
  }
}
