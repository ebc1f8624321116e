import { Doc, int32, type ObjectId, type Value } from '../bson/index.js';
import { openSourceVersion } from '../version.js';
import { defaultSampleFields } from './default-fields.js';

/** What a new dataset is to be. */
export interface NewDataset {
  readonly id: ObjectId;
  readonly name: string;
  readonly slug: string;
  readonly persistent: boolean;
  /** When it is made: a date. */
  readonly now: Value;
}

/** The document of a dataset without samples. */
export function newDatasetDocument({ id, name, slug, persistent, now }: NewDataset): Doc {
  return Doc.of(
    ['_id', id],
    ['name', name],
    ['slug', slug],
    ['version', openSourceVersion],
    ['created_at', now],
    ['last_modified_at', now],
    ['last_deletion_at', null],
    ['last_loaded_at', now],
    ['sample_collection_name', `samples.${id.toHexString()}`],
    ['persistent', persistent],
    ['_media_roots', []],
    ['_media_sources', []],
    ['_media_source_layouts', []],
    ['group_media_types', new Doc()],
    ['tags', []],
    ['info', new Doc()],
    ['app_config', defaultAppConfig()],
    ['classes', new Doc()],
    ['default_classes', []],
    ['mask_targets', new Doc()],
    ['default_mask_targets', new Doc()],
    ['skeletons', new Doc()],
    ['camera_intrinsics', new Doc()],
    ['static_transforms', new Doc()],
    ['sample_fields', defaultSampleFields(now)],
    ['frame_fields', []],
    ['saved_views', []],
    ['workspaces', []],
    ['annotation_runs', new Doc()],
    ['brain_methods', new Doc()],
    ['evaluations', new Doc()],
    ['runs', new Doc()],
    ['active_label_schemas', []],
    ['label_schemas', new Doc()],
    ['frame_label_schemas', new Doc()],
  );
}

/** How the App shows a dataset, as long as nobody says otherwise. */
export function defaultAppConfig(): Doc {
  return Doc.of(
    ['dynamic_groups_target_frame_rate', int32(30)],
    ['grid_media_field', 'filepath'],
    ['media_fallback', false],
    ['media_fields', ['filepath']],
    ['modal_media_field', 'filepath'],
    ['plugins', new Doc()],
  );
}
