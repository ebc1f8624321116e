import type { ReadonlyDoc } from '../bson/index.js';
import type { Connection } from '../database/connection.js';
import type { Reading, SampleCollection } from './sample-collection.js';

/** A dataset as it is stored. */
export class Dataset implements SampleCollection {
  readonly isView = false;

  constructor(
    readonly connection: Connection,
    readonly doc: ReadonlyDoc,
  ) {}

  get name(): string {
    return String(this.doc.get('name'));
  }

  /** The version of its documents, or null where none is stored. */
  get version(): string | null {
    const version = this.doc.get('version');
    return typeof version === 'string' ? version : null;
  }

  samples(slices: 'all' | 'active'): Reading {
    const collection = String(this.doc.get('sample_collection_name'));
    const field = this.doc.get('group_field');
    const slice = this.doc.get('default_group_slice');
    const isSliced = slices === 'active' && typeof field === 'string' && typeof slice === 'string';
    return { collection, pipeline: isSliced ? [{ $match: { [`${field}.name`]: slice } }] : [] };
  }

  frames(): Reading | undefined {
    const collection = this.doc.get('frame_collection_name');
    return typeof collection === 'string' ? { collection, pipeline: [] } : undefined;
  }
}
