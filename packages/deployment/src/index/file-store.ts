import {
  type MediaStore,
  openMedia,
  readMediaSettings,
  type Source,
  type StoredObject,
  StoreError,
  writeObject,
} from 'fiftyone/media';

/** A folder of a store, local or in a cloud, in which the files of the index are. */
export interface FileStore {
  readonly store: MediaStore;
  /** What all keys begin with: empty, or ends with a slash. */
  readonly prefix: string;
}

/**
 * A folder as a path says it: `/var/lib/index`, `s3://bucket/index`. Clouds are reached as the SDK reaches them.
 *
 * @throws UsageError, SettingsError
 */
export async function openFileStore(path: string, env: Readonly<Record<string, string | undefined>>): Promise<FileStore> {
  const { store, key } = await openMedia(readMediaSettings(env))(path);
  return { store, prefix: key === '' || key.endsWith('/') ? key : `${key}/` };
}

/** Where the content of a file is. A key says what the content is, so to write it twice does no harm. */
export function contentKey({ prefix }: FileStore, folder: 'files' | 'upstream', hash: string, name: string): string {
  return `${prefix}${folder}/${hash.slice(0, 2)}/${hash}/${name}`;
}

/** What no record knows of is deleted at this age: younger, it may be of an upload that is under way. */
export const ORPHAN_MS = 24 * 3600 * 1000;

/** Writes content, unless it is there already. */
export async function keepContent({ store }: FileStore, key: string, source: Source): Promise<StoredObject> {
  try {
    return await writeObject(store, key, source, { condition: { ifAbsent: true } });
  } catch (error) {
    if (!(error instanceof StoreError) || error.trouble !== 'taken') throw error;
    const there = await store.stat(key);
    const isYoung = there !== undefined && Date.now() - there.modified.getTime() < ORPHAN_MS / 2;
    if (there?.size === source.size && isYoung) return there;
    // what nobody knew of until now could be swept away just now
    return await writeObject(store, key, source);
  }
}
