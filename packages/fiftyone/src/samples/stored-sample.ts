import { Doc, double, int32, ObjectId, type Value } from '../bson/index.js';
import { UsageError } from '../errors.js';
import { coerce, type Field } from '../fields/index.js';
import { mediaTypeOf, normalPath } from './media-type.js';
import type { Frame, Sample } from './sample.js';

/** What documents of one batch have in common. */
export interface Batch {
  readonly dataset: ObjectId;
  /** A date. */
  readonly now: Value;
}

/** Fields by name. */
export type Schema = ReadonlyMap<string, Field>;

/** Fields that have their own places in a sample's document. */
const PLACED = new Set(['filepath', 'tags', 'metadata']);

/** A sample as it is stored. @param place which sample it is, for messages */
export function storedSample(sample: Sample, id: ObjectId, schema: Schema, { dataset, now }: Batch, place: string): Doc {
  const filepath = normalPath(sample.filepath);
  const doc = Doc.of(['_id', id], ['filepath', filepath]);
  doc.set('tags', coerced(schema, 'tags', sample.tags ?? [], place));
  if (sample.metadata) doc.set('metadata', coerced(schema, 'metadata', sample.metadata, place));
  doc.set('_media_type', mediaTypeOf(filepath));
  doc.set('_rand', double(0.999 + Math.random() * 0.001));
  setFields(doc, sample, schema, place, PLACED);
  doc.set('_dataset_id', dataset);
  doc.set('created_at', now);
  doc.set('last_modified_at', now);
  return doc;
}

/** A frame as it is stored. */
export function storedFrame(frame: Frame, number: number, sample: ObjectId, schema: Schema, batch: Batch, place: string): Doc {
  if (!Number.isInteger(number) || number < 1 || number >= 2 ** 31) {
    throw new UsageError(`${place}: Frame numbers must be 1-based integers; found ${number}`);
  }
  const doc = Doc.of(['_id', new ObjectId()], ['frame_number', int32(number)]);
  setFields(doc, frame, schema, place, new Set());
  doc.set('_sample_id', sample);
  doc.set('_dataset_id', batch.dataset);
  doc.set('created_at', batch.now);
  doc.set('last_modified_at', batch.now);
  return doc;
}

/** What is null is left out, as the real client does. */
function setFields(doc: Doc, values: object, schema: Schema, place: string, except: ReadonlySet<string>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined || except.has(name)) continue;
    const field = schema.get(name);
    if (field === undefined) throw new UsageError(`${place}: there is no field '${name}'`);
    doc.set(field.dbField, coerce(field, value, `${place}.${name}`));
  }
}

function coerced(schema: Schema, name: string, value: unknown, place: string): Value {
  const field = schema.get(name);
  if (field === undefined) throw new UsageError(`the dataset declares no field '${name}'`);
  return coerce(field, value, `${place}.${name}`);
}
