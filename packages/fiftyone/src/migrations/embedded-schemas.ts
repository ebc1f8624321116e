import { Doc, type ReadonlyDoc, type Value } from '../bson/index.js';
import { remembered } from '../remembered.js';
import { classSchema, EMBEDDED_DOCUMENT_FIELD, isLabelList, labelListSchema } from './default-schemas.js';
import { pythonText } from './python-text.js';
import { allFields, pathsBelow, type SchemaKey, topLevelFields, topLevelPath } from './schema-fields.js';
import { stringAt } from './shape.js';

const METADATA = 'fiftyone.core.metadata.';
const SCHEMA_KEYS = ['sample_fields', 'frame_fields'] as const;

/** Which classes get their default schema: labels only, or lists of labels as well. */
export type Classes = 'labels' | 'labels and lists';

/** Gives every field its `fields`: the default schema of its class if it holds an embedded document, else none. */
export function setEmbeddedSchemas(dataset: Doc, classes: Classes, warn: (message: string) => void): void {
  for (const key of SCHEMA_KEYS) {
    for (const field of topLevelFields(dataset, key)) {
      const type = classAfter(dataset, key, field);
      if (isMetadata(key, field)) field.set('embedded_doc_type', type as Value);
      const cls = schemaClass(dataset, key, field, type, classes, warn);
      field.set('fields', cls === undefined ? [] : schemaOf(cls, classes));
    }
  }
}

/** Takes away what {@link setEmbeddedSchemas} sets. */
export function removeEmbeddedSchemas(dataset: Doc): void {
  for (const key of SCHEMA_KEYS) {
    for (const field of topLevelFields(dataset, key)) {
      if (isMetadata(key, field)) field.set('embedded_doc_type', `${METADATA}Metadata`);
      field.delete('fields');
    }
  }
}

/** What of the schema no default schema brings back. */
export function lostSchemas(dataset: ReadonlyDoc, classes: Classes): string[] {
  const present = allFields(dataset).filter(({ embedded }) => embedded);
  const kept = present.length === 0 ? new Set() : pathsAfter(dataset, classes);
  const lost = present.filter(({ path }) => !kept.has(path));
  const metadata = topLevelFields(dataset, 'sample_fields')
    .filter((field) => field.get('name') === 'metadata')
    .map((field) => field.get('embedded_doc_type'))
    .filter((type) => typeof type === 'string' && !type.startsWith(METADATA));
  return [...embeddedLoss(lost.map(({ path }) => path)), ...metadata.map((type) => `the class of field metadata: ${type}`)];
}

/** The paths of the schemas that {@link setEmbeddedSchemas} sets. */
function pathsAfter(dataset: ReadonlyDoc, classes: Classes): Set<string> {
  const paths = new Set<string>();
  for (const key of SCHEMA_KEYS) {
    for (const field of topLevelFields(dataset, key)) {
      const path = topLevelPath(key, field);
      paths.add(path);
      const cls = schemaClass(dataset, key, field, classAfter(dataset, key, field), classes, () => {});
      for (const inner of cls === undefined ? [] : INNER[classes](cls)) paths.add(`${path}.${inner}`);
    }
  }
  return paths;
}

/** The paths of default schemas: thousands of datasets have fields of the same few classes. */
const INNER = {
  labels: remembered((cls) => pathsBelow(schemaOf(cls, 'labels'))),
  'labels and lists': remembered((cls) => pathsBelow(schemaOf(cls, 'labels and lists'))),
};

/** "3 embedded field schemas: pred.detections (color, iscrowd), camera (quality)": one by one they would fill pages. */
function embeddedLoss(paths: readonly string[]): string[] {
  const byParent = new Map<string, string[]>();
  for (const path of paths) {
    const dot = path.lastIndexOf('.');
    const parent = path.slice(0, dot);
    byParent.set(parent, [...(byParent.get(parent) ?? []), path.slice(dot + 1)]);
  }
  const groups = [...byParent].map(([parent, names]) => `${parent} (${names.join(', ')})`);
  return groups.length === 0
    ? []
    : [`${paths.length} embedded field schema${paths.length === 1 ? '' : 's'}: ${groups.join(', ')}`];
}

function metadataClass(mediaType: Value | undefined): string {
  if (mediaType === 'image') return `${METADATA}ImageMetadata`;
  return mediaType === 'video' ? `${METADATA}VideoMetadata` : `${METADATA}Metadata`;
}

function isMetadata(key: SchemaKey, field: ReadonlyDoc): boolean {
  return key === 'sample_fields' && field.get('name') === 'metadata';
}

/** The class that a field has once {@link setEmbeddedSchemas} is done. */
function classAfter(dataset: ReadonlyDoc, key: SchemaKey, field: ReadonlyDoc): Value | undefined {
  return isMetadata(key, field) ? metadataClass(dataset.get('media_type')) : field.get('embedded_doc_type');
}

/** The class whose default schema a field gets, if any. */
function schemaClass(
  dataset: ReadonlyDoc,
  key: SchemaKey,
  field: Doc,
  type: Value | undefined,
  classes: Classes,
  warn: (message: string) => void,
): string | undefined {
  if (field.get('ftype') !== EMBEDDED_DOCUMENT_FIELD) return undefined;
  const kind = key === 'sample_fields' ? 'sample' : 'frame';
  const problem = badCollection(dataset, `${kind}_collection_name`) ?? badClass(type) ?? badName(field, key, type, classes);
  if (problem !== undefined) {
    warn(`Failed to infer schema of ${kind} field '${pythonText(field.get('name'))}' of type '${pythonText(type)}': ${problem}`);
    return undefined;
  }
  return typeof type === 'string' ? type : undefined;
}

function schemaOf(cls: string, classes: Classes): Doc[] {
  return classes === 'labels and lists' && isLabelList(cls) ? labelListSchema(cls) : classSchema(cls);
}

// FiftyOne needs the collection, the class and the name although the schema does not depend on the collection or the name.
function badCollection(dataset: ReadonlyDoc, key: string): string | undefined {
  const name = dataset.get(key);
  if (name === undefined) return `'${key}'`;
  if (typeof name !== 'string') return 'name must be an instance of str';
  return name === '' ? 'collection names cannot be empty' : undefined;
}

function badClass(type: Value | undefined): string | undefined {
  if (Array.isArray(type)) return "unhashable type: 'list'";
  return type instanceof Doc ? "unhashable type: 'dict'" : undefined;
}

function badName(field: Doc, key: SchemaKey, type: Value | undefined, classes: Classes): string | undefined {
  if (classes !== 'labels and lists' || typeof type !== 'string' || !isLabelList(type)) return undefined;
  const name = field.get('name');
  if (name === undefined || name === null) return "unsupported operand type(s) for +: 'NoneType' and 'str'";
  stringAt(name, `name of a field in ${key}`);
  return undefined;
}
