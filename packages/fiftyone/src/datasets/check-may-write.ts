import { Doc, ObjectId, type ReadonlyDoc } from '../bson/index.js';
import { authorized, type Connection } from '../database/connection.js';
import { updateRaw } from '../database/raw.js';

/**
 * Finds out whether the samples and frames of a dataset can be changed, by a write that changes nothing.
 *
 * @param hint what to do if not
 * @throws FiftyOneError if not
 */
export async function checkMayWrite(connection: Connection, dataset: ReadonlyDoc, hint: string): Promise<void> {
  const nothing = Doc.of(['q', Doc.of(['_id', new ObjectId()])], ['u', Doc.of(['$setOnInsert', Doc.of(['filepath', ''])])]);
  for (const collection of [dataset.get('sample_collection_name'), dataset.get('frame_collection_name')]) {
    if (typeof collection !== 'string') continue;
    await authorized(connection, () => updateRaw(connection.db, collection, [nothing]), hint);
  }
}
