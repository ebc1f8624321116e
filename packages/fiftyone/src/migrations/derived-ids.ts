import { createHash } from 'node:crypto';
import { ObjectId } from '../bson/index.js';

/**
 * Makes the ids of a plan: derived from the dataset and the path, so that a plan made again after an interruption has the
 * same ones and inserts nothing twice. They ascend in the order of the calls.
 */
export function derivedIds(dataset: ObjectId, path: string): () => ObjectId {
  let hash: Buffer | undefined;
  let count = 0;
  return () => {
    hash ??= createHash('sha256').update(dataset.id).update(path).digest();
    const id = Buffer.alloc(12);
    id.set(dataset.id.subarray(0, 4), 0);
    id.set(hash.subarray(0, 5), 4);
    id.writeUIntBE(++count, 9, 3);
    return new ObjectId(id);
  };
}
