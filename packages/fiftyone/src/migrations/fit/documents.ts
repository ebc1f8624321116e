import type { ReadonlyDoc } from '../../bson/index.js';
import { dropFrameIndex } from '../frame-index.js';
import type { Release } from '../release-documents.js';
import type { BulkEdit, Query, UpdateEdit } from '../revision.js';
import { sampleCollection } from '../sample-collection.js';
import { type SchemaKey, topLevelFields } from '../schema-fields.js';
import { unreadableAttributes } from './label-attributes.js';
import type { RemovedField } from './schema.js';

const OBJECT_ID_FIELD = 'fiftyone.core.fields.ObjectIdField';
const SCENE_METADATA = 'metadata.SceneMetadata';

/** Edits that take out of samples and frames what a release fails to load, given the fields that left the schema. */
export function fitDocuments(dataset: ReadonlyDoc, release: Release, removed: readonly RemovedField[]): BulkEdit[] {
  return (['sample_fields', 'frame_fields'] as const).flatMap((schema) => {
    const gone = removed.filter((field) => field.schema === schema);
    const collection = collectionOf(dataset, schema);
    if (collection === undefined || (gone.length === 0 && topLevelFields(dataset, schema).length === 0)) return [];
    return [
      ...removeFields(collection, gone),
      ...removeAttributes(collection, dataset, schema, release),
      ...(schema === 'frame_fields' || release.classes.has(SCENE_METADATA) ? [] : plainMetadata(collection)),
      ...(release.abilities.has('stored-names') ? [] : renameStored(collection, dataset, schema)),
    ];
  });
}

function collectionOf(dataset: ReadonlyDoc, schema: SchemaKey): string | undefined {
  const samples = sampleCollection(dataset);
  if (schema === 'sample_fields') return samples;
  const frames = `frames.${samples}`;
  // The frames of clips belong to the dataset that the clips were made from.
  return (dataset.get('frame_collection_name') ?? frames) === frames ? frames : undefined;
}

function removeFields(collection: string, fields: readonly RemovedField[]): BulkEdit[] {
  if (fields.length === 0) return [];
  const filter = { $or: fields.map(({ path }) => ({ [path]: { $exists: true } })) };
  const update = [{ $unset: fields.map(({ path }) => path) }];
  const names = fields.map(({ name }) => name).join(', ');
  return [{ ...edit(collection, `remove ${names}`, filter, update), harmless: true, loses: `the values of ${names}` }];
}

function removeAttributes(collection: string, dataset: ReadonlyDoc, schema: SchemaKey, release: Release): BulkEdit[] {
  const removal = unreadableAttributes(dataset, schema, release);
  if (removal === undefined) return [];
  const summary = `remove what the release cannot load from labels: ${removal.names.join(', ')}`;
  return [
    {
      ...edit(collection, summary, removal.filter, [{ $set: removal.set }]),
      harmless: true,
      loses: `of labels: ${removal.names.join(', ')}`,
    },
  ];
}

/** The class of metadata is that of the media, whatever the schema says. */
function plainMetadata(collection: string): BulkEdit[] {
  const filter = { 'metadata._cls': 'SceneMetadata' };
  const plain = { $mergeObjects: ['$metadata', { _cls: 'Metadata' }] };
  const metadata = { $cond: [{ $eq: ['$metadata._cls', 'SceneMetadata'] }, plain, '$metadata'] };
  const summary = 'make metadata of 3D scenes plain metadata';
  return [{ ...edit(collection, summary, filter, [{ $set: { metadata } }]), harmless: true }];
}

/** Newer releases store an ObjectId field `x` as `_x`, which shows no more in the schema of releases without stored names. */
function renameStored(collection: string, dataset: ReadonlyDoc, schema: SchemaKey): BulkEdit[] {
  const fields = topLevelFields(dataset, schema);
  const names = new Set(fields.map((field) => field.get('name')));
  return fields.flatMap((field) => {
    const name = field.get('name');
    if (field.get('ftype') !== OBJECT_ID_FIELD || typeof name !== 'string' || name.startsWith('_') || name === 'id') return [];
    if (names.has(`_${name}`)) return [];
    const filter = { [`_${name}`]: { $exists: true }, [name]: { $exists: false } };
    const rename = edit(collection, `rename _${name} to ${name}`, filter, { $rename: { [`_${name}`]: name } });
    return name === 'sample_id' ? [dropFrameIndex(collection), rename] : [rename];
  });
}

function edit(collection: string, summary: string, filter: Query, update: Query | readonly Query[]): UpdateEdit {
  return { kind: 'update', summary, collection, filter, update };
}
