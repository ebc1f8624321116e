import { UsageError } from '../errors.js';
import type { Metadata } from './metadata.js';

/** A frame of a video. Its own properties are its fields. */
export class Frame {
  [field: string]: unknown;

  constructor(fields: Readonly<Record<string, unknown>> = {}) {
    assign(this, fields, OF_FRAMES);
  }
}

/** What a sample is made from: its file, and its fields by name. */
export interface SampleFields {
  readonly filepath: string;
  readonly tags?: readonly string[];
  readonly metadata?: Metadata | null;
  readonly [field: string]: unknown;
}

/** A sample that can be added to a dataset. Its own properties are its fields. */
export class Sample {
  declare filepath: string;
  declare tags?: readonly string[];
  declare metadata?: Metadata | null;
  [field: string]: unknown;

  constructor(fields: SampleFields) {
    assign(this, fields, OF_SAMPLES);
  }

  /** The frames of a video by their number, which begins with 1. */
  get frames(): Map<number, Frame> {
    let frames = FRAMES.get(this);
    if (frames === undefined) {
      frames = new Map();
      FRAMES.set(this, frames);
    }
    return frames;
  }

  /** 24 hexadecimal digits, or undefined before it was added to a dataset. */
  get id(): string | undefined {
    return IDS.get(this);
  }
}

const FRAMES = new WeakMap<Sample, Map<number, Frame>>();
const IDS = new WeakMap<Sample, string>();

/** Notes the id that a sample got when it was added. */
export function setId(sample: Sample, id: string): void {
  IDS.set(sample, id);
}

/** Fields that every sample and frame has, and that nobody sets. */
const OF_ALL = ['id', 'created_at', 'last_modified_at'];
const OF_SAMPLES = [...OF_ALL, 'frames', 'media_type'];
const OF_FRAMES = [...OF_ALL, 'frame_number'];

function assign(target: Record<string, unknown>, fields: Readonly<Record<string, unknown>>, reserved: readonly string[]): void {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    throw new UsageError('the fields must be an object, such as { filepath }');
  for (const [name, value] of Object.entries(fields)) {
    if (reserved.includes(name)) throw new UsageError(`'${name}' is set by itself`);
    if (name in Object.prototype) throw new UsageError(`a field cannot be called '${name}'`);
    target[name] = value;
  }
}
