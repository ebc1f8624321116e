import type { Doc, Value } from '../bson/index.js';
import { classSchema, documentType, type FieldType, fieldDoc, makeField, simpleType } from '../fields/index.js';

/** The fields that all samples have. */
export function defaultSampleFields(now: Value): Doc[] {
  return entries(now, [
    ['id', simpleType('ObjectIdField')],
    ['filepath', simpleType('StringField')],
    ['tags', simpleType('ListField', 'StringField')],
    ['metadata', classType('Metadata')],
    ['created_at', simpleType('DateTimeField')],
    ['last_modified_at', simpleType('DateTimeField')],
    ['_media_type', simpleType('StringField')],
    ['_rand', simpleType('FloatField')],
    ['_dataset_id', simpleType('ObjectIdField')],
  ]);
}

/** The fields that all frames have. */
export function defaultFrameFields(now: Value): Doc[] {
  return entries(now, [
    ['id', simpleType('ObjectIdField')],
    ['frame_number', simpleType('FrameNumberField')],
    ['_sample_id', simpleType('ObjectIdField')],
    ['created_at', simpleType('DateTimeField')],
    ['last_modified_at', simpleType('DateTimeField')],
    ['_dataset_id', simpleType('ObjectIdField')],
  ]);
}

/** The type of a field of documents of one of FiftyOne's own classes, such as `Group`. */
export function classType(cls: string): FieldType {
  const schema = classSchema(cls);
  return documentType(schema?.path ?? cls, schema?.attributes ?? []);
}

const READ_ONLY = ['created_at', 'last_modified_at'];

function entries(now: Value, fields: readonly [string, FieldType][]): Doc[] {
  return fields.map(([name, type]) => fieldDoc({ ...makeField(name, type, now), readOnly: READ_ONLY.includes(name) }));
}
