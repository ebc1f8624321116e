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
import type { StoredObject } from '../../media/store.js';
import { StoreError } from '../../media/store-error.js';
import { lookUp } from '../../media/transfer/look-up.js';
import { writeObject } from '../../media/write-object.js';
import type { Env } from '../../settings.js';
import type { Checked } from './copy-media.js';
import type { MediaFile } from './media.js';

/** How many files are asked for or fetched at once; how many requests is for the stores to say. */
export const FILES_AT_ONCE = 64;

/** What is needed to reach stores, made when the first path into one is met. */
interface Reach {
  readonly settings: MediaSettings;
  readonly open: OpenStore;
  readonly cache: MediaCache;
}

/** Media of an export that are in stores and not on this machine. */
export class CloudMedia {
  /** What is known of files that are not fetched yet, by their paths. */
  readonly #objects = new Map<string, StoredObject>();
  /** Where scenes are on this machine, by their paths. */
  readonly #scenes = new Map<string, string>();
  /** The stores that answer, by their roots. */
  readonly #answering = new Map<string, Promise<void>>();
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
  async check(paths: Iterable<string>, tell: (done: number) => void): Promise<Checked> {
    const problems = new Map<string, string>();
    let done = 0;
    const said = (path: string, found: StoredObject | string) => {
      if (typeof found === 'string') problems.set(path, found);
      else this.#objects.set(path, found);
      tell(++done);
    };
    const alone: string[] = [];
    for (const [root, ofStore] of this.#byStore(paths)) {
      const isListed = root !== undefined && (await this.#lookUp(root, ofStore, said));
      if (!isListed) alone.push(...ofStore.filter((path) => !this.#objects.has(path) && !problems.has(path)));
    }
    await atOnce(alone, FILES_AT_ONCE, async (path) => said(path, await this.#look(path)));
    const found = [...paths].flatMap((path) => {
      const object = this.#objects.get(path);
      return object === undefined ? [] : ([[path, object.size]] as const);
    });
    return { sizes: new Map(found), bad: problems };
  }

  /** The paths by the root of their store; undefined for those that can be asked for one by one only. */
  #byStore(paths: Iterable<string>): Map<string | undefined, string[]> {
    const stores = new Map<string | undefined, string[]>();
    for (const path of paths) {
      const { kind, root, key } = this.#placeOf(path) as Place;
      const store = kind === 'http' || !isKeyOfFile(key) ? undefined : root;
      const known = stores.get(store);
      if (known === undefined) stores.set(store, [path]);
      else known.push(path);
    }
    return stores;
  }

  /** Asks for many files of a store by few lists. @returns false if the store may not be listed */
  async #lookUp(
    root: string,
    paths: readonly string[],
    said: (path: string, found: StoredObject | string) => void,
  ): Promise<boolean> {
    const from = await this.#reach().open(paths[0] as string);
    await this.#answers(from);
    const open = new Set(paths.filter((path) => !this.#objects.has(path)));
    const tell = (key: string, found: StoredObject | string) => {
      const path = `${root}${key}`;
      if (open.delete(path)) said(path, found);
    };
    try {
      await lookUp(from.store, {
        keys: () => paths.map((path) => path.slice(root.length)),
        count: paths.length,
        isOpen: (key) => open.has(`${root}${key}`),
        found: async (object) => tell(object.key, object),
        failed: (key, error) => tell(key, problemOf(error)),
      });
    } catch (error) {
      if (error instanceof StoreError && error.trouble === 'denied') return false;
      throw error;
    }
    for (const path of open) said(path, MISSING);
    return true;
  }

  /** Fetches the scenes among these paths: what they name belongs into the export, too. */
  async fetchScenes(paths: Iterable<string>): Promise<void> {
    const isNew = (path: string) => isRemotePath(path) && !this.#scenes.has(path) && isScene(path) && this.has(path);
    await atOnce(new Set([...paths].filter(isNew)), FILES_AT_ONCE, async (path) => {
      // what is not there is told of with all else that is not
      if (typeof (await this.#look(path)) === 'string') return;
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

  /** What is there, or why it cannot be exported. */
  async #look(path: string): Promise<StoredObject | string> {
    const known = this.#objects.get(path);
    if (known !== undefined) return known;
    const { kind, key } = this.#placeOf(path) as Place;
    if (!isKeyOfFile(key)) return 'is no file';
    const from = await this.#reach().open(path);
    if (kind !== 'http') await this.#answers(from);
    const found = await problemOr(() => from.store.stat(key));
    if (typeof found !== 'string') this.#objects.set(path, found);
    return found;
  }

  /** Finds out once whether a store can be used at all: a bucket that is not there has nothing, and says no more. */
  #answers(from: StoreAndKey): Promise<void> {
    const { root } = from.store;
    const known = this.#answering.get(root);
    if (known !== undefined) return known;
    const asking = ask(from);
    this.#answering.set(root, asking);
    return asking;
  }

  async #fetch(path: string, to: string, sent?: (bytes: number) => void): Promise<void> {
    const { open, cache } = this.#reach();
    const object = this.#objects.get(path);
    this.#objects.delete(path);
    const cached = object && (await cache.copyOf(path, object));
    // the cache may let it go meanwhile
    const isThere = cached !== undefined && (await copiedFromDisk(cached, to, sent));
    if (!isThere) await copyLatest(await open(path), local(to), object, sent);
  }

  #placeOf(path: string): Place | undefined {
    try {
      const place = placeOf(path, this.#reach().settings);
      return place.kind === 'local' ? undefined : place;
    } catch (error) {
      if (error instanceof UsageError && !(error instanceof SettingsError)) return undefined;
      throw error;
    }
  }

  #reach(): Reach {
    if (this.#reached === undefined) {
      const settings = readMediaSettings(this.env);
      const open = openMedia(settings);
      this.#reached = { settings, open, cache: mediaCache(settings, open) };
    }
    return this.#reached;
  }
}

/** @throws StoreError if no such bucket is there, or the login is refused */
async function ask({ store, key }: StoreAndKey): Promise<void> {
  const found = await problemOr(() => store.stat(key));
  if (typeof found !== 'string') return;
  try {
    await store.list(key);
  } catch (error) {
    // who may not list may still read
    if (found === MISSING && error instanceof StoreError && error.trouble === 'denied') return;
    throw error;
  }
}

const MISSING = 'is missing';

/** What is found, or why this one file cannot be read. */
async function problemOr(look: () => Promise<StoredObject | undefined>): Promise<StoredObject | string> {
  try {
    return (await look()) ?? MISSING;
  } catch (error) {
    return problemOf(error);
  }
}

/** Why this one file cannot be read. @throws what keeps others from being read, too */
function problemOf(error: unknown): string {
  if (!(error instanceof StoreError)) throw error;
  if (error.trouble === 'missing') return MISSING;
  if (error.trouble !== 'denied' && error.trouble !== 'refused') throw error;
  return `cannot be read (${error.detail ?? error.trouble})`;
}

function isKeyOfFile(key: string): boolean {
  return key !== '' && !key.endsWith('/');
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
