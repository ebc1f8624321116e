import { Doc, equal, ObjectId, type ReadonlyDoc, type Value } from '../bson/index.js';
import type { Draft } from './revision.js';

/** The maps in which a dataset lists its runs by key, without custom runs, which came later. */
export const RUN_MAPS = ['annotation_runs', 'brain_methods', 'evaluations'] as const;

/** The document with this id. */
export function byId<T extends ReadonlyDoc>(docs: readonly T[], id: Value): T | undefined {
  return docs.find((doc) => equal(doc.get('_id') ?? null, id));
}

/** Removes documents of a draft by their ids; what belongs to another dataset stays. */
export function removeOwn(draft: Draft, from: 'runs' | 'views', ids: readonly Value[]): void {
  const owner = draft.dataset.get('_id') ?? null;
  for (const id of ids) {
    const doc = byId(draft[from], id);
    const ownerOfDoc = doc?.get('_dataset_id') ?? null;
    if (doc !== undefined && (ownerOfDoc === null || equal(ownerOfDoc, owner))) draft[from].splice(draft[from].indexOf(doc), 1);
  }
}

/** The ids in maps of runs, which may have any shape. */
export function runIds(dataset: ReadonlyDoc, maps: readonly string[]): ObjectId[] {
  return maps.flatMap((map) => {
    const runs = dataset.get(map);
    return runs instanceof Doc ? [...runs.values()].filter((id) => id instanceof ObjectId) : [];
  });
}
