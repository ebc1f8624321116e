import type { Db } from 'mongodb';
import type { ObjectId } from '../bson/index.js';
import { rawBatches } from '../database/raw-batches.js';
import { BsonBytes, keyBytes } from '../values/bson-bytes.js';
import { projectionOf } from '../values/projection.js';
import { type FoundText, TextReader } from './text-reader.js';

const ID = keyBytes('_id');
const IS_ODD = '_is_odd';
const ODD = keyBytes(IS_ODD);

/** Paths in documents, spelled as the database does. */
export type StoredPaths = readonly (readonly string[])[];

/**
 * The texts that some documents of a collection have now at some paths, with their exact positions and ids.
 *
 * @returns by the hexadecimal digits of the id of each document that is there, a list per path
 */
export async function storedTexts(
  db: Db,
  collection: string,
  ids: readonly ObjectId[],
  paths: StoredPaths,
): Promise<Map<string, FoundText[][]>> {
  const byId = new Map<string, FoundText[][]>();
  const odd = await read(db, collection, ids, paths, projectionFor(paths, { ids: true, oddities: true }), byId);
  if (odd.length > 0) await read(db, collection, odd, paths, wholeFields(paths), byId);
  return byId;
}

/** @returns the documents that have to be read as a whole */
async function read(
  db: Db,
  collection: string,
  ids: readonly ObjectId[],
  paths: StoredPaths,
  projection: object,
  byId: Map<string, FoundText[][]>,
): Promise<ObjectId[]> {
  const readers = paths.map((path) => new TextReader(path, true));
  const odd: ObjectId[] = [];
  for await (const reply of rawBatches(db, { collection, filter: { _id: { $in: ids } }, projection, batchSize: 10_000 })) {
    const bytes = new BsonBytes(reply);
    bytes.each(0, (_, document) => {
      if (!bytes.find(document, ID)) return;
      const id = bytes.at;
      if (isOdd(bytes, document)) odd.push(bytes.objectId(id));
      const lists: FoundText[][] = readers.map(() => []);
      byId.set(bytes.hex(id), lists);
      for (const [i, reader] of readers.entries()) reader.read(bytes, document, (text) => lists[i]?.push(text));
    });
  }
  return odd;
}

/** Whether the positions in lists of a document are not right, for it was read with a projection. */
export function isOdd(bytes: BsonBytes, document: number): boolean {
  return bytes.find(document, ODD) && bytes.bytes[bytes.at] === 1;
}

/**
 * What the server is to send.
 *
 * @param what `ids`: those of what is in lists; `oddities`: for {@link isOdd}
 */
export function projectionFor(paths: StoredPaths, what: { readonly ids?: boolean; readonly oddities?: boolean }): object {
  const above = [...new Set(paths.flatMap((path) => path.slice(1).map((_, i) => path.slice(0, i + 1).join('.'))))];
  const wanted = paths.map((path) => path.join('.'));
  const ids = what.ids === true ? above.map((path) => `${path}._id`) : [];
  const isOdd = what.oddities === true && above.length > 0 ? { [IS_ODD]: { $or: above.map(hasOther) } } : {};
  return { ...projectionOf([...new Set([...wanted, ...ids])], true), ...isOdd };
}

function wholeFields(paths: StoredPaths): object {
  return projectionOf([...new Set(paths.map((path) => path[0] as string))], true);
}

/** Whether a list has something that is no document: the server leaves it out of a list of which only a part is asked for. */
function hasOther(list: string): object {
  const items = { $cond: [{ $isArray: `$${list}` }, `$${list}`, []] };
  return { $anyElementTrue: { $map: { input: items, in: { $ne: [{ $type: '$$this' }, 'object'] } } } };
}
