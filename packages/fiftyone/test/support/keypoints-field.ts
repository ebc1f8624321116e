import { Doc, type Value } from '../../src/bson/index.js';

const KEYPOINT = 'fiftyone.core.labels.Keypoint';

/** Declares the points of keypoints as such, wherever a schema has them; the real client declares polylines. */
export function declareKeypoints(dataset: Doc): void {
  for (const key of ['sample_fields', 'frame_fields']) for (const field of fieldsOf(dataset.get(key))) correct(field);
}

function correct(field: Doc): void {
  for (const inner of fieldsOf(field.get('fields'))) {
    if (field.get('embedded_doc_type') === KEYPOINT && inner.get('name') === 'points') {
      inner.set('ftype', 'fiftyone.core.fields.KeypointsField');
    }
    correct(inner);
  }
}

function fieldsOf(value: Value | undefined): Doc[] {
  return Array.isArray(value) ? value.filter((field) => field instanceof Doc) : [];
}
