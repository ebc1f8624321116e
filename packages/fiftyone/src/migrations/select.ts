import { compareBase } from '../version.js';

/** Which way a migration goes. */
export type Direction = 'up' | 'down';

/** The revisions that lie between two versions, in the order in which they are to be run. */
export interface Selection {
  readonly direction: Direction;
  readonly versions: readonly string[];
}

/**
 * Selects from the sorted versions of revisions: going up those in (head, destination], going down those in (destination, head],
 * newest first.
 */
export function select(head: string, destination: string, versions: readonly string[]): Selection {
  const upTo = (limit: string) => versions.filter((version) => compareBase(version, limit) <= 0).length;
  const from = upTo(head);
  const to = upTo(destination);
  return compareBase(destination, head) >= 0
    ? { direction: 'up', versions: versions.slice(from, to) }
    : { direction: 'down', versions: versions.slice(to, from).reverse() };
}
