import { Doc, date, equal, type ObjectId, type ReadonlyDoc, type Value } from '../bson/index.js';
import { authorized, type Connection } from '../database/connection.js';
import { findDocs, updateRaw } from '../database/raw.js';
import { DatasetNotFoundError, FiftyOneError } from '../errors.js';

/** How often somebody else may be faster. */
const ATTEMPTS = 50;

/**
 * Changes the document of a live dataset with one write, which is made only if the keys that it changes still are what they were read
 * as: several processes can do this at once.
 *
 * @param change the document after the change, from the document as it is stored; called again when somebody else was faster
 * @returns the document afterwards
 */
export async function changeDataset(
  connection: Connection,
  dataset: ObjectId,
  change: (doc: ReadonlyDoc, now: Value) => ReadonlyDoc,
): Promise<Doc> {
  const { db } = connection;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [before] = await findDocs(db, 'datasets', { _id: dataset }, { limit: 1 });
    if (before === undefined) throw new DatasetNotFoundError(dataset.toHexString());
    const now = date(Date.now());
    const changed = [...change(before, now)].filter(([key, value]) => !isSame(before.get(key), value));
    if (changed.length === 0) return before;
    const set = Doc.of(...changed.filter(([key]) => key !== 'last_modified_at'), ['last_modified_at', now]);
    const query = Doc.of(['_id', dataset], ...changed.map(([key]): [string, Value] => [key, as(before.get(key))]));
    // a pipeline adds new keys in this order, a plain $set in that of the alphabet
    const literal = new Doc([...set].map(([key, value]) => [key, Doc.of(['$literal', value])]));
    const statement = Doc.of(['q', query], ['u', [Doc.of(['$set', literal])]]);
    // a field that is declared must not be forgotten in an election: samples with it follow
    const { n } = await authorized(connection, () => updateRaw(db, 'datasets', [statement], true));
    if (n === 1) {
      for (const [key, value] of set) before.set(key, value);
      return before;
    }
  }
  throw new FiftyOneError('others change the document of the dataset all the time', { hint: 'try again' });
}

function isSame(before: Value | undefined, after: Value): boolean {
  return before !== undefined && equal(before, after);
}

function as(value: Value | undefined): Doc {
  return value === undefined ? Doc.of(['$exists', false]) : Doc.of(['$eq', value]);
}
