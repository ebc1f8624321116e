import { Doc, int32 } from '../../bson/index.js';
import { defaultAppConfig } from '../../datasets/new-document.js';
import type { DocumentShape } from './document-shape.js';

const absent = { otherwise: 'absent' } as const;
const orNull = { otherwise: 'null' } as const;
const list = { otherwise: () => [] } as const;
const dictionary = { otherwise: () => new Doc() } as const;
const no = { otherwise: () => false } as const;

/** The class of a document that can be of one class only: old releases stored it. */
const classKey = { _cls: { otherwise: 'never' } } as const;

const SKELETON: DocumentShape = { ...classKey, labels: orNull, edges: list };

const COLOR_SCHEME: DocumentShape = {
  ...classKey,
  _id: absent,
  color_pool: orNull,
  color_by: orNull,
  fields: orNull,
  label_tags: orNull,
  temporal_tags: orNull,
  multicolor_keypoints: orNull,
  opacity: orNull,
  show_skeletons: orNull,
  default_mask_targets_colors: orNull,
  colorscales: orNull,
  default_colorscale: orNull,
};

const APP_CONFIG: DocumentShape = {
  ...classKey,
  active_fields: { ...absent, shape: () => ({ ...classKey, exclude: absent, paths: list }) },
  color_scheme: { ...absent, shape: () => COLOR_SCHEME },
  disable_frame_filtering: absent,
  dynamic_groups_target_frame_rate: { otherwise: () => int32(30) },
  grid_media_field: { otherwise: () => 'filepath' },
  media_fallback: no,
  media_fields: { otherwise: () => ['filepath'] },
  modal_media_field: { otherwise: () => 'filepath' },
  plugins: dictionary,
  sidebar_groups: { ...absent, shape: () => ({ ...classKey, name: absent, paths: list, expanded: absent }) },
};

const FIELD: DocumentShape = {
  ...classKey,
  name: absent,
  ftype: absent,
  embedded_doc_type: orNull,
  subfield: orNull,
  fields: { ...list, shape: () => FIELD },
  db_field: orNull,
  description: orNull,
  info: orNull,
  read_only: no,
  created_at: orNull,
};

export const RUN: DocumentShape = {
  ...classKey,
  _id: absent,
  _dataset_id: absent,
  key: absent,
  version: absent,
  timestamp: orNull,
  config: dictionary,
  view_stages: absent,
  results: absent,
  results_meta: dictionary,
};

export const SAVED_VIEW: DocumentShape = {
  ...classKey,
  _id: absent,
  _dataset_id: absent,
  name: absent,
  description: absent,
  slug: absent,
  color: absent,
  view_stages: list,
  created_at: orNull,
  last_modified_at: orNull,
  last_loaded_at: orNull,
};

export const WORKSPACE: DocumentShape = {
  ...classKey,
  _id: absent,
  child: absent,
  color: absent,
  created_at: orNull,
  _dataset_id: absent,
  description: absent,
  last_loaded_at: orNull,
  last_modified_at: orNull,
  name: absent,
  slug: absent,
};

/** The document of a dataset as release 1.22.1 exports it: every key, in this order, whatever the age of the stored one. */
export const DATASET: DocumentShape = {
  _id: absent,
  name: absent,
  slug: absent,
  version: orNull,
  created_at: orNull,
  last_modified_at: orNull,
  last_deletion_at: orNull,
  last_loaded_at: orNull,
  sample_collection_name: absent,
  frame_collection_name: absent,
  persistent: no,
  media_type: absent,
  _media_roots: list,
  _media_sources: list,
  _media_source_layouts: list,
  group_field: absent,
  group_media_types: dictionary,
  default_group_slice: absent,
  tags: list,
  description: absent,
  info: dictionary,
  app_config: { otherwise: defaultAppConfig, shape: () => APP_CONFIG },
  classes: dictionary,
  default_classes: list,
  mask_targets: dictionary,
  default_mask_targets: dictionary,
  skeletons: { ...dictionary, shape: () => SKELETON, each: true },
  default_skeleton: { ...absent, shape: () => SKELETON },
  camera_intrinsics: dictionary,
  static_transforms: dictionary,
  sample_fields: { ...list, shape: () => FIELD },
  frame_fields: { ...list, shape: () => FIELD },
  saved_views: list,
  workspaces: list,
  annotation_runs: dictionary,
  brain_methods: dictionary,
  evaluations: dictionary,
  runs: dictionary,
  active_label_schemas: list,
  label_schemas: dictionary,
  frame_label_schemas: dictionary,
};
