import { Doc, type ReadonlyDoc } from '../bson/index.js';

/** Keys of a dataset document that later releases add, and that going down below them removes again. */
const LATER_KEYS = [
  'slug',
  'created_at',
  'last_loaded_at',
  'description',
  'tags',
  'app_config',
  'frame_collection_name',
  'group_field',
  'group_media_types',
  'default_group_slice',
  'classes',
  'default_classes',
  'mask_targets',
  'default_mask_targets',
  'skeletons',
  'default_skeleton',
  'saved_views',
  'annotation_runs',
  'brain_methods',
  'evaluations',
  'runs',
  'active_label_schemas',
  'label_schemas',
];

/** Keys of a field of the schema, likewise. */
const LATER_FIELD_KEYS = ['db_field', 'fields', 'description', 'info'];

/**
 * What shows that a dataset was written by 0.6.2 or later, in words.
 *
 * Nothing, also where there is nothing to see: 0.6.2 to 0.6.4 write datasets of images whose document is like an older one but for its version.
 */
export function signsOfLaterReleases(dataset: ReadonlyDoc): string[] {
  const samples = fieldsIn(dataset, 'sample_fields');
  const fields = [...samples, ...fieldsIn(dataset, 'frame_fields')];
  return [
    ...LATER_KEYS.filter((key) => dataset.has(key)).map((key) => `it has ${key}`),
    ...LATER_FIELD_KEYS.filter((key) => fields.some((field) => field.has(key))).map((key) => `its fields have ${key}`),
    ...(samples.some((field) => field.get('name') === '_media_type') ? ['it has a field _media_type'] : []),
    ...(samples.some(summarisesFrames) ? ['its field frames is a summary'] : []),
  ];
}

function fieldsIn(dataset: ReadonlyDoc, key: string): Doc[] {
  const fields = dataset.get(key);
  return Array.isArray(fields) ? fields.filter((field): field is Doc => field instanceof Doc) : [];
}

function summarisesFrames(field: Doc): boolean {
  return field.get('name') === 'frames' && field.get('embedded_doc_type') === 'fiftyone.core.labels._Frames';
}
