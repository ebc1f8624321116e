import { compareBase } from '../version.js';

/** What a release knows that an older or newer one may not, as far as it refuses what it does not know. */
export interface Release {
  /** Its number. */
  readonly version: string;
  /** The keys of the documents in which it refuses unknown keys. */
  readonly keys: ReadonlyMap<string, ReadonlySet<string>>;
  /** Classes of fields in `fiftyone.core.fields`. */
  readonly fields: ReadonlySet<string>;
  /** Classes of embedded documents below `fiftyone.core`, with their module: `labels.Detection`; `camera.*` is a whole module. */
  readonly classes: ReadonlySet<string>;
  readonly mediaTypes: ReadonlySet<string>;
  readonly abilities: ReadonlySet<Ability>;
}

/** What not every release can read. */
export type Ability =
  /** Lists and dicts say in the schema of which class their items are. */
  | 'item-classes'
  /** A field can be stored under another name. */
  | 'stored-names'
  /** The points of a keypoint have a confidence each. */
  | 'point-confidences'
  /** A field can be a list or dict of embedded documents. */
  | 'items-of-documents';

/** What a release changed: `-` marks what it no longer knows, null a document in which it stopped to refuse unknown keys. */
interface Change {
  readonly keys?: Readonly<Record<string, string | null>>;
  readonly fields?: string;
  readonly classes?: string;
  readonly mediaTypes?: string;
  readonly abilities?: readonly Ability[];
}

/**
 * Measured on these very releases, but for 0.14.0, 0.16.3 and 0.17.0: there it is what the revisions of that name add,
 * so that a target between two measured releases keeps it. What a release in between got is not known before the next one.
 */
const CHANGES: Readonly<Record<string, Change>> = {
  '0.6.0': {
    keys: {
      DatasetDocument: '_id name media_type sample_collection_name persistent info sample_fields frame_fields',
      SampleFieldDocument: 'name ftype subfield embedded_doc_type media_type',
    },
    fields: 'Array Boolean Dict EmbeddedDocument Float FrameNumber Frames ImageLabels Int List ObjectId String UUID Vector',
    classes: `labels.Attribute labels.BooleanAttribute labels.CategoricalAttribute labels.ListAttribute labels.NumericAttribute
      labels.Label labels.ImageLabel labels.ImageLabels labels.Classification labels.Classifications labels.Detection
      labels.Detections metadata.Metadata metadata.ImageMetadata metadata.VideoMetadata
      odm.document.EmbeddedDocument odm.document.DynamicEmbeddedDocument`,
    mediaTypes: 'image video',
  },
  '0.6.2': {
    keys: { DatasetDocument: 'version', SampleFieldDocument: '-media_type' },
    fields: 'Keypoints PolylinePoints -Frames',
    classes: 'labels.Keypoint labels.Keypoints labels.Polyline labels.Polylines labels.Segmentation',
  },
  '0.6.5': { fields: '-ImageLabels', classes: '-labels.ImageLabels' },
  '0.7.3': { keys: { DatasetDocument: 'evaluations', EvaluationDocument: 'eval_key pred_field gt_field config view_stages' } },
  '0.7.4': {
    keys: { DatasetDocument: 'brain_methods', EvaluationDocument: null, RunDocument: 'key timestamp config view_stages' },
  },
  '0.8.0': {
    keys: { DatasetDocument: 'classes default_classes mask_targets default_mask_targets', RunDocument: 'results' },
    fields: `Classes EmbeddedDocumentList GeoPoint GeoLineString GeoPolygon GeoMultiPoint GeoMultiLineString GeoMultiPolygon
      IntDict Targets`,
    classes: 'labels.GeoLocation labels.GeoLocations',
    abilities: ['item-classes'],
  },
  '0.9.4': { keys: { SampleFieldDocument: 'db_field' }, abilities: ['stored-names'] },
  '0.11.2': { keys: { RunDocument: 'version' } },
  '0.13.0': { keys: { DatasetDocument: 'annotation_runs' } },
  '0.14.0': { keys: { DatasetDocument: 'created_at last_loaded_at frame_collection_name' } },
  '0.14.3': {
    fields: 'Date DateTime FrameSupport',
    classes: `labels.Heatmap labels.Regression labels.TemporalDetection labels.TemporalDetections -labels.ImageLabel`,
  },
  '0.15.1': {
    keys: { DatasetDocument: 'skeletons default_skeleton', KeypointSkeleton: 'labels edges' },
    abilities: ['point-confidences'],
  },
  '0.16.0': {
    keys: { DatasetDocument: 'app_sidebar_groups', SampleFieldDocument: 'fields', SidebarGroupDocument: 'name paths' },
    classes: `-odm.document.EmbeddedDocument -odm.document.DynamicEmbeddedDocument
      odm.embedded_document.EmbeddedDocument odm.embedded_document.DynamicEmbeddedDocument`,
    // 0.14.3 and 0.15.1 have this class already, but fail to make a field of it.
    fields: 'HeatmapRange',
    abilities: ['items-of-documents'],
  },
  '0.16.3': { keys: { DatasetDocument: 'tags' } },
  '0.17.0': {
    keys: {
      DatasetDocument: 'group_field group_media_types default_group_slice app_config -app_sidebar_groups',
      DatasetAppConfig: 'media_fields grid_media_field modal_media_field sidebar_groups plugins',
    },
    classes: 'groups.Group',
    mediaTypes: 'group mixed point-cloud',
  },
  '0.17.2': {
    keys: {
      DatasetDocument: null,
      SampleFieldDocument: null,
      RunDocument: null,
      KeypointSkeleton: null,
      SidebarGroupDocument: null,
    },
  },
  '0.18.0': { keys: { DatasetAppConfig: null } },
  '0.19.1': { fields: 'Color MaskTargets Reference -IntDict -Targets' },
  '0.25.2': { classes: 'metadata.SceneMetadata', mediaTypes: '3d' },
  '1.5.0': { classes: 'labels.Instance' },
  '1.12.0': { classes: 'camera.*' },
  '1.13.0': { mediaTypes: 'unknown' },
  '1.22.0': { fields: 'MediaReference', classes: 'media_reference.*' },
  '1.22.1': { mediaTypes: 'multimodal' },
};

/** The newest known release that is not newer than a version; of older versions than the first, the first. */
export function releaseAt(version: string): Release {
  const [first, ...later] = Object.entries(CHANGES) as [[string, Change], ...[string, Change][]];
  const release = {
    version: first[0],
    keys: new Map<string, Set<string>>(),
    fields: new Set<string>(),
    classes: new Set<string>(),
    mediaTypes: new Set<string>(),
    abilities: new Set<Ability>(),
  };
  for (const [number, change] of [first, ...later]) {
    if (number !== first[0] && compareBase(number, version) > 0) break;
    release.version = number;
    for (const [name, keys] of Object.entries(change.keys ?? {})) {
      if (keys === null) release.keys.delete(name);
      else release.keys.set(name, changed(release.keys.get(name) ?? new Set(), keys));
    }
    changed(release.fields, change.fields);
    changed(release.classes, change.classes);
    changed(release.mediaTypes, change.mediaTypes);
    for (const ability of change.abilities ?? []) release.abilities.add(ability);
  }
  return release;
}

function changed(set: Set<string>, change = ''): Set<string> {
  for (const item of change.split(/\s+/).filter((word) => word !== '')) {
    if (item.startsWith('-')) set.delete(item.slice(1));
    else set.add(item);
  }
  return set;
}
