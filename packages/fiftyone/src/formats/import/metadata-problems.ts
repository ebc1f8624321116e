import { Doc, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { kindOf } from '../../migrations/shape.js';

/** Why the metadata of an export are not those of a dataset that this client can import; empty if they are. */
export function metadataProblems(metadata: ReadonlyDoc): string[] {
  return [
    ...schemaProblems(metadata.get('sample_fields'), 'sample_fields', true),
    ...schemaProblems(metadata.get('frame_fields'), 'frame_fields', false),
    ...mediaTypeProblems(metadata.get('media_type')),
    ...sourceProblems(metadata.get('_media_sources')),
    ...listProblems(metadata.get('tags')),
  ];
}

function schemaProblems(fields: Value | undefined, where: string, isNeeded: boolean): string[] {
  if (!isNeeded && (fields === undefined || fields === null)) return [];
  if (!Array.isArray(fields)) return [`${where} is ${kindOf(fields)}, expected a list of fields`];
  return fields.flatMap((field, i) => fieldProblems(field, `${where}[${i}]`));
}

function fieldProblems(field: Value, where: string): string[] {
  if (!(field instanceof Doc)) return [`${where} is ${kindOf(field)}, expected a document`];
  const missing = ['name', 'ftype'].filter((key) => typeof field.get(key) !== 'string');
  const inside = field.get('fields') ?? null;
  return [
    ...missing.map((key) => `${where}.${key} is ${kindOf(field.get(key))}, expected a string`),
    ...(inside === null ? [] : schemaProblems(inside, `${where}.fields`, true)),
  ];
}

function mediaTypeProblems(type: Value | undefined): string[] {
  return type === undefined || type === null || typeof type === 'string'
    ? []
    : [`media_type is ${kindOf(type)}, expected a string`];
}

function sourceProblems(sources: Value | undefined): string[] {
  const isEmpty = sources === undefined || sources === null || (Array.isArray(sources) && sources.length === 0);
  return isEmpty ? [] : ['_media_sources is not empty: datasets of media references cannot be imported by this client'];
}

function listProblems(tags: Value | undefined): string[] {
  return tags === undefined || tags === null || Array.isArray(tags) ? [] : [`tags is ${kindOf(tags)}, expected a list`];
}
