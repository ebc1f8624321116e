/** The lists in the classes that are lists of labels. */
export const ITEMS_OF: ReadonlyMap<string, string> = new Map([
  ['Classifications', 'classifications'],
  ['Detections', 'detections'],
  ['Polylines', 'polylines'],
  ['Keypoints', 'keypoints'],
  ['TemporalDetections', 'detections'],
]);

/** The keys of documents of a class that `select_fields` never takes away, besides `_cls`. Classes that users define have none. */
const KEYS: Readonly<Record<string, string>> = {
  Attribute: 'value',
  Classification: '_id tags label confidence logits',
  Classifications: 'classifications logits',
  Detection: '_id tags attributes label bounding_box mask mask_path confidence index',
  Detections: 'detections',
  GeoLocation: '_id tags point line polygon',
  GeoLocations: '_id tags points lines polygons',
  Group: '_id name',
  Heatmap: '_id tags map map_path range',
  ImageMetadata: 'size_bytes mime_type width height num_channels',
  Instance: '_id',
  Keypoint: '_id tags attributes label points confidence index',
  Keypoints: 'keypoints',
  Metadata: 'size_bytes mime_type',
  Polyline: '_id tags attributes label points confidence index closed filled',
  Polylines: 'polylines',
  Regression: '_id tags value confidence',
  Segmentation: '_id tags mask mask_path',
  TemporalDetection: '_id tags label support confidence',
  TemporalDetections: 'detections',
  VideoMetadata: 'size_bytes mime_type frame_width frame_height frame_rate total_frame_count duration encoding_str',
};

/** The keys that every document of a class keeps when only some of its fields are selected. */
export function defaultKeys(cls: string): string[] {
  return ['_cls', ...(KEYS[cls]?.split(' ') ?? [])];
}
