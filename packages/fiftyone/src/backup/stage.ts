import type { Db } from 'mongodb';
import { Doc, decode, type Value } from '../bson/index.js';
import { insertRaw, runRaw } from '../database/raw.js';
import { FiftyOneError, isUnreachable } from '../errors.js';
import { type Content, ContentSum, checkedDocuments, contentOfCollection } from './checked-documents.js';
import type { Item } from './restore-items.js';

/**
 * Fills a collection from a backup, goes on with one that has been filled in part, and reads it again to see that it has what the
 * backup has.
 *
 * @param isNew whether it is not there, whatever it has otherwise
 * @param onDocuments told how many more there are; what it throws ends it
 * @throws DamagedFileError; FiftyOneError when the server has something else
 */
export async function stage(
  db: Db,
  collection: string,
  { source, select }: Pick<Item, 'source' | 'select'>,
  isNew: boolean,
  onDocuments: (count: number) => void,
): Promise<Content> {
  const { options, indexes, name } = source;
  let there = isNew ? undefined : await documentsIn(db, collection, options);
  if (there === undefined) await runRaw(db, new Doc([['create', collection], ...options]));
  const sum = new ContentSum();
  for await (const batch of checkedDocuments(source)) {
    const documents = select === undefined ? batch : batch.filter((bytes) => select(decode(bytes)));
    onDocuments(documents.length);
    sum.add(documents);
    // they are stored in the order of the file: what is there is how the file begins
    const skipped = Math.min(there ?? 0, documents.length);
    there = (there ?? 0) - skipped;
    if (skipped < documents.length) {
      await insertRaw(db, collection, documents.slice(skipped)).catch(async (error) => {
        // what the server does not take, such as the same document twice, may be damage
        if (!isUnreachable(error)) await checkFile(source);
        throw error;
      });
    }
  }
  const content = sum.end();
  const stored = await contentOfCollection(db, collection);
  if (stored.documents !== content.documents || stored.sha256 !== content.sha256) {
    throw new FiftyOneError(`the server has not stored the documents of ${name} as they are in the backup`, {
      hint: 'nothing was replaced: try again, and if it stays so, report it',
    });
  }
  const others = indexes.filter((index) => index.get('name') !== '_id_').map(withoutNamespace);
  if (others.length > 0) await runRaw(db, Doc.of(['createIndexes', collection], ['indexes', others as Value[]]));
  return content;
}

async function checkFile(source: Item['source']): Promise<void> {
  for await (const _ of checkedDocuments(source));
}

/** How many there are of an earlier attempt, or undefined if there are none to go on with. */
async function documentsIn(db: Db, collection: string, options: Doc): Promise<number | undefined> {
  // one with a limit may have lost the first ones
  if (options.get('capped') !== true) return await db.collection(collection).countDocuments();
  await db.dropCollection(collection);
  return undefined;
}

function withoutNamespace(index: Doc): Doc {
  return new Doc([...index].filter(([key]) => key !== 'ns'));
}
