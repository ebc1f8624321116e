import { type Attributes, EmbeddedDocument } from '../fields/embedded-document.js';

const CAMERA = 'fiftyone.core.camera.';

/** How a camera projects: focal lengths and principal point, in pixels. */
export class PinholeCameraIntrinsics extends EmbeddedDocument {
  static override readonly path: string = `${CAMERA}PinholeCameraIntrinsics`;
  declare fx?: number;
  declare fy?: number;
  declare cx?: number;
  declare cy?: number;
  /** Default: 0. */
  declare skew?: number;
  constructor(attributes: Attributes<PinholeCameraIntrinsics> = {}) {
    super(attributes);
  }
}

/** With the coefficients of OpenCV's distortion. */
export class OpenCVCameraIntrinsics extends PinholeCameraIntrinsics {
  static override readonly path = `${CAMERA}OpenCVCameraIntrinsics`;
}

/** With the coefficients of OpenCV's fisheye distortion. */
export class OpenCVFisheyeCameraIntrinsics extends PinholeCameraIntrinsics {
  static override readonly path = `${CAMERA}OpenCVFisheyeCameraIntrinsics`;
}

/** The name of intrinsics of the dataset. */
export class CameraIntrinsicsRef extends EmbeddedDocument {
  static override readonly path = `${CAMERA}CameraIntrinsicsRef`;
  declare ref?: string;
}

/** Where a sensor is, relative to another frame of reference. */
export class StaticTransform extends EmbeddedDocument {
  static override readonly path = `${CAMERA}StaticTransform`;
  declare translation?: readonly number[];
  /** x, y, z, w. */
  declare quaternion?: readonly number[];
  declare source_frame?: string;
  declare target_frame?: string;
  constructor(attributes: Attributes<StaticTransform> = {}) {
    super(attributes);
  }
}

/** The name of a transform of the dataset. */
export class StaticTransformRef extends EmbeddedDocument {
  static override readonly path = `${CAMERA}StaticTransformRef`;
  declare ref?: string;
}
