import type { OpenStore } from './open-stores.js';
import { listObjects } from './store.js';

export interface ListFilesOptions {
  /** Give whole paths. Default: paths below the folder */
  readonly absPaths?: boolean;
  /** Go into the folders below. Default: false */
  readonly recursive?: boolean;
  /** Give files whose name begins with a dot, too. Default: false */
  readonly includeHiddenFiles?: boolean;
  /** Default: true */
  readonly sort?: boolean;
}

/** The files in a folder of any store; none if there is no such folder. */
export async function listFiles(open: OpenStore, folder: string, options: ListFilesOptions = {}): Promise<string[]> {
  const { absPaths = false, recursive = false, includeHiddenFiles = false, sort = true } = options;
  const { store, key } = await open(folder);
  const prefix = key === '' || key.endsWith('/') ? key : `${key}/`;
  const found: string[] = [];
  for await (const object of listObjects(store, prefix, !recursive)) {
    const below = object.key.slice(prefix.length);
    const name = below.slice(below.lastIndexOf('/') + 1);
    // some tools make an empty object with a slash at the end for a folder
    if (name === '' || (name.startsWith('.') && !includeHiddenFiles)) continue;
    found.push(absPaths ? `${store.root}${object.key}` : below);
  }
  return sort ? found.sort() : found;
}
