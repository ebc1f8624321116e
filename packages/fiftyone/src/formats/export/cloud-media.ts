import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isScene } from '../../dataset-media/scene-assets.js';
import { SettingsError, UsageError } from '../../errors.js';
import { atOnce } from '../../media/at-once.js';
import { pathBeside } from '../../media/beside.js';
import { copyLatest, copyObject } from '../../media/copy-files.js';
import { localStore } from '../../media/local-store.js';
import { type MediaCache, mediaCache } from '../../media/media-cache.js';
import { type MediaSettings, readMediaSettings } from '../../media/media-settings.js';
import { openMedia } from '../../media/open-media.js';
import type { OpenStore, StoreAndKey } from '../../media/open-stores.js';
import { type Place, placeOf } from '../../media/place.js';
import { isRemotePath } from '../../media/remote-path.js';
import { bytesSource } from '../../media/source.js';
import { StoreError } from '../../media/store-error.js';
import { writeObject } from '../../media/write-object.js';
import type { Env } from '../../settings.js';
import { CloudFiles, FILES_AT_ONCE } from './cloud-files.js';
import type { Checked } from './copy-media.js';
import type { MediaFile } from './media.js';

/** What is needed to reach stores, made when the first path into one is met. */
interface Reach {
  readonly settings: MediaSettings;
  readonly open: OpenStore;
  readonly cache: MediaCache;
  readonly files: CloudFiles;
}

/** Media of an export that are in stores and not on this machine. */
export class CloudMedia {
  /** Where scenes are on this machine, by their paths. */
  readonly #scenes = new Map<string, string>();
  #reached: Reach | undefined;

  /** @param folder where scenes are kept for this export */
  constructor(
    readonly env: Env,
    readonly folder: string,
  ) {}

  /** Whether a path leads into a store that is known here. */
  has(path: string): boolean {
    return this.#placeOf(path) !== undefined;
  }

  /** A path as files are named for it: what an address asks for besides is no part of that. */
  named(path: string): string {
    return this.#placeOf(path)?.kind === 'http' ? path.replace(/[?#].*$/s, '') : path;
  }

  /** Where a path leads that stands in a scene of a store; undefined if out of its bucket. */
  beside(scene: string, path: string): string | undefined {
    return pathBeside(scene, path, this.#reach().settings);
  }

  /** Where a scene is on this machine, if it was fetched. */
  sceneAt(path: string): string | undefined {
    return this.#scenes.get(path);
  }

  /**
   * Asks whether files are there.
   *
   * @throws StoreError if there is no such bucket, the login is refused, or the server does not answer
   */
  async check(paths: ReadonlySet<string>, tell: (done: number) => void): Promise<Checked> {
    if (paths.size === 0) return { sizes: new Map(), bad: new Map() };
    return await this.#reach().files.check(paths, tell);
  }

  /** Fetches the scenes among these paths: what they name belongs into the export, too. */
  async fetchScenes(paths: Iterable<string>): Promise<void> {
    const isNew = (path: string) => isRemotePath(path) && !this.#scenes.has(path) && isScene(path) && this.has(path);
    await atOnce(new Set([...paths].filter(isNew)), FILES_AT_ONCE, async (path) => {
      // what is not there is told of with all else that is not
      if (typeof (await this.#reach().files.look(path)) === 'string') return;
      const at = join(this.folder, String(this.#scenes.size));
      this.#scenes.set(path, at);
      await this.#fetch(path, at);
    });
  }

  /**
   * Brings a file into the export.
   *
   * @param rewrite what becomes of the text of a scene; undefined if it stays as it is
   * @param sent is told how many bytes more are there. @throws to end it
   */
  async copy({ from }: MediaFile, to: string, rewrite: (text: string) => string | undefined, sent: (bytes: number) => void) {
    const scene = this.sceneAt(from);
    if (scene === undefined) return await this.#fetch(from, to, sent);
    const bytes = await readFile(scene);
    const text = rewrite(bytes.toString());
    const { store, key } = local(to);
    await writeObject(store, key, bytesSource(text === undefined ? bytes : Buffer.from(text)));
    sent(bytes.length);
  }

  async #fetch(path: string, to: string, sent?: (bytes: number) => void): Promise<void> {
    const { open, cache, files } = this.#reach();
    const object = files.take(path);
    const cached = object && (await cache.copyOf(path, object));
    // the cache may let it go meanwhile
    const isThere = cached !== undefined && (await copiedFromDisk(cached, to, sent));
    if (!isThere) await copyLatest(await open(path), local(to), object, sent);
  }

  #placeOf(path: string): Place | undefined {
    try {
      return this.#reach().files.placeOf(path);
    } catch (error) {
      if (error instanceof UsageError && !(error instanceof SettingsError)) return undefined;
      throw error;
    }
  }

  #reach(): Reach {
    if (this.#reached === undefined) {
      const settings = readMediaSettings(this.env);
      const open = openMedia(settings);
      const files = new CloudFiles(open, (path) => placeOf(path, settings));
      this.#reached = { settings, open, cache: mediaCache(settings, open), files };
    }
    return this.#reached;
  }
}

/** @returns whether it was there */
async function copiedFromDisk(from: string, to: string, sent?: (bytes: number) => void): Promise<boolean> {
  try {
    await copyObject(local(from), local(to), true, undefined, sent);
    return true;
  } catch (error) {
    if (error instanceof StoreError && (error.trouble === 'missing' || error.trouble === 'changed')) return false;
    throw error;
  }
}

/** A file of this machine, as stores have it. */
function local(path: string): StoreAndKey {
  return { store: localStore(dirname(path)), key: basename(path) };
}
