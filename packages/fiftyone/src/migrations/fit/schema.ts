import { Doc } from '../../bson/index.js';
import { EMBEDDED_DOCUMENT_FIELD } from '../default-schemas.js';
import type { Release } from '../release-documents.js';
import { type SchemaKey, topLevelFields } from '../schema-fields.js';

const CORE = 'fiftyone.core.';
const FIELDS = `${CORE}fields.`;
const DICT_FIELD = `${FIELDS}DictField`;

/** Modules whose public classes are known for every release; other classes are the user's own. */
const KNOWN_MODULES = /^(labels|metadata|groups|camera|media_reference|odm\..*)\.[^_.]+$/;

/** Fields that releases from 1.0 on give to samples and frames of every dataset, and make anew on the way up. */
export const AUTOMATIC_DATES: ReadonlySet<string> = new Set(['created_at', 'last_modified_at']);

/**
 * The class of fields that reads the same values in releases that lack a class. Where none is named it is `Field`, which takes
 * any value. So values stay as they are.
 */
const STAND_INS: ReadonlyMap<string, string> = new Map([
  ['Color', 'String'],
  ['Reference', 'ObjectId'],
  ['MaskTargets', 'Dict'],
  ['MediaReference', 'Dict'],
  ['FrameSupport', 'List'],
  ['HeatmapRange', 'List'],
  ['Classes', 'List'],
  ['EmbeddedDocumentList', 'List'],
  ['Keypoints', 'List'],
  ['PolylinePoints', 'List'],
]);

/** What was done to a schema. */
export interface SchemaChanges {
  /** Fields whose values another class of fields reads now: `decl_color (ColorField, now StringField)`. */
  readonly retyped: string[];
  /** Fields that are gone because no class of fields can read their values. */
  readonly removed: RemovedField[];
}

/** A field that left the schema. */
export interface RemovedField {
  readonly schema: SchemaKey;
  /** What people call it. */
  readonly name: string;
  /** Where documents hold it. */
  readonly path: string;
  /** The class that the release lacks. */
  readonly missing: string;
}

/** Changes the schema so that a release can read it. */
export function fitSchema(dataset: Doc, release: Release): SchemaChanges {
  const changes: SchemaChanges = { retyped: [], removed: [] };
  for (const schema of ['sample_fields', 'frame_fields'] as const) {
    if (!dataset.has(schema)) continue;
    const fields = topLevelFields(dataset, schema);
    const root = { schema, name: schema === 'frame_fields' ? 'frames.' : '', path: '' };
    const dates = release.fields.has('DateTime') ? [] : automaticDates(fields);
    const fitted = fields.filter((field) => {
      const place = below(root, field);
      const removed = dates.includes(field);
      if (removed) changes.removed.push({ ...place, missing: 'DateTimeField' });
      else fitTopLevel(field, place, release, changes);
      return !removed;
    });
    if (fitted.length < fields.length) dataset.set(schema, fitted);
  }
  return changes;
}

interface Place {
  readonly schema: SchemaKey;
  readonly name: string;
  readonly path: string;
}

function below(parent: Place, field: Doc): Place {
  const name = field.get('name');
  return { schema: parent.schema, name: `${parent.name}${name}`, path: `${parent.path}${field.get('db_field') ?? name}` };
}

/**
 * The dates that the revision 1.0.0 makes anew. As fields of another type they would be in its way. One of them alone is
 * somebody's own field.
 */
function automaticDates(fields: readonly Doc[]): Doc[] {
  const dates = fields.filter(
    (field) => AUTOMATIC_DATES.has(String(field.get('name'))) && field.get('ftype') === `${FIELDS}DateTimeField`,
  );
  return dates.length === AUTOMATIC_DATES.size ? dates : [];
}

function fitTopLevel(field: Doc, place: Place, release: Release, changes: SchemaChanges): void {
  const missing = missingClass(field, release);
  if (missing !== undefined) {
    const key = field.get('subfield') === EMBEDDED_DOCUMENT_FIELD ? 'subfield' : 'ftype';
    retype(field, key, DICT_FIELD, `${place.name} (${missing}, now DictField)`, changes);
  }
  if (field.get('subfield') === EMBEDDED_DOCUMENT_FIELD && !release.abilities.has('items-of-documents')) {
    retype(field, 'subfield', null, `${place.name} (items of a class)`, changes);
  }
  fitTypes(field, place, release, changes);
  // The tags of samples are declared by that release itself, as a list of strings.
  if (!release.abilities.has('item-classes') && field.get('name') !== 'tags' && hasItemClass(field)) {
    field.set('subfield', null);
    changes.retyped.push(`${place.name} (items of a class)`);
  }
}

function fitEmbedded(field: Doc, place: Place, release: Release, changes: SchemaChanges): boolean {
  const missing = missingClass(field, release);
  if (missing !== undefined) changes.removed.push({ ...place, missing });
  else fitTypes(field, place, release, changes);
  return missing === undefined;
}

function fitTypes(field: Doc, place: Place, release: Release, changes: SchemaChanges): void {
  for (const key of ['ftype', 'subfield'] as const) {
    const type = field.get(key);
    if (typeof type !== 'string' || !type.startsWith(FIELDS) || !type.endsWith('Field')) continue;
    const name = type.slice(FIELDS.length, -'Field'.length);
    if (name === '' || name.startsWith('_') || release.fields.has(name)) continue;
    const standIn = `${STAND_INS.get(name) ?? ''}Field`;
    field.set(key, FIELDS + standIn);
    changes.retyped.push(`${place.name} (${name}Field, now ${standIn})`);
  }
  const fields = field.get('fields');
  if (!Array.isArray(fields)) return;
  const parent = { ...place, name: `${place.name}.`, path: `${place.path}.` };
  const fitted = fields.filter((item) => !(item instanceof Doc) || fitEmbedded(item, below(parent, item), release, changes));
  if (fitted.length < fields.length) field.set('fields', fitted);
}

function hasItemClass(field: Doc): boolean {
  const type = field.get('ftype');
  return (type === `${FIELDS}ListField` || type === DICT_FIELD) && typeof field.get('subfield') === 'string';
}

function retype(field: Doc, key: 'ftype' | 'subfield', type: string | null, change: string, changes: SchemaChanges): void {
  field.set(key, type);
  field.set('embedded_doc_type', null);
  if (field.has('fields')) field.set('fields', []);
  changes.retyped.push(change);
}

/** The name of the field's class, if it is one of FiftyOne's that the release lacks where the schema says it is. */
function missingClass(field: Doc, release: Release): string | undefined {
  const type = field.get('embedded_doc_type');
  if (typeof type !== 'string' || !type.startsWith(CORE)) return undefined;
  const path = type.slice(CORE.length);
  const dot = path.lastIndexOf('.');
  const known = release.classes.has(path) || release.classes.has(`${path.slice(0, dot)}.*`);
  return KNOWN_MODULES.test(path) && !known ? path.slice(dot + 1) : undefined;
}
