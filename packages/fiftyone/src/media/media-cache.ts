import { constants, copyFile, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from '../errors.js';
import { atOnce } from './at-once.js';
import { holdsContent, knownContent } from './checksum.js';
import { copyLatest, type FilesReport, forEachFile } from './copy-files.js';
import { LONGEST_NAME, standIn } from './file-name.js';
import { localStore } from './local-store.js';
import type { MediaSettings } from './media-settings.js';
import type { OpenStore } from './open-stores.js';
import { type Place, placeOf } from './place.js';
import { isRemotePath } from './remote-path.js';
import { sameStamp, withFile } from './source.js';
import type { StoredObject } from './store.js';
import { StoreError } from './store-error.js';
import { fileStamp } from './transfer/file-contents.js';

export interface DownloadOptions {
  /** Ask whether what is in the cache is still what is in the store, and fetch it again if not. Default: false */
  readonly update?: boolean;
  /** Go on with the others when one fails. Default: true */
  readonly skipFailures?: boolean;
  /** Called when a file is done, with the totals up to now. */
  readonly progress?: (done: { readonly files: number; readonly bytes: number }) => void;
}

/** What the cache holds. */
export interface CacheStats {
  readonly cacheDir: string;
  /** How much it may hold. */
  readonly cacheSize: number;
  readonly currentSize: number;
  readonly currentCount: number;
  /** The part of it that is full. */
  readonly loadFactor: number;
}

/** How many files are fetched at once. */
const FILES_AT_ONCE = 32;

/** How full a cache is that was too large and had something removed. */
const EMPTIED = 0.95;

/** Where media of other machines is kept on this one, at the paths that FiftyOne Enterprise gives it: `<cache>/media/s3/<bucket>/<key>`. */
export interface MediaCache {
  /** Where the file is, or would be, on this machine. A local path is its own. */
  localPath(path: string): string;
  /** Where the cache has just this object, if it has it. */
  copyOf(path: string, object: StoredObject): Promise<string | undefined>;
  /** How many bytes the cache has of a file; undefined if it does not have it. */
  sizeOf(path: string): Promise<number | undefined>;
  /** Fetches what is not in the cache; then what was used least recently leaves it, if it is too large. */
  download(paths: readonly string[], options?: DownloadOptions): Promise<FilesReport>;
  /** The local paths, in order, fetched first unless told not to. */
  getLocalPaths(paths: readonly string[], options?: DownloadOptions & { readonly download?: boolean }): Promise<string[]>;
  /**
   * Puts files of this machine into the cache, as copies of what was uploaded from them. One that is not the same any more is left out.
   *
   * @param how `move` takes them away from where they are
   */
  adopt(files: readonly { readonly from: string; readonly to: string }[], how: 'copy' | 'move'): Promise<void>;
  stats(): Promise<CacheStats>;
  /** Deletes these files from the cache; without paths, all. */
  clear(paths?: readonly string[]): Promise<void>;
}

/** The cache of media with these settings. */
export function mediaCache(settings: MediaSettings, open: OpenStore): MediaCache {
  const folder = resolve(settings.cacheDir, 'media');
  const disk = localStore(folder);
  /** The size of the cache, as far as it is known; others may use it too. */
  let size: number | undefined;
  const placeFor = (path: string) => placeOf(path, settings);

  /** Whether the cache has the file, and, if asked, still the one that the store has. */
  async function has(key: string, path: string, update: boolean): Promise<boolean> {
    const here = await disk.stat(key);
    if (here === undefined || !update) return here !== undefined;
    const { store, key: there } = await open(path);
    const object = await store.stat(there);
    if (object === undefined) throw new StoreError(path, 'missing');
    return isSame(object, here);
  }

  async function fetchOne(key: string, path: string, update: boolean): Promise<number> {
    const file = join(folder, key);
    if ((await has(key, path, update)) && (await used(file))) return 0;
    const object = await copyLatest(await open(path), { store: disk, key });
    // so that a later look sees whether it is still the same
    await utimes(file, new Date(), object.modified).catch(unlessGone);
    return object.size;
  }

  async function download(
    paths: readonly string[],
    { update = false, skipFailures = true, progress }: DownloadOptions = {},
  ): Promise<FilesReport> {
    const keep = new Set<string>();
    const fetch = async (path: string): Promise<number> => {
      const key = keyOf(path);
      keep.add(key);
      return await fetchOne(key, path, update);
    };
    const remote = [...new Set(paths)].filter(isRemotePath);
    const report = await forEachFile(remote, { skipFailures, ...(progress && { progress }) }, fetch, FILES_AT_ONCE);
    if (report.bytes > 0) await shrink(report.bytes, keep);
    return report;
  }

  async function adoptOne(from: string, to: string, how: 'copy' | 'move'): Promise<{ key: string; size: number } | undefined> {
    const place = placeFor(to);
    if (place.kind === 'local') return undefined;
    const there = await open(to);
    const [object, before] = await Promise.all([there.store.stat(there.key), fileStamp(from).catch(() => undefined)]);
    if (before === undefined || object?.size !== before.size) return undefined;
    const key = cacheKey(place);
    const file = join(folder, key);
    await mkdir(dirname(file), { recursive: true });
    // never half a file, or another one, under the name by which it is found
    const partial = `${file}.${process.pid}.partial`;
    await copyFile(from, partial, constants.COPYFILE_FICLONE);
    if (!(await withFile(partial, (source) => holdsContent(there.store, object, knownContent(source))))) {
      await rm(partial, { force: true });
      return undefined;
    }
    await utimes(partial, new Date(), object.modified);
    await rename(partial, file);
    if (how === 'move' && sameStamp(before, await fileStamp(from).catch(() => undefined))) await rm(from, { force: true });
    return { key, size: before.size };
  }

  /** @throws StoreError if a path is none of a file in a store, which is a failure like others */
  function keyOf(path: string): string {
    try {
      return cacheKey(placeFor(path));
    } catch (error) {
      throw error instanceof UsageError
        ? new StoreError(path, 'refused', 'this is no file of a store that is known here')
        : error;
    }
  }

  /** Deletes what was used least recently until the cache is no larger than it may be; never what was just asked for. */
  async function shrink(added: number, keep: ReadonlySet<string>): Promise<void> {
    // looking through a large cache takes seconds: as long as it cannot be full what was added is all there is to know
    size = size === undefined ? Number.POSITIVE_INFINITY : size + added;
    if (size <= settings.cacheSizeBytes) return;
    const files = (await filesBelow(folder)).sort((a, b) => a.used - b.used);
    size = files.reduce((sum, file) => sum + file.size, 0);
    if (size <= settings.cacheSizeBytes) return;
    for (const file of files) {
      if (size <= settings.cacheSizeBytes * EMPTIED) return;
      if (keep.has(file.key)) continue;
      await rm(join(folder, file.key), { force: true });
      size -= file.size;
    }
  }

  const localPath = (path: string): string => {
    const place = placeFor(path);
    return place.kind === 'local' ? path : join(folder, cacheKey(place));
  };

  return {
    localPath,
    async sizeOf(path) {
      return (await disk.stat(cacheKey(placeFor(path))))?.size;
    },
    async copyOf(path, object) {
      const key = cacheKey(placeFor(path));
      const here = await disk.stat(key);
      return here !== undefined && isSame(object, here) ? join(folder, key) : undefined;
    },
    download,
    async getLocalPaths(paths, { download: fetch = true, ...options } = {}) {
      if (fetch) await download(paths, options);
      return paths.map(localPath);
    },
    async adopt(files, how) {
      const keep = new Set<string>();
      let added = 0;
      await atOnce(files, FILES_AT_ONCE, async ({ from, to }) => {
        const adopted = await adoptOne(from, to, how);
        if (adopted === undefined) return;
        keep.add(adopted.key);
        added += adopted.size;
      });
      if (keep.size > 0) await shrink(added, keep);
    },
    async stats() {
      const files = await filesBelow(folder);
      const currentSize = files.reduce((sum, { size }) => sum + size, 0);
      const { cacheDir, cacheSizeBytes: cacheSize } = settings;
      return { cacheDir, cacheSize, currentSize, currentCount: files.length, loadFactor: currentSize / cacheSize };
    },
    async clear(paths) {
      if (paths === undefined) return await rm(folder, { recursive: true, force: true });
      for (const place of paths.map(placeFor)) if (place.kind !== 'local') await disk.delete(cacheKey(place));
    },
  };
}

/** The key of a file in the cache. Names that no disk takes are replaced by what stands for them. */
function cacheKey({ kind, root, bucket, key }: Place): string {
  const host = kind === 'http' ? new URL(root).host : bucket;
  if (key === '' || key.endsWith('/')) throw new UsageError(`${root}${key}: is not the path of a file`);
  return [kind, host, ...key.split('/')].map(fileName).join('/');
}

function fileName(name: string): string {
  const isPlain = !['', '.', '..'].includes(name) && !/[\0\\:*?"<>|]/.test(name) && Buffer.byteLength(name) <= LONGEST_NAME;
  return isPlain ? name : standIn(name);
}

interface CachedFile {
  readonly key: string;
  readonly size: number;
  /** When it was used last, in milliseconds. */
  readonly used: number;
}

async function filesBelow(folder: string, from = ''): Promise<CachedFile[]> {
  const entries = await readdir(join(folder, from), { withFileTypes: true }).catch((error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  const found: CachedFile[] = [];
  for (const entry of entries) {
    const key = from === '' ? entry.name : `${from}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await filesBelow(folder, key)));
    else {
      const file = await stat(join(folder, key)).catch(unlessGone);
      if (file) found.push({ key, size: file.size, used: file.atimeMs });
    }
  }
  return found;
}

/** Notes that a file is used. @returns whether it is still there */
async function used(file: string): Promise<boolean> {
  const there = await stat(file).catch(unlessGone);
  if (there) await utimes(file, new Date(), there.mtime).catch(unlessGone);
  return there !== undefined;
}

/** Others use the cache too, and may have removed a file. */
function unlessGone(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

/** Whether a file in the cache was made of this object. */
function isSame(object: StoredObject, here: StoredObject): boolean {
  return object.size === here.size && seconds(object.modified) === seconds(here.modified);
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
