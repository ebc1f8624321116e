import { Doc, type ObjectId, type ReadonlyDoc, type Value } from '../bson/index.js';
import { classType, defaultFrameFields } from '../datasets/default-fields.js';
import { UsageError } from '../errors.js';
import { classSchema, expandSchema } from '../fields/index.js';
import { Group } from './group.js';
import { type MediaType, mediaTypeOf, normalPath } from './media-type.js';
import type { Sample } from './sample.js';

/** What samples are, as far as their dataset has to know. */
export interface Media {
  /** The field with the elements of groups, if there is one. */
  readonly groupField: string | undefined;
  /** The type of each slice, or of all samples under an empty name. */
  readonly slices: ReadonlyMap<string, MediaType>;
}

/** What samples are. @throws UsageError for samples that do not go together */
export function mediaOf(samples: readonly Sample[], known: string | undefined): Media {
  const groupField = known ?? samples.map(groupFieldOf).find((field) => field !== undefined);
  const slices = new Map<string, MediaType>();
  samples.forEach((sample, i) => {
    const slice = groupField === undefined ? '' : sliceOf(sample, groupField, i);
    const type = mediaTypeOf(normalPath(sample.filepath));
    const others = slices.get(slice);
    if (others !== undefined && others !== type) throw mismatch(sample, i, type, slice, others);
    if (type !== 'video' && sample.frames.size > 0)
      throw new UsageError(`samples[${i}]: only videos have frames, not '${sample.filepath}'`);
    slices.set(slice, type);
  });
  return { groupField, slices };
}

function groupFieldOf(sample: Sample): string | undefined {
  return Object.entries(sample).find(([, value]) => value instanceof Group)?.[0];
}

function sliceOf(sample: Sample, field: string, i: number): string {
  const element = sample[field];
  if (!(element instanceof Group))
    throw new UsageError(`samples[${i}] needs an element of a group in field '${field}', as all have one`);
  if (typeof element.name !== 'string' || element.name === '') {
    throw new UsageError(`samples[${i}]: the group names no slice`, { hint: "give group.element('left'), not the group itself" });
  }
  const other = Object.entries(sample).find(([name, value]) => name !== field && value instanceof Group);
  if (other !== undefined)
    throw new UsageError(`samples[${i}] has groups in '${field}' and '${other[0]}': a dataset has one field of groups`);
  return element.name;
}

function mismatch(sample: Sample, i: number, type: string, slice: string, others: string): UsageError {
  const whose = slice === '' ? `dataset media type '${others}'` : `media type '${others}' of slice '${slice}'`;
  return new UsageError(`Sample media type '${type}' does not match ${whose}: samples[${i}], '${sample.filepath}'`);
}

/**
 * The document of a dataset after it took in such samples: its media type, groups, the fields of frames and metadata.
 *
 * @throws UsageError for samples that do not go with those that it has
 */
export function withMedia(dataset: ReadonlyDoc, { groupField, slices }: Media, now: Value): Doc {
  const doc = new Doc(dataset);
  const before = doc.get('media_type') ?? null;
  const wanted = groupField === undefined ? (slices.get('') as string) : 'group';
  if (slices.size === 0) return doc;
  if (before !== null && before !== wanted)
    throw new UsageError(`Sample media type '${wanted}' does not match dataset media type '${before}'`);
  const news =
    groupField === undefined ? (before === null ? [wanted as MediaType] : []) : withGroups(doc, groupField, slices, before, now);
  if (news.includes('video')) setFrames(doc, now);
  if (before === null && groupField === undefined) doc.set('media_type', wanted);
  for (const type of news) setMetadata(doc, type, groupField !== undefined, now);
  return doc;
}

/** @returns the types of the slices that are new */
function withGroups(doc: Doc, field: string, slices: Media['slices'], before: Value, now: Value): MediaType[] {
  const known = doc.get('group_media_types');
  const types = new Doc(known instanceof Doc ? known : []);
  const news = [...slices].filter(([slice, type]) => {
    const stored = types.get(slice);
    if (stored !== undefined && stored !== type)
      throw new UsageError(`Sample media type '${type}' does not match media type '${stored}' of slice '${slice}'`);
    types.set(slice, type);
    return stored === undefined;
  });
  doc.set('group_media_types', types);
  if (before === null) doc.set('media_type', 'group');
  if ((doc.get('default_group_slice') ?? null) === null) doc.set('default_group_slice', [...slices.keys()][0] as string);
  if ((doc.get('group_field') ?? null) === null) doc.set('group_field', field);
  const fields = doc.get('sample_fields') as Value[];
  doc.set('sample_fields', expandSchema(fields, [{ path: field, type: classType('Group') }], now) as Value[]);
  return news.map(([, type]) => type);
}

function setFrames(doc: Doc, now: Value): void {
  if ((doc.get('frame_collection_name') ?? null) === null)
    doc.set('frame_collection_name', `frames.${doc.get('sample_collection_name')}`);
  const fields = doc.get('frame_fields');
  if (!Array.isArray(fields) || fields.length === 0) doc.set('frame_fields', defaultFrameFields(now));
}

const METADATA: Partial<Record<MediaType, string>> = { image: 'ImageMetadata', video: 'VideoMetadata' };

/** A grouped dataset declares the attributes of the metadata of all its slices. */
function setMetadata(doc: Doc, type: MediaType, isGrouped: boolean, now: Value): void {
  const cls = METADATA[type] ?? (isGrouped && type === '3d' ? 'SceneMetadata' : undefined);
  if (cls === undefined) return;
  const own = classSchema('Metadata');
  const fields = doc.get('sample_fields') as Value[];
  // first under the class that it has, then under the one that it gets
  const attributes = { ...classType(cls), embeddedDocType: own?.path as string };
  const expanded = expandSchema(fields, [{ path: 'metadata', type: attributes }], now);
  const named = isGrouped ? expanded : expanded.map((field) => renamed(field, classSchema(cls)?.path as string));
  doc.set('sample_fields', named as Value[]);
}

function renamed(field: Value, cls: string): Value {
  return field instanceof Doc && field.get('name') === 'metadata' ? new Doc(field).set('embedded_doc_type', cls) : field;
}

/** The id of a dataset. */
export function idOfDataset(doc: ReadonlyDoc): ObjectId {
  return doc.get('_id') as ObjectId;
}
