import { compareBase } from '../../version.js';
import { derivedIds } from '../derived-ids.js';
import { type DatasetPlan, planDataset } from '../plan.js';
import type { PathFinder } from '../realm.js';
import type { DatasetRecord, StepContext } from '../revision.js';
import { datasetId } from '../shape.js';

/** A plan that is not carried out, and the ids that it makes up. */
export interface Aside extends DatasetPlan {
  readonly made: ReadonlySet<string>;
}

const NOBODY = { names: new Set<string>(), slugs: new Set<string>() };

/** What a record would be at another version, by itself: in a database without other datasets. */
export function aside(
  record: DatasetRecord,
  from: string,
  to: string,
  pathBetween: PathFinder,
  now: StepContext['now'],
  seed: string,
): Aside {
  const made = new Set<string>();
  const ids = derivedIds(datasetId(record.dataset), `attic ${seed}`);
  const newId = () => {
    const id = ids();
    made.add(id.toHexString());
    return id;
  };
  const direction = compareBase(to, from) < 0 ? 'down' : 'up';
  const { path } = pathBetween(from, to, false);
  const plan = planDataset(record, to, direction, path, (warn) => ({ now, others: NOBODY, newId, warn }));
  return { ...plan, made };
}
