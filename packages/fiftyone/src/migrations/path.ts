import { fitTo } from './fit.js';
import { type PathStep, pathOf } from './plan.js';
import { revisions } from './revisions/index.js';
import { type Direction, select } from './select.js';

/** The way from one version to another. */
export interface Path {
  readonly direction: Direction;
  readonly path: readonly PathStep[];
}

/**
 * The steps from one version to another: the revisions between them and, going down, the fitting to what the target
 * release can read.
 *
 * @param keepUnknown leave in what the target release does not know, as the real client does
 */
export function pathBetween(from: string, to: string, keepUnknown: boolean): Path {
  const key = `${from} ${to} ${keepUnknown}`;
  const path = paths.get(key) ?? makePath(from, to, keepUnknown);
  paths.set(key, path);
  return path;
}

/** Thousands of datasets share a few paths. */
const paths = new Map<string, Path>();

function makePath(from: string, to: string, keepUnknown: boolean): Path {
  const { direction, versions } = select(from, to, [...revisions.keys()]);
  const chosen = versions.map((version) => revisions.get(version)).filter((revision) => revision !== undefined);
  const path = pathOf(chosen, direction);
  if (direction === 'down' && !keepUnknown) {
    path.push({ name: `fit to ${to}`, summary: `takes out what release ${to} cannot read`, step: fitTo(to) });
  }
  return { direction, path };
}
