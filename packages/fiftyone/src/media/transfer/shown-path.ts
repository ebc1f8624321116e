import type { StoreError } from '../store-error.js';

/** A path as it may be shown and written down: what follows an address may be a signature. */
export function shownPath(path: string): string {
  return /^https?:\/\//i.test(path) ? path.replace(/\?[^/]*=.*$/s, '') : path;
}

/** Whether an error is about a path, and not about another one. */
export function isAbout({ path: named }: StoreError, path: string): boolean {
  return named === path || named === shownPath(path) || path.startsWith(`${named}?`);
}
