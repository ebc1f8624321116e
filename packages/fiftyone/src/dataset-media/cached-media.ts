import { checkOptions, type OptionNames } from '../check-options.js';
import type { SampleCollection } from '../datasets/sample-collection.js';
import { UsageError } from '../errors.js';
import { atOnce } from '../media/at-once.js';
import type { FilesReport } from '../media/copy-files.js';
import { type CacheStats, type DownloadOptions, type MediaCache, mediaCache } from '../media/media-cache.js';
import { type MediaSettings, readMediaSettings } from '../media/media-settings.js';
import { openMedia } from '../media/open-media.js';
import { isRemotePath } from '../media/remote-path.js';
import { environment } from '../settings.js';
import { values } from '../values/values.js';
import { mediaFieldOf, shownMediaFields } from './find-field.js';
import { inSlices } from './in-slices.js';
import { mediaReferences } from './references.js';
import { isScene, sceneAssets } from './scene-assets.js';

/** Which media of samples are meant. */
export interface CachedMediaOptions {
  /** Such as `filepath`, or a label whose masks are meant. Default: all media fields */
  readonly mediaFields?: string | readonly string[];
  /** Slices of a grouped dataset. Default: all of them */
  readonly groupSlices?: string | readonly string[];
  /** Also the files that 3D scenes name. Default: true */
  readonly includeAssets?: boolean;
}

export interface DownloadMediaOptions extends CachedMediaOptions, DownloadOptions {}

export type DownloadScenesOptions = DownloadOptions;

export interface LocalPathsOptions extends Omit<DownloadOptions, 'update'> {
  /** Also a label whose masks are meant. Default: `filepath` */
  readonly mediaField?: string;
  /** Also fetch the files that 3D scenes name. Default: true */
  readonly includeAssets?: boolean;
  /** Default: true. Otherwise the paths are those that the files would have. */
  readonly download?: boolean;
}

/** How many files of the cache are looked at at once. */
const FILES_AT_ONCE = 32;

/**
 * Fetches media that are in stores into the media cache; of a grouped dataset all slices.
 *
 * @throws UsageError for fields and slices that there are not; StoreError for a file that fails, if failures are not to be skipped
 */
export async function downloadMedia(samples: SampleCollection, options: DownloadMediaOptions = {}): Promise<FilesReport> {
  checkOptions('downloadMedia', options, DOWNLOAD);
  const fetching = new Fetching(options);
  for await (const paths of mediaOf(samples, options)) await fetching.fetch(paths, options.includeAssets ?? true);
  return fetching.report();
}

/** Fetches 3D scenes into the media cache, without what they name. @throws likewise */
export async function downloadScenes(samples: SampleCollection, options: DownloadScenesOptions = {}): Promise<FilesReport> {
  checkOptions('downloadScenes', options, SCENES);
  const fetching = new Fetching(options);
  for await (const paths of mediaOf(samples, { mediaFields: 'filepath' })) await fetching.fetch(paths.filter(isScene), false);
  return fetching.report();
}

/**
 * Where the files of a media field are on this machine, in the shape of `values`: fetched first, unless told not to. What cannot be
 * fetched has the path that it would have.
 *
 * @throws likewise
 */
export async function getLocalPaths(samples: SampleCollection, options: LocalPathsOptions = {}): Promise<unknown[]> {
  checkOptions('getLocalPaths', options, LOCAL_PATHS);
  const { mediaField = 'filepath', includeAssets = true, download = true, ...how } = options;
  const found = await values(samples, mediaFieldOf(samples, mediaField).name);
  const fetching = new Fetching(how);
  if (download) await fetching.fetch([...new Set(textsIn(found))].filter(isRemotePath), includeAssets);
  const localOf = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(localOf);
    return typeof value === 'string' ? fetching.localPath(value) : value;
  };
  return found.map(localOf);
}

/** How much of the media cache these samples have; `loadFactor` is their part of all that it may hold. @throws UsageError likewise */
export async function cacheStats(samples: SampleCollection, options: CachedMediaOptions = {}): Promise<CacheStats> {
  checkOptions('cacheStats', options, WHICH);
  const { cache, settings, localPath, assets } = reach();
  const seen = new Set<string>();
  let [currentSize, currentCount] = [0, 0];
  for await (const paths of mediaOf(samples, options)) {
    const more = options.includeAssets === false ? [] : await assets(paths);
    await atOnce([...paths, ...more], FILES_AT_ONCE, async (path) => {
      const at = localPath(path);
      if (at === path || seen.has(at)) return;
      const size = await cache.sizeOf(path);
      // asked again: the same path may have been looked at meanwhile
      if (size === undefined || seen.has(at)) return;
      seen.add(at);
      currentSize += size;
      currentCount++;
    });
  }
  const { cacheDir, cacheSizeBytes: cacheSize } = settings;
  return { cacheDir, cacheSize, currentSize, currentCount, loadFactor: currentSize / cacheSize };
}

/** Deletes media of these samples from the media cache. @throws UsageError likewise */
export async function clearMedia(samples: SampleCollection, options: CachedMediaOptions = {}): Promise<void> {
  checkOptions('clearMedia', options, WHICH);
  const { cache, localPath, assets } = reach();
  for await (const paths of mediaOf(samples, options)) {
    const more = options.includeAssets === false ? [] : await assets(paths);
    await cache.clear([...paths, ...more].filter((path) => localPath(path) !== path));
  }
}

const WHICH: OptionNames<CachedMediaOptions> = { mediaFields: 'anything', groupSlices: 'anything', includeAssets: 'boolean' };
const HOW: OptionNames<Required<Pick<DownloadOptions, 'skipFailures' | 'progress'>>> = {
  skipFailures: 'boolean',
  progress: 'function',
};
const SCENES = { ...HOW, update: 'boolean' } as const;
const DOWNLOAD: OptionNames<DownloadMediaOptions> = { ...WHICH, ...SCENES };
const LOCAL_PATHS: OptionNames<LocalPathsOptions> = {
  ...HOW,
  mediaField: 'string',
  includeAssets: 'boolean',
  download: 'boolean',
};

interface Reach {
  readonly settings: MediaSettings;
  readonly cache: MediaCache;
  /** Where a file is in the cache, or the path itself if that is none of a store. */
  readonly localPath: (path: string) => string;
  /** What the scenes among these files name that is in stores, as far as the cache has them. */
  readonly assets: (paths: readonly string[]) => Promise<string[]>;
}

function reach(): Reach {
  const settings = readMediaSettings(environment());
  const cache = mediaCache(settings, openMedia(settings));
  const localPath = (path: string) => {
    try {
      return cache.localPath(path);
    } catch (error) {
      if (error instanceof UsageError) return path;
      throw error;
    }
  };
  const assets = async (paths: readonly string[]) => (await sceneAssets(paths, localPath, settings)).filter(isRemotePath);
  return { settings, cache, localPath, assets };
}

/** Fetches some files after the other, and adds up what became of them. */
class Fetching {
  readonly #reach = reach();
  readonly #failed: FilesReport['failed'][number][] = [];
  #files = 0;
  #bytes = 0;

  constructor(readonly options: DownloadOptions) {}

  async fetch(paths: readonly string[], withAssets: boolean): Promise<void> {
    await this.#fetch(paths);
    if (withAssets) await this.#fetch(await this.#reach.assets(paths));
  }

  localPath(path: string): string {
    return this.#reach.localPath(path);
  }

  report(): FilesReport {
    return { done: this.#files, bytes: this.#bytes, failed: this.#failed };
  }

  async #fetch(paths: readonly string[]): Promise<void> {
    const [before, { progress, ...how }] = [this.report(), this.options];
    const tell = ({ files, bytes }: { files: number; bytes: number }) =>
      progress?.({ files: before.done + files, bytes: before.bytes + bytes });
    const { done, bytes, failed } = await this.#reach.cache.download(paths, { ...how, progress: tell });
    this.#files += done;
    this.#bytes += bytes;
    this.#failed.push(...failed);
  }
}

/** The addresses of media in stores, each once in a batch. */
async function* mediaOf(samples: SampleCollection, options: CachedMediaOptions): AsyncGenerator<string[]> {
  const { mediaFields, groupSlices } = options;
  const fields =
    mediaFields === undefined ? shownMediaFields(samples) : [mediaFields].flat().map((name) => mediaFieldOf(samples, name));
  const chosen = groupSlices === undefined ? samples : inSlices(samples, [groupSlices].flat());
  for await (const batch of mediaReferences(chosen, fields)) {
    const paths = [...new Set(batch.map(({ path }) => path))].filter(isRemotePath);
    if (paths.length > 0) yield paths;
  }
}

function textsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return typeof value === 'string' ? [value] : [];
}
