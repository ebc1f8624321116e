import { type Attributes, EmbeddedDocument } from '../fields/embedded-document.js';

const METADATA = 'fiftyone.core.metadata.';

/** What is known of a file. */
export class Metadata extends EmbeddedDocument {
  static override readonly path: string = `${METADATA}Metadata`;
  declare size_bytes?: number;
  declare mime_type?: string;
  constructor(attributes: Attributes<Metadata> = {}) {
    super(attributes);
  }
}

/** What is known of an image. */
export class ImageMetadata extends Metadata {
  static override readonly path = `${METADATA}ImageMetadata`;
  declare width?: number;
  declare height?: number;
  declare num_channels?: number;
  constructor(attributes: Attributes<ImageMetadata> = {}) {
    super(attributes);
  }
}

/** What is known of a video. */
export class VideoMetadata extends Metadata {
  static override readonly path = `${METADATA}VideoMetadata`;
  declare frame_width?: number;
  declare frame_height?: number;
  /** Frames per second. */
  declare frame_rate?: number;
  declare total_frame_count?: number;
  /** In seconds. */
  declare duration?: number;
  declare encoding_str?: string;
  constructor(attributes: Attributes<VideoMetadata> = {}) {
    super(attributes);
  }
}

/** What is known of a 3D scene. */
export class SceneMetadata extends Metadata {
  static override readonly path = `${METADATA}SceneMetadata`;
  /** How many files of each extension it is made of. */
  declare asset_counts?: Readonly<Record<string, number>>;
  constructor(attributes: Attributes<SceneMetadata> = {}) {
    super(attributes);
  }
}
