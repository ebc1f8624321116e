import { Doc, type Value } from '../../src/bson/index.js';

const FIELDS = 'fiftyone.core.fields.';
const KEYPOINT = 'fiftyone.core.labels.Keypoint';

/**
 * F3: declares the points and the confidences of keypoints as the newest client needs them, wherever a schema has them. The
 * real client declares points of polylines and one confidence, and can then not load them.
 */
export function declareKeypoints(dataset: Doc): void {
  for (const key of ['sample_fields', 'frame_fields']) for (const field of fieldsOf(dataset.get(key))) correct(field);
}

function correct(field: Doc): void {
  for (const inner of fieldsOf(field.get('fields'))) {
    if (field.get('embedded_doc_type') === KEYPOINT) {
      if (inner.get('name') === 'points') inner.set('ftype', `${FIELDS}KeypointsField`);
      if (inner.get('name') === 'confidence' && inner.get('ftype') === `${FIELDS}FloatField`) {
        inner.set('ftype', `${FIELDS}ListField`);
        inner.set('subfield', `${FIELDS}FloatField`);
      }
    }
    correct(inner);
  }
}

function fieldsOf(value: Value | undefined): Doc[] {
  return Array.isArray(value) ? value.filter((field) => field instanceof Doc) : [];
}
