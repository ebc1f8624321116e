import { Doc, type Value } from '../bson/index.js';

const FIELDS = 'fiftyone.core.fields.';
const LABELS = 'fiftyone.core.labels.';
const METADATA = 'fiftyone.core.metadata.';

/** The `ftype` of a field that holds embedded documents. */
export const EMBEDDED_DOCUMENT_FIELD = `${FIELDS}EmbeddedDocumentField`;

const FILE = 'size_bytes:Int mime_type:String';
const LABEL = 'id:ObjectId tags:List<String>';

/** Names and types of the fields that a class has by itself, in their order. */
const CLASSES: ReadonlyMap<string, string> = new Map([
  [`${METADATA}Metadata`, FILE],
  [`${METADATA}ImageMetadata`, `${FILE} width:Int height:Int num_channels:Int`],
  [
    `${METADATA}VideoMetadata`,
    `${FILE} frame_width:Int frame_height:Int frame_rate:Float total_frame_count:Int duration:Float encoding_str:String`,
  ],
  [`${LABELS}Regression`, `${LABEL} value:Float confidence:Float`],
  [`${LABELS}Classification`, `${LABEL} label:String confidence:Float logits:Vector`],
  [`${LABELS}Detection`, `${LABEL} label:String bounding_box:List<Float> mask:Array confidence:Float index:Int`],
  [`${LABELS}Polyline`, `${LABEL} label:String points:PolylinePoints confidence:Float index:Int closed:Boolean filled:Boolean`],
  // FiftyOne itself writes PolylinePoints here, and then cannot load the dataset.
  [`${LABELS}Keypoint`, `${LABEL} label:String points:Keypoints confidence:List<Float> index:Int`],
  [`${LABELS}Segmentation`, `${LABEL} mask:Array`],
  [`${LABELS}Heatmap`, `${LABEL} map:Array range:HeatmapRange`],
  [`${LABELS}TemporalDetection`, `${LABEL} label:String support:FrameSupport confidence:Float`],
  [`${LABELS}GeoLocation`, `${LABEL} point:GeoPoint line:GeoLineString polygon:GeoPolygon`],
  [`${LABELS}GeoLocations`, `${LABEL} points:GeoMultiPoint lines:GeoMultiLineString polygons:GeoMultiPolygon`],
]);

const PARSED = new Map([...CLASSES].map(([cls, fields]) => [cls, fields.split(' ').map(parseField)]));

function parseField(field: string): { name: string; ftype: string; subfield: string | null } {
  const [, name, type, item] = field.match(/^(\w+):(\w+)(?:<(\w+)>)?$/) as unknown as [string, string, string, string?];
  return { name, ftype: `${FIELDS}${type}Field`, subfield: item === undefined ? null : `${FIELDS}${item}Field` };
}

/** The list of labels that a class consists of, and the class of its labels. */
const LISTS: ReadonlyMap<string, readonly [string, string]> = new Map([
  [`${LABELS}Classifications`, ['classifications', `${LABELS}Classification`]],
  [`${LABELS}Detections`, ['detections', `${LABELS}Detection`]],
  [`${LABELS}Keypoints`, ['keypoints', `${LABELS}Keypoint`]],
  [`${LABELS}Polylines`, ['polylines', `${LABELS}Polyline`]],
  [`${LABELS}TemporalDetections`, ['detections', `${LABELS}TemporalDetection`]],
]);

/** Whether the class is a list of labels, such as Detections. */
export function isLabelList(embeddedDocType: string): boolean {
  return LISTS.has(embeddedDocType);
}

/** The schema of the fields that a class has by itself; empty for classes that are not FiftyOne's own and for lists of labels. */
export function classSchema(embeddedDocType: string): Doc[] {
  return (PARSED.get(embeddedDocType) ?? []).map(({ name, ftype, subfield }) => schemaEntry(name, ftype, { subfield }));
}

/** The schema of a list of labels, with that of its labels. */
export function labelListSchema(embeddedDocType: string): Doc[] {
  const list = LISTS.get(embeddedDocType);
  if (list === undefined) return [];
  const [name, label] = list;
  const of = { subfield: EMBEDDED_DOCUMENT_FIELD, embeddedDocType: label, fields: classSchema(label) };
  return [schemaEntry(name, `${FIELDS}ListField`, of)];
}

function schemaEntry(name: string, ftype: string, of: { subfield: Value; embeddedDocType?: string; fields?: Doc[] }): Doc {
  return Doc.of(
    ['_cls', 'SampleFieldDocument'],
    ['name', name],
    ['ftype', ftype],
    ['subfield', of.subfield],
    ['embedded_doc_type', of.embeddedDocType ?? null],
    ['db_field', name === 'id' ? '_id' : name],
    ['fields', of.fields ?? []],
  );
}
