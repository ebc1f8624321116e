import type { Db } from 'mongodb';
import { findDocs } from '../database/raw.js';
import { admin_v0_15_0 } from './revisions/admin/v0.15.0.js';
import { select } from './select.js';

/**
 * Collections that no dataset uses any more, when the way of the database leads over the release that cleaned them up.
 * They are named, and never dropped without being asked.
 */
export async function findOrphans(db: Db, from: string, to: string): Promise<readonly string[]> {
  const { direction, versions } = select(from, to, [admin_v0_15_0.version]);
  if (direction === 'down' || versions.length === 0) return [];
  const collections = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
  const projection = { name: 1, sample_collection_name: 1, frame_collection_name: 1 };
  return admin_v0_15_0.orphans?.(collections, await findDocs(db, 'datasets', {}, { projection })) ?? [];
}
