import { createHash } from 'node:crypto';
import type { Db } from 'mongodb';

/** A document under a key that depends only on the seed and on its place in the export. */
export function keyed(doc: Buffer, seed: string, index: number): Buffer {
  const key = createHash('sha256').update(`${seed} ${index}`).digest().subarray(0, 12);
  const wrapped = Buffer.concat([HEAD, key, DOC, doc, Buffer.of(0)]);
  wrapped.writeInt32LE(wrapped.length, 0);
  return wrapped;
}

/** `{_id: ObjectId, doc: {…}}`, as far as it is always the same. */
const HEAD = Buffer.from('\0\0\0\0\x07_id\0', 'latin1');
const DOC = Buffer.from('\x03doc\0', 'latin1');

/** Puts documents that were stored under keys into another collection, in the order of the keys. @param most how many at most */
export async function unwrapInOrder(db: Db, from: string, into: string, most: number | undefined): Promise<void> {
  const stages = [
    { $sort: { _id: 1 as const } },
    ...(most === undefined ? [] : [{ $limit: most }]),
    { $replaceRoot: { newRoot: '$doc' } },
    { $merge: { into, whenMatched: 'fail' as const } },
  ];
  await db.collection(from).aggregate(stages, { allowDiskUse: true }).toArray();
}
