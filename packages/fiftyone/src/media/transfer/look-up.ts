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

/** So many keys in one folder are listed by what comes next in them: lists of parts go at once, pages of one list do not. */
const MANY = 5000;
const MOST_PARTS = 64;
const LISTS_AT_ONCE = 8;

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
  const nextPage = async (prefix: string, shallow: boolean, page?: string): Promise<Page | undefined> => {
    if (pages <= 0) return undefined;
    pages--;
    return await listed(store, prefix, shallow, page);
  };
  await atOnce(isComplete ? prefixesOf(keys, count, pages / 2) : [], LISTS_AT_ONCE, async ({ prefix, isShallow }) => {
    let next: Promise<Page | undefined> | undefined = nextPage(prefix, isShallow);
    while (next !== undefined) {
      const page: Page | undefined = await next;
      isComplete &&= page !== undefined;
      // comes while this page is compared
      next = page?.next === undefined ? undefined : nextPage(prefix, isShallow, page.next);
      next?.catch(() => {});
      await atOnce(page?.objects ?? [], AT_ONCE, async (object) => void (await found(object)));
    }
  });
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

interface Prefix {
  readonly prefix: string;
  /** Whether no key has a further slash. */
  readonly isShallow: boolean;
}

/** Prefixes that together hold all keys: their smallest folder, what is in it if that is little, or parts of it if keys are many. */
function prefixesOf(keys: () => Iterable<string>, count: number, most: number): Prefix[] {
  let common: string | undefined;
  for (const key of keys()) common = common === undefined ? key : commonStart(common, key);
  const start = common ?? '';
  const folder = folderOf(start);
  const [folders, parts] = [new Set<string>(), new Set<string>()];
  let isShallow = true;
  for (const key of keys()) {
    const slash = key.indexOf('/', folder.length);
    isShallow &&= slash < 0;
    if (folders.size <= MOST_FOLDERS) folders.add(slash < 0 ? folder : key.slice(0, slash + 1));
    if (parts.size <= MOST_PARTS) parts.add(start + firstOf(key.slice(start.length)));
  }
  const isFew = !folders.has(folder) && folders.size <= Math.min(MOST_FOLDERS, most);
  const isParted = count >= MANY && parts.size <= MOST_PARTS && !parts.has(start);
  if (isParted && !(isFew && folders.size >= parts.size)) return [...parts].map((prefix) => ({ prefix, isShallow }));
  return isFew ? [...folders].map((prefix) => ({ prefix, isShallow: false })) : [{ prefix: folder, isShallow }];
}

function firstOf(text: string): string {
  const [first = ''] = text;
  return first;
}

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}

function commonStart(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  // not between the halves of a character
  return a.slice(0, /[\ud800-\udbff]/.test(a[length - 1] ?? '') ? length - 1 : length);
}
