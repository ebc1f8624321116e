import { atOnce } from '../../media/at-once.js';
import type { OpenStore, StoreAndKey } from '../../media/open-stores.js';
import type { Place } from '../../media/place.js';
import type { StoredObject } from '../../media/store.js';
import { StoreError } from '../../media/store-error.js';
import { lookUp } from '../../media/transfer/look-up.js';
import type { Checked } from './copy-media.js';

/** How many files are asked for or fetched at once; how many requests is for the stores to say. */
export const FILES_AT_ONCE = 64;

/** Files of stores, and what is known of them. */
export class CloudFiles {
  /** By their paths, as long as nobody has taken them. */
  readonly #objects = new Map<string, StoredObject>();
  /** The stores that answer, by their roots. */
  readonly #answering = new Map<string, Promise<void>>();

  constructor(
    readonly open: OpenStore,
    readonly placeOf: (path: string) => Place,
  ) {}

  /** What is known of a file that is fetched now, and is forgotten. */
  take(path: string): StoredObject | undefined {
    const object = this.#objects.get(path);
    this.#objects.delete(path);
    return object;
  }

  /** What is there, or why it cannot be exported. */
  async look(path: string): Promise<StoredObject | string> {
    const known = this.#objects.get(path);
    if (known !== undefined) return known;
    const { kind, key } = this.placeOf(path);
    if (!isKeyOfFile(key)) return 'is no file';
    const from = await this.open(path);
    if (kind !== 'http') await this.#answers(from);
    const found = await problemOr(() => from.store.stat(key));
    if (typeof found !== 'string') this.#objects.set(path, found);
    return found;
  }

  /**
   * Asks whether files are there.
   *
   * @throws StoreError if there is no such bucket, the login is refused, or the server does not answer
   */
  async check(paths: ReadonlySet<string>, tell: (done: number) => void): Promise<Checked> {
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
    await atOnce(alone, FILES_AT_ONCE, async (path) => said(path, await this.look(path)));
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
      const { kind, root, key } = this.placeOf(path);
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
    const from = await this.open(paths[0] as string);
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

  /** Finds out once whether a store can be used at all: a bucket that is not there has nothing, and says no more. */
  #answers(from: StoreAndKey): Promise<void> {
    const { root } = from.store;
    const known = this.#answering.get(root);
    if (known !== undefined) return known;
    const asking = ask(from);
    this.#answering.set(root, asking);
    return asking;
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
