import type { Document } from 'mongodb';
import type { ReadonlyDoc } from '../bson/index.js';
import type { Connection } from '../database/connection.js';

/** Documents to read: those of a collection in its natural order, or what an aggregation over it gives. */
export interface Reading {
  readonly collection: string;
  /** Empty for the whole collection. */
  readonly pipeline: readonly Document[];
}

/** Samples to work with: those of a whole dataset, or what a view of it shows. */
export interface SampleCollection {
  readonly connection: Connection;
  /** The document of the dataset that the samples belong to, as stored. */
  readonly doc: ReadonlyDoc;
  /** Whether this is a view, however much it shows. */
  readonly isView: boolean;
  /** Its samples. @param slices of a grouped dataset: all of them, or the active one. Others do not care. */
  samples(slices: 'all' | 'active'): Reading;
  /** Its frames, or undefined if it can have none. */
  frames(): Reading | undefined;
  /** Whether a field is shown, such as `ground_truth` or `frames.speed`. Views can leave fields out. */
  shows?(path: string): boolean;
}
