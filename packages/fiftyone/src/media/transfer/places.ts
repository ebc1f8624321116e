import { resolve, sep } from 'node:path';
import { UsageError } from '../../errors.js';
import type { OpenStore, StoreAndKey } from '../open-stores.js';
import { type MediaStore, pathIn } from '../store.js';

/** The stores of paths that were asked for before. */
export class Places {
  readonly #stores = new Map<string, MediaStore>();

  constructor(readonly open: OpenStore) {}

  /** Opens the store of a path, for `at`. @throws UsageError if it is no path */
  async learn(path: string): Promise<StoreAndKey> {
    const found = await this.open(path);
    this.#stores.set(found.store.root, found.store);
    return found;
  }

  /** Likewise; what a dataset holds may be no path of any store that is known. @returns why it is not */
  async learnSource(path: string): Promise<Error | undefined> {
    try {
      await this.learn(path);
      return undefined;
    } catch (error) {
      if (error instanceof UsageError) return error;
      throw error;
    }
  }

  /** A path that was learnt in the spelling that is the same for all of its spellings. */
  normal(path: string): string {
    const { store, key } = this.at(path);
    return pathIn(store, key);
  }

  /** The store of a path that was learnt. */
  at(path: string): StoreAndKey {
    for (const store of this.#stores.values()) {
      if (!store.isLocal && path.startsWith(store.root)) return { store, key: path.slice(store.root.length) };
    }
    const absolute = ODD.test(path) || sep !== '/' ? resolve(path) : path;
    for (const store of this.#stores.values()) {
      if (!store.isLocal || !absolute.startsWith(store.root)) continue;
      const key = absolute.slice(store.root.length);
      return { store, key: sep === '/' ? key : key.replaceAll(sep, '/') };
    }
    throw new Error(`the store of ${path} was not opened`);
  }
}

/** Whether a path of this machine can be written in a simpler way. */
const ODD = /^[^/]|\/\.{0,2}(?:\/|$)/;
