import { type Attributes, EmbeddedDocument, Identified } from '../fields/embedded-document.js';
import type { NdArray, NumberArray } from '../fields/nd-array.js';

const LABELS = 'fiftyone.core.labels.';

/** A 2-D array, such as a mask. */
export type Plane = NdArray;

/** A position in an image, relative to its size. */
export type Point2D = readonly [x: number, y: number];

/** Longitude and latitude in degrees. */
export type Coordinate = readonly [longitude: number, latitude: number];

/** One object in several frames, slices or samples: labels that share it mean the same. */
export class Instance extends Identified {
  static override readonly path = `${LABELS}Instance`;
}

/** A label with an id and tags. */
export abstract class Label extends Identified {
  declare tags?: readonly string[];
}

/** A number for a sample. */
export class Regression extends Label {
  static override readonly path = `${LABELS}Regression`;
  declare value?: number;
  declare confidence?: number;
  constructor(attributes: Attributes<Regression> = {}) {
    super(attributes);
  }
}

/** One class for a sample. */
export class Classification extends Label {
  static override readonly path = `${LABELS}Classification`;
  declare label?: string;
  declare confidence?: number;
  declare logits?: NdArray | NumberArray | readonly number[];
  constructor(attributes: Attributes<Classification> = {}) {
    super(attributes);
  }
}

/** Several classes for a sample. */
export class Classifications extends EmbeddedDocument {
  static override readonly path = `${LABELS}Classifications`;
  declare classifications?: readonly Classification[];
  declare logits?: NdArray | NumberArray | readonly number[];
  constructor(attributes: Attributes<Classifications> = {}) {
    super(attributes);
  }
}

/** An object in an image, or in a scene with `location`, `dimensions` and `rotation`. */
export class Detection extends Label {
  static override readonly path = `${LABELS}Detection`;
  declare label?: string;
  /** Left, top, width and height, relative to the size of the image. */
  declare bounding_box?: readonly number[];
  /** The shape within the bounding box. */
  declare mask?: Plane;
  declare mask_path?: string;
  declare confidence?: number;
  declare index?: number;
  declare instance?: Instance;
  /** The centre of the box, in the coordinates of the scene. */
  declare location?: readonly number[];
  declare dimensions?: readonly number[];
  /** Around x, y and z, in radians. */
  declare rotation?: readonly number[];
  declare attributes?: Readonly<Record<string, Attribute>>;
  constructor(attributes: Attributes<Detection> = {}) {
    super(attributes);
  }
}

/** The objects in an image or a scene. */
export class Detections extends EmbeddedDocument {
  static override readonly path = `${LABELS}Detections`;
  declare detections?: readonly Detection[];
  constructor(attributes: Attributes<Detections> = {}) {
    super(attributes);
  }
}

/** Lines or outlines in an image, or in a scene with `points3d`. */
export class Polyline extends Label {
  static override readonly path = `${LABELS}Polyline`;
  declare label?: string;
  /** The points of each shape. */
  declare points?: readonly (readonly Point2D[])[];
  declare points3d?: readonly (readonly (readonly number[])[])[];
  declare confidence?: number;
  declare index?: number;
  /** Default: false. */
  declare closed?: boolean;
  /** Default: false. */
  declare filled?: boolean;
  declare instance?: Instance;
  declare attributes?: Readonly<Record<string, Attribute>>;
  constructor(attributes: Attributes<Polyline> = {}) {
    super(attributes);
  }
}

/** Several lines or outlines. */
export class Polylines extends EmbeddedDocument {
  static override readonly path = `${LABELS}Polylines`;
  declare polylines?: readonly Polyline[];
  constructor(attributes: Attributes<Polylines> = {}) {
    super(attributes);
  }
}

/** The points of an object in an image; those that are not visible are NaN. */
export class Keypoint extends Label {
  static override readonly path = `${LABELS}Keypoint`;
  declare label?: string;
  declare points?: readonly Point2D[];
  /** One for each point. */
  declare confidence?: readonly number[];
  declare index?: number;
  declare instance?: Instance;
  declare attributes?: Readonly<Record<string, Attribute>>;
  constructor(attributes: Attributes<Keypoint> = {}) {
    super(attributes);
  }
}

/** The points of several objects. */
export class Keypoints extends EmbeddedDocument {
  static override readonly path = `${LABELS}Keypoints`;
  declare keypoints?: readonly Keypoint[];
  constructor(attributes: Attributes<Keypoints> = {}) {
    super(attributes);
  }
}

/** A class for each pixel. */
export class Segmentation extends Label {
  static override readonly path = `${LABELS}Segmentation`;
  declare mask?: NdArray;
  declare mask_path?: string;
  constructor(attributes: Attributes<Segmentation> = {}) {
    super(attributes);
  }
}

/** A number for each pixel. */
export class Heatmap extends Label {
  static override readonly path = `${LABELS}Heatmap`;
  declare map?: Plane;
  declare map_path?: string;
  /** The smallest and the largest number that the map can have. */
  declare range?: readonly [number, number];
  constructor(attributes: Attributes<Heatmap> = {}) {
    super(attributes);
  }
}

/** Something that happens in a video. */
export class TemporalDetection extends Label {
  static override readonly path = `${LABELS}TemporalDetection`;
  declare label?: string;
  /** The first and the last frame. */
  declare support?: readonly [number, number];
  declare confidence?: number;
  constructor(attributes: Attributes<TemporalDetection> = {}) {
    super(attributes);
  }
}

/** What happens in a video. */
export class TemporalDetections extends EmbeddedDocument {
  static override readonly path = `${LABELS}TemporalDetections`;
  declare detections?: readonly TemporalDetection[];
  constructor(attributes: Attributes<TemporalDetections> = {}) {
    super(attributes);
  }
}

/** Where a sample is on Earth: coordinates, or GeoJSON. */
export class GeoLocation extends Label {
  static override readonly path = `${LABELS}GeoLocation`;
  declare point?: Coordinate | object;
  declare line?: readonly Coordinate[] | object;
  declare polygon?: readonly (readonly Coordinate[])[] | object;
  constructor(attributes: Attributes<GeoLocation> = {}) {
    super(attributes);
  }
}

/** Several places of a sample on Earth: coordinates, or GeoJSON. */
export class GeoLocations extends Label {
  static override readonly path = `${LABELS}GeoLocations`;
  declare points?: readonly Coordinate[] | object;
  declare lines?: readonly (readonly Coordinate[])[] | object;
  declare polygons?: readonly (readonly (readonly Coordinate[])[])[] | object;
  constructor(attributes: Attributes<GeoLocations> = {}) {
    super(attributes);
  }
}

/** An entry of the `attributes` of a label, as older releases have them. */
export class Attribute extends EmbeddedDocument {
  static override readonly path: string = `${LABELS}Attribute`;
  declare value?: unknown;
}

export class BooleanAttribute extends Attribute {
  static override readonly path = `${LABELS}BooleanAttribute`;
}

export class CategoricalAttribute extends Attribute {
  static override readonly path = `${LABELS}CategoricalAttribute`;
  declare confidence?: number;
  declare logits?: NdArray | NumberArray | readonly number[];
}

export class NumericAttribute extends Attribute {
  static override readonly path = `${LABELS}NumericAttribute`;
}

export class ListAttribute extends Attribute {
  static override readonly path = `${LABELS}ListAttribute`;
}

/** A document with attributes of any name. */
export class DynamicEmbeddedDocument extends EmbeddedDocument {
  static override readonly path = 'fiftyone.core.odm.embedded_document.DynamicEmbeddedDocument';
}
