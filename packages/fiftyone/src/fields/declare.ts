import { Doc, type ObjectId, type Value } from '../bson/index.js';
import type { Connection } from '../database/connection.js';
import { changeDataset } from './change-dataset.js';
import { type Declaration, expandSchema } from './expand-schema.js';
import type { SchemaKey } from './schema.js';

/**
 * Declares fields of a live dataset, with one write. Several processes can do this at once.
 *
 * @returns the dataset document afterwards
 * @throws UsageError for what cannot be declared: nothing was written
 */
export async function declareFields(
  connection: Connection,
  dataset: ObjectId,
  key: SchemaKey,
  declarations: readonly Declaration[],
): Promise<Doc> {
  return await changeDataset(connection, dataset, (doc, now) => {
    const stored = doc.get(key);
    const before = Array.isArray(stored) ? stored : [];
    const after = expandSchema(before, declarations, now);
    return after === before ? doc : new Doc(doc).set(key, after as Value[]);
  });
}
