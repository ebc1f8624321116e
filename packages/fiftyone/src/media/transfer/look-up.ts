import { atOnce } from '../at-once.js';
import type { MediaStore, Page, StoredObject } from '../store.js';
import { StoreError } from '../store-error.js';

/** So few keys are asked for one by one. */
const FEW = 20;

/** A page of a list may cost as much as so many questions for one key: it has 1,000 objects, but comes after the one before. */
const KEYS_PER_PAGE = 50;

/** How many questions, or comparisons of what was found, are under way at once. */
const AT_ONCE = 64;

/** Into so many folders at most, with a list each, keys are divided. */
const MOST_FOLDERS = 8;

export interface LookUp {
  /** The keys to look for; gone through more than once. */
  readonly keys: () => Iterable<string>;
  /** How many they are. */
  readonly count: number;
  /** Called for objects of which some were not asked for. @returns whether it was */
  readonly found: (object: StoredObject) => Promise<unknown>;
  /** Whether nothing was found there up to now. */
  readonly isOpen: (key: string) => boolean;
  /** Called for a key that cannot be asked for. Default: that ends it all */
  readonly failed?: ((key: string, error: StoreError) => void) | undefined;
}

/**
 * Looks what is at many keys of a store: by few lists instead of very many questions, unless so much else is in the same folders that
 * questions are cheaper.
 *
 * @throws StoreError `denied` or `no bucket`
 */
export async function lookUp(store: MediaStore, { keys, count, found, isOpen, failed }: LookUp): Promise<void> {
  if (count === 0) return;
  let pages = count < FEW ? 0 : Math.ceil(count / KEYS_PER_PAGE);
  let isComplete = pages > 0;
  for (const { prefix, isShallow } of pages > 0 ? foldersOf(keys) : []) {
    let next = pages > 0 ? listed(store, prefix, isShallow) : undefined;
    isComplete &&= next !== undefined;
    while (next !== undefined) {
      const page: Page | undefined = await next;
      pages = page === undefined ? 0 : pages - 1;
      isComplete &&= page !== undefined && (page.next === undefined || pages > 0);
      // comes while this page is compared
      next = page?.next !== undefined && pages > 0 ? listed(store, prefix, isShallow, page.next) : undefined;
      next?.catch(() => {});
      await atOnce(page?.objects ?? [], AT_ONCE, async (object) => void (await found(object)));
    }
  }
  if (isComplete) return;
  await atOnce(keys(), AT_ONCE, async (key) => {
    if (!isOpen(key)) return;
    const object = await store.stat(key).catch((error) => {
      if (failed === undefined || !(error instanceof StoreError)) throw error;
      failed(key, error);
      return undefined;
    });
    if (object !== undefined) await found(object);
  });
}

/** What is at plain addresses can only be asked for: undefined. */
async function listed(store: MediaStore, prefix: string, shallow: boolean, page?: string): Promise<Page | undefined> {
  return await store.list(prefix, { shallow, page }).catch((error) => {
    if (error instanceof StoreError && error.trouble === 'refused') return undefined;
    throw error;
  });
}

interface Folder {
  readonly prefix: string;
  /** Whether no key is in a folder below. */
  readonly isShallow: boolean;
}

/** The folders that together hold all keys: the smallest one, or, if they are few, those in it. */
function foldersOf(keys: () => Iterable<string>): Folder[] {
  let common: string | undefined;
  for (const key of keys()) common = common === undefined ? folderOf(key) : commonFolder(common, key);
  const start = common ?? '';
  const below = new Set<string>();
  let isShallow = true;
  for (const key of keys()) {
    const slash = key.indexOf('/', start.length);
    isShallow &&= slash < 0;
    if (below.size <= MOST_FOLDERS) below.add(slash < 0 ? start : key.slice(0, slash + 1));
  }
  if (below.has(start) || below.size > MOST_FOLDERS) return [{ prefix: start, isShallow }];
  return [...below].map((prefix) => ({ prefix, isShallow: false }));
}

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}

function commonFolder(folder: string, key: string): string {
  let common = folder;
  while (!key.startsWith(common)) common = folderOf(common.slice(0, -1));
  return common;
}
