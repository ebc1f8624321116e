import { type Env, environment } from '../settings.js';
import { type CopyFilesOptions, copyFiles, deleteFiles, type FilesOptions, type FilesReport, moveFiles } from './copy-files.js';
import { type ListFilesOptions, listFiles } from './list-files.js';
import { type MediaCache, mediaCache } from './media-cache.js';
import { readMediaSettings } from './media-settings.js';
import { type MediaOptions, openMedia } from './open-media.js';
import type { OpenStore } from './open-stores.js';

/** Files on this machine and in any cloud: `/data/a.png`, `s3://bucket/a.png`, `gs://…`, `https://ACCOUNT.blob.core.windows.net/…`. */
export interface MediaFiles {
  /** The files in a folder; none if there is no such folder. */
  listFiles(folder: string, options?: ListFilesOptions): Promise<string[]>;
  /** Copies files between any places; what arrives is compared with what was read. */
  copyFiles(inpaths: readonly string[], outpaths: readonly string[], options?: CopyFilesOptions): Promise<FilesReport>;
  /** Likewise, and deletes each file when its copy is there. */
  moveFiles(inpaths: readonly string[], outpaths: readonly string[], options?: CopyFilesOptions): Promise<FilesReport>;
  /** Deletes files; those that are not there count as deleted. */
  deleteFiles(paths: readonly string[], options?: FilesOptions): Promise<FilesReport>;
  /** Copies on this machine of files that are elsewhere. */
  readonly cache: MediaCache;
  /** The store of a path, and its key there. */
  readonly open: OpenStore;
}

/**
 * Media with the credentials and settings of this environment. The SDK of a cloud is loaded when a path first needs it.
 *
 * @param env default: the variables of this process
 * @throws SettingsError with all mistakes
 */
export function mediaFiles({ env = environment(), ...options }: MediaOptions & { readonly env?: Env } = {}): MediaFiles {
  const settings = readMediaSettings(env);
  const open = openMedia(settings, options);
  return {
    listFiles: (folder, how) => listFiles(open, folder, how),
    copyFiles: (inpaths, outpaths, how) => copyFiles(open, inpaths, outpaths, how),
    moveFiles: (inpaths, outpaths, how) => moveFiles(open, inpaths, outpaths, how),
    deleteFiles: (paths, how) => deleteFiles(open, paths, how),
    cache: mediaCache(settings, open),
    open,
  };
}
