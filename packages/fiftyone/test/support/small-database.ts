import { type Document, ObjectId } from 'mongodb';
import { type FreshDatabase, freshDatabase } from './fresh-database.js';

/** A dataset without samples as newer releases write it, as far as revisions look at it. */
export function smallDataset(name: string, version: string, others: Document = {}): Document {
  return {
    _id: new ObjectId(),
    name,
    version,
    persistent: true,
    sample_collection_name: `samples.${new ObjectId()}`,
    sample_fields: [],
    frame_fields: [],
    ...others,
  };
}

/** A database of this version with these datasets. */
export function smallDatabase(version: string, ...datasets: Document[]): Promise<FreshDatabase> {
  return databaseOf({ config: [{ version, type: 'fiftyone' }], datasets });
}

/** A database with these documents. */
export async function databaseOf(content: Record<string, Document[]>): Promise<FreshDatabase> {
  const database = await freshDatabase();
  for (const [collection, documents] of Object.entries(content)) {
    await database.db.createCollection(collection);
    if (documents.length > 0) await database.db.collection(collection).insertMany(documents);
  }
  return database;
}
