import { Doc, date, type ObjectId, type ReadonlyDoc, type Value } from '../bson/index.js';
import { authorized, type Connection } from '../database/connection.js';
import { findDocs, updateRaw } from '../database/raw.js';
import { DatasetNotFoundError, FiftyOneError } from '../errors.js';
import { type Declaration, expandSchema } from './expand-schema.js';
import type { SchemaKey } from './schema.js';

/** How often somebody else may be faster. */
const ATTEMPTS = 50;

/**
 * Declares fields of a live dataset, with one write that is made only if the schema still is what it was read as: several processes
 * can do this at once.
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
  const { db } = connection;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [doc] = await findDocs(db, 'datasets', { _id: dataset }, { limit: 1 });
    if (doc === undefined) throw new DatasetNotFoundError(dataset.toHexString());
    const now = date(Date.now());
    const stored = doc.get(key);
    const before = Array.isArray(stored) ? stored : [];
    const after = expandSchema(before, declarations, now);
    if (after === before) return doc;
    const set = Doc.of([key, after as Value[]], ['last_modified_at', now]);
    const query = Doc.of(['_id', dataset], [key, stored === undefined ? Doc.of(['$exists', false]) : Doc.of(['$eq', stored])]);
    const statement: ReadonlyDoc = Doc.of(['q', query], ['u', Doc.of(['$set', set])]);
    const { n } = await authorized(connection, () => updateRaw(db, 'datasets', [statement], true));
    if (n === 1) {
      for (const [name, value] of set) doc.set(name, value);
      return doc;
    }
  }
  throw new FiftyOneError('the schema of the dataset is changed by others all the time', { hint: 'try again' });
}
