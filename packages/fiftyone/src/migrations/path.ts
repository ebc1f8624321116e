import { fitTo } from './fit.js';
import { type PathStep, pathOf } from './plan.js';
import { revisions } from './revisions/index.js';
import { type Direction, select } from './select.js';

/**
 * The steps from one version to another: the revisions between them and, going down, the fitting to what the target
 * release can read.
 *
 * @param keepUnknown leave in what the target release does not know, as the real client does
 */
export function pathBetween(from: string, to: string, keepUnknown: boolean): { direction: Direction; path: PathStep[] } {
  const { direction, versions } = select(from, to, [...revisions.keys()]);
  const chosen = versions.map((version) => revisions.get(version)).filter((revision) => revision !== undefined);
  const path = pathOf(chosen, direction);
  if (direction === 'down' && !keepUnknown) {
    path.push({ name: `fit to ${to}`, summary: `takes out what release ${to} cannot read`, step: fitTo(to) });
  }
  return { direction, path };
}
