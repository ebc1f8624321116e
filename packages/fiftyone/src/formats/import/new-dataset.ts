import { clone, Doc, date, type ObjectId, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { RUN_FOLDERS } from './run-kinds.js';

/** What a dataset is to be called, and where its documents are. */
export interface Identity {
  readonly id: ObjectId;
  readonly name: string;
  readonly slug: string;
  readonly persistent: boolean;
  /** Its collections. */
  readonly samples: string;
  readonly frames: string | undefined;
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
}

/** Keys of the metadata that are documents of their own in a database. */
export const SIDE_KEYS = ['saved_views', 'workspaces', ...RUN_FOLDERS.keys()];

/**
 * The document of a dataset that is imported, from the metadata of its export. Saved views, workspaces and runs are left out:
 * a dataset without them has no such keys.
 */
export function datasetDocument(metadata: ReadonlyDoc, identity: Identity): Doc {
  const now = date(identity.now);
  const doc = new Doc([['_id', identity.id]]);
  for (const [key, value] of metadata) if (key !== '_id' && !SIDE_KEYS.includes(key)) doc.set(key, clone(value));
  doc.set('name', identity.name);
  doc.set('slug', identity.slug);
  doc.set('persistent', identity.persistent);
  doc.set('created_at', now);
  doc.set('last_modified_at', now);
  doc.set('last_loaded_at', now);
  doc.set('sample_collection_name', identity.samples);
  doc.set('frame_collection_name', identity.frames ?? null);
  for (const key of ['sample_fields', 'frame_fields']) stampFields(doc.get(key), now);
  return doc;
}

function stampFields(fields: Value | undefined, now: Value): void {
  if (!Array.isArray(fields)) return;
  for (const field of fields) {
    if (!(field instanceof Doc)) continue;
    field.set('created_at', now);
    stampFields(field.get('fields'), now);
  }
}

/** Whether a dataset has videos, and so frames. */
export function hasVideos(metadata: ReadonlyDoc): boolean {
  const slices = metadata.get('group_media_types');
  const types = [metadata.get('media_type'), ...(slices instanceof Doc ? slices.values() : [])];
  return types.includes('video');
}
