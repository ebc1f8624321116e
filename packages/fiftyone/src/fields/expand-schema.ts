import { Doc, type Value } from '../bson/index.js';
import { UsageError } from '../errors.js';
import { fieldDoc, makeField, readField } from './field.js';
import { type FieldType, type NamedType, typeText } from './field-type.js';

/** A field to declare. */
export interface Declaration {
  /** `uniqueness`, or `ground_truth.detections.color` for an attribute of documents that are declared already. */
  readonly path: string;
  readonly type: FieldType;
}

/**
 * A stored list of fields with more of them declared. What is there already stays as it is, byte for byte; of documents that are there
 * already the attributes are added.
 *
 * @param now the time of the declaration
 * @returns the list itself when nothing is new
 * @throws UsageError for a name that no field can have, a type that an existing field does not have, a path that leads nowhere
 */
export function expandSchema(stored: readonly Value[], declarations: readonly Declaration[], now: Value): readonly Value[] {
  return declarations.reduce((list, { path, type }) => declare(list, path.split('.'), type, now, path), stored);
}

function declare(list: readonly Value[], names: readonly string[], type: FieldType, now: Value, path: string): readonly Value[] {
  const [name, ...rest] = names as [string, ...string[]];
  const at = list.findIndex((entry) => entry instanceof Doc && entry.get('name') === name);
  const entry = list[at] as Doc | undefined;
  if (entry === undefined) {
    if (rest.length > 0) throw new UsageError(`Cannot declare '${path}': there is no field '${without(path, rest)}'`);
    checkName(name);
    return [...list, fieldDoc(makeField(name, type, now))];
  }
  const inner = entry.get('fields');
  const before = Array.isArray(inner) ? inner : [];
  const after =
    rest.length > 0 ? declare(before, rest, type, now, path) : declareAll(before, added(entry, type, path), now, path);
  if (after === before) return list;
  const changed = new Doc(entry).set('fields', after as Value[]);
  return list.map((other, i) => (i === at ? changed : other));
}

function declareAll(list: readonly Value[], fields: readonly NamedType[], now: Value, path: string): readonly Value[] {
  return fields.reduce((all, field) => declare(all, [field.name], field, now, `${path}.${field.name}`), list);
}

/** The attributes that the documents of an existing field are to have. @throws UsageError when it is of another type */
function added(entry: Doc, type: FieldType, path: string): readonly NamedType[] {
  const field = readField(entry);
  if (field.ftype === type.ftype && field.embeddedDocType === type.embeddedDocType) {
    if (field.embeddedDocType !== null || field.subfield === type.subfield) return type.fields;
  }
  throw new UsageError(`Field '${path}' exists as ${typeText(field)}: it cannot be declared as ${typeText(type)}`);
}

function without(path: string, rest: readonly string[]): string {
  return path.split('.').slice(0, -rest.length).join('.');
}

/** @throws UsageError for a name that no field can have */
export function checkName(name: string): void {
  const invalid = (why: string) => new UsageError(`Invalid field name: '${name}'. Field names ${why}`);
  if (name === '') throw invalid('cannot be empty');
  if (name.startsWith('_')) throw invalid("cannot start with '_'");
  for (const character of ['$', '.', '\0']) if (name.includes(character)) throw invalid(`cannot contain '${character}'`);
  if (/\p{Surrogate}/u.test(name)) throw invalid('cannot contain half a surrogate pair');
}
