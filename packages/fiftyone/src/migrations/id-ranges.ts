import type { Collection } from 'mongodb';
import { ObjectId } from '../bson/index.js';
import type { Query } from './revision.js';

/** A part of a collection, by `_id`. */
export interface IdRange {
  readonly filter: Query;
  /** The last `_id` of the part, where it has one: the parts before it are whole. */
  readonly upTo: ObjectId | undefined;
  /** How many documents the part had when it was cut, or undefined for one without an end. */
  readonly documents: number | undefined;
}

/** All types that an `_id` can have except ObjectId: a comparison finds values of its own type only. */
export const OTHER_ID_TYPES = [
  ...['double', 'string', 'object', 'binData', 'bool', 'date', 'null', 'int', 'timestamp', 'long', 'decimal'],
  ...['javascript', 'symbol', 'minKey', 'maxKey'],
];

const INDEX = '_id_';

/**
 * Cuts a collection into parts that together hold every document, also one that is inserted meanwhile: the last part of
 * ObjectIds has no end.
 *
 * @param documents how many documents the next part is to have
 * @param after leave out the documents up to this one
 */
export async function* idRanges(collection: Collection, documents: () => number, after?: ObjectId): AsyncGenerator<IdRange> {
  for (let from = after; ; ) {
    const rest: Query = from === undefined ? { _id: { $type: 'objectId' } } : { _id: { $gt: from } };
    const size = documents();
    const end = await collection.findOne(rest, { projection: { _id: 1 }, sort: { _id: 1 }, skip: size - 1, hint: INDEX });
    if (end === null) {
      yield { filter: rest, upTo: undefined, documents: undefined };
      yield { filter: { _id: { $type: OTHER_ID_TYPES } }, upTo: undefined, documents: undefined };
      return;
    }
    const upTo = ObjectId.createFromHexString(end._id.toHexString());
    yield { filter: { _id: from === undefined ? { $lte: upTo } : { $gt: from, $lte: upTo } }, upTo, documents: size };
    from = upTo;
  }
}
