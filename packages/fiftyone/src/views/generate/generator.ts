import type { Document } from 'mongodb';
import type { Doc, ObjectId, Value } from '../../bson/index.js';
import type { Kwargs } from '../stage.js';
import type { State } from '../state.js';

/** What a stage would make of the samples of a view. @param id of the dataset that it would make */
export type Generator = (kwargs: Kwargs, source: State, target: Target) => Generation;

/** The dataset that would be made. */
export interface Target {
  readonly id: ObjectId;
  /** A date. */
  readonly now: Value;
}

export interface Generation {
  /** The collection would be `<kind>.<id>`. */
  readonly kind: 'clips' | 'frames' | 'patches' | 'patches.frames';
  readonly mediaType: 'image' | 'video';
  /** The fields that samples have besides those that all have. */
  readonly fields: readonly Doc[];
  /** Whether the samples have frames: those of the source. */
  readonly hasFrames: boolean;
  /** All stages, from the samples of the source on. */
  readonly pipeline: readonly Document[];
}
