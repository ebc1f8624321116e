import { type MediaStore, type Source, type StoredObject, StoreError, writeObject } from 'fiftyone/media';

/** A folder of a store, local or in a cloud, in which the files of the index are. */
export interface FileStore {
  readonly store: MediaStore;
  /** What all keys begin with: empty, or ends with a slash. */
  readonly prefix: string;
}

/** Where the content of a file is. A key says what the content is, so to write it twice does no harm. */
export function contentKey({ prefix }: FileStore, folder: 'files' | 'upstream', hash: string, name: string): string {
  return `${prefix}${folder}/${hash.slice(0, 2)}/${hash}/${name}`;
}

/** Writes content, unless it is there already. */
export async function keepContent({ store }: FileStore, key: string, source: Source): Promise<StoredObject> {
  try {
    return await writeObject(store, key, source, { condition: { ifAbsent: true } });
  } catch (error) {
    if (!(error instanceof StoreError) || error.trouble !== 'taken') throw error;
    const there = await store.stat(key);
    if (there?.size === source.size) return there;
    // of another write that was cut off, in a store that does not write at once
    return await writeObject(store, key, source);
  }
}
