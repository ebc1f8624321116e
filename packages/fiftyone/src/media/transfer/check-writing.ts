import { randomUUID } from 'node:crypto';
import { md5 } from '../checksum.js';
import type { MediaStore } from '../store.js';
import { StoreError } from '../store-error.js';
import { LONGEST_KEY } from './key-for.js';

/** A version that no object has. */
const NEVER = '1';

/** Whether a folder of a store may be written to: tried by a write that cannot happen. @throws StoreError */
export async function checkWriting(store: MediaStore, folder: string): Promise<void> {
  const key = `${folder}.fiftyone-${randomUUID()}`;
  // tools for disks have no rights to check
  if (store.isLocal || Buffer.byteLength(key) > LONGEST_KEY) return;
  const empty = Buffer.alloc(0);
  try {
    await store.put(key, empty, md5(empty), { ifVersion: NEVER });
  } catch (error) {
    if (error instanceof StoreError && (error.trouble === 'taken' || error.trouble === 'missing')) return;
    throw error;
  }
  // a server that does not heed conditions
  await store.delete(key);
}
