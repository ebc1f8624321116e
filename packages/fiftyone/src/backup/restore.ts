import type { Db } from 'mongodb';
import { FiftyOneError } from '../errors.js';
import { openBackup } from './open-backup.js';
import { stage } from './stage.js';

/**
 * Fills an empty database from a folder in mongodump's layout: `<collection>.bson` and `<collection>.metadata.json`.
 *
 * @returns the number of documents restored
 * @throws FiftyOneError when the database is not empty, or a file is damaged
 */
export async function restoreFolder(db: Db, folder: string): Promise<number> {
  const existing = await db.listCollections({}, { nameOnly: true }).toArray();
  if (existing.length > 0) {
    throw new FiftyOneError(`database '${db.databaseName}' is not empty`, { hint: 'restore into a database with another name' });
  }
  let documents = 0;
  for (const source of (await openBackup(folder)).collections) {
    if (source.type === 'view') continue;
    const { documents: count } = await stage(db, source.name, { source, select: undefined }, true, () => {});
    documents += count;
  }
  return documents;
}
