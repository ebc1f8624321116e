import { documentType, type FieldType, listOf, type NamedType, simpleType } from './field-type.js';

/** An attribute that a class has by itself, and what is stored when it is not given. */
export interface ClassAttribute extends NamedType {
  /** Undefined for those that are left out when they are not given. */
  readonly default: 'list' | 'document' | 'null' | 'false' | 'zero' | undefined;
}

/** A class of embedded documents. */
export interface ClassSchema {
  /** With its module. */
  readonly path: string;
  /** In the order of its schema. */
  readonly attributes: readonly ClassAttribute[];
  /** Whether documents may have other attributes than those of the class. */
  readonly isDynamic: boolean;
}

const LABEL = 'id:ObjectId tags:List<String>=list';
const SHAPE = `${LABEL} attributes:Attributes=document`;
const FILE = 'size_bytes:Int mime_type:String';
const PINHOLE = 'fx:Float fy:Float cx:Float cy:Float skew:Float=zero';

/**
 * The attributes of each class, in the order of its schema: `name:Type<Items>=default`. A type that is the name of a class above it
 * holds documents of that class.
 */
const TABLE = `
labels.Instance         id:ObjectId
labels.Attribute        value:Any
labels.BooleanAttribute value:Boolean
labels.CategoricalAttribute value:String confidence:Float logits:Vector
labels.NumericAttribute value:Float
labels.ListAttribute    value:List=list
labels.Label
labels.Regression       ${LABEL} value:Float confidence:Float
labels.Classification   ${LABEL} label:String confidence:Float logits:Vector
labels.Classifications  classifications:List<Classification>=list logits:Vector
labels.Detection        ${SHAPE} label:String bounding_box:List<Float>=list mask:Array mask_path:String confidence:Float index:Int
labels.Detections       detections:List<Detection>=list
labels.Polyline         ${SHAPE} label:String points:PolylinePoints=list confidence:Float index:Int closed:Boolean=false filled:Boolean=false
labels.Polylines        polylines:List<Polyline>=list
labels.Keypoint         ${SHAPE} label:String points:Keypoints=list confidence:List<Float>=null index:Int
labels.Keypoints        keypoints:List<Keypoint>=list
labels.Segmentation     ${LABEL} mask:Array mask_path:String
labels.Heatmap          ${LABEL} map:Array map_path:String range:HeatmapRange<Float>=null
labels.TemporalDetection ${LABEL} label:String support:FrameSupport<Int> confidence:Float
labels.TemporalDetections detections:List<TemporalDetection>=list
labels.GeoLocation      ${LABEL} point:GeoPoint line:GeoLineString polygon:GeoPolygon
labels.GeoLocations     ${LABEL} points:GeoMultiPoint lines:GeoMultiLineString polygons:GeoMultiPolygon
metadata.Metadata       ${FILE}
metadata.ImageMetadata  ${FILE} width:Int height:Int num_channels:Int
metadata.VideoMetadata  ${FILE} frame_width:Int frame_height:Int frame_rate:Float total_frame_count:Int duration:Float encoding_str:String
metadata.SceneMetadata  ${FILE} asset_counts:Dict=document
groups.Group            id:ObjectId name:String
camera.CameraIntrinsics ${PINHOLE}
camera.PinholeCameraIntrinsics ${PINHOLE}
camera.OpenCVCameraIntrinsics ${PINHOLE} k1:Float=zero k2:Float=zero p1:Float=zero p2:Float=zero k3:Float=zero k4:Float=zero k5:Float=zero k6:Float=zero
camera.OpenCVFisheyeCameraIntrinsics ${PINHOLE} k1:Float=zero k2:Float=zero k3:Float=zero k4:Float=zero
camera.CameraIntrinsicsRef ref:String
camera.StaticTransform  translation:List<Float>=list quaternion:List<Float>=list source_frame:String target_frame:String timestamp:Int covariance:List<Float>=list
camera.StaticTransformRef ref:String
odm.embedded_document.DynamicEmbeddedDocument
odm.embedded_document.EmbeddedDocument
`;

const STRICT = new Set(['Instance', 'Group', 'CameraIntrinsicsRef', 'StaticTransformRef', 'EmbeddedDocument']);

const byName = new Map<string, ClassSchema>();
for (const line of TABLE.trim().split('\n')) {
  const [path, ...attributes] = line.split(/\s+/) as [string, ...string[]];
  const name = path.slice(path.lastIndexOf('.') + 1);
  byName.set(name, {
    path: `fiftyone.core.${path}`,
    attributes: attributes.map(parseAttribute),
    isDynamic: !STRICT.has(name),
  });
}

function parseAttribute(text: string): ClassAttribute {
  const parts = /^(\w+):(\w+)(?:<(\w+)>)?(?:=(\w+))?$/.exec(text) as unknown as [string, string, string, string?, string?];
  const [, name, type, item, missing] = parts;
  return { ...typeOf(type, item), name, default: missing as ClassAttribute['default'] };
}

function typeOf(type: string, item: string | undefined): FieldType {
  if (type === 'Any') return simpleType('Field');
  if (type === 'Attributes') return { ...listOf(documentType('fiftyone.core.labels.Attribute', [])), ftype: 'DictField' };
  const items = item === undefined ? undefined : byName.get(item);
  if (items !== undefined) return listOf(documentType(items.path, items.attributes));
  return simpleType(`${type}Field`, item === undefined ? null : `${item}Field`);
}

/** The class of this name, as `_cls` gives it, or undefined if it is not one of FiftyOne's own. */
export function classSchema(cls: string): ClassSchema | undefined {
  return byName.get(cls);
}

/** The class of this path, as schemas give it, or undefined if it is not one of FiftyOne's own. */
export function classAt(path: string): ClassSchema | undefined {
  const found = byName.get(path.slice(path.lastIndexOf('.') + 1));
  return found?.path === path ? found : undefined;
}
