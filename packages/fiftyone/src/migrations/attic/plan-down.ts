import { equal, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { COMMON } from '../collection-order.js';
import { type DatasetPlan, type Stage } from '../plan.js';
import type { BulkEdit, DatasetRecord, StepContext } from '../revision.js';
import { aside } from './aside.js';
import { entryId, runText } from './entry.js';
import { changedBy, copy, settle } from './kept-documents.js';

/**
 * A plan of a way down that keeps in the attic what it takes out. One that takes out nothing, so that going up again gives
 * the same, stays as it is.
 *
 * @param run the id of the run, for people
 */
export function keepInAttic(plan: DatasetPlan, now: StepContext['now'], run: string): DatasetPlan {
  if (plan.blocked.length > 0 || plan.from === null || plan.stages.length === 0) return plan;
  const { from, id: dataset, name, to, before, after } = plan;
  const edits = plan.stages.flatMap((stage) => stage.bulk).filter((edit) => edit.collection !== COMMON);
  const changed = changedBy(edits);
  const files = plan.stages.flatMap((stage) => stage.files);
  if (changed.size === 0 && files.length === 0 && comesBack(plan, now)) return plan;
  const order = runText(now);
  const id = entryId({ dataset, order, from }, to, order);
  const kept = [...changed.keys()].map((collection) => ({ documents: id, collection }));
  const copies = kept.map((documents) => copy(documents, changed.get(documents.collection) ?? {}));
  const stages = [
    ...(copies.length > 0 ? [atticStage('attic: keep', copies)] : []),
    ...plan.stages,
    ...(copies.length > 0 ? [atticStage('attic: kept', kept.map(settle))] : []),
  ];
  const entry = {
    id,
    dataset,
    name,
    from,
    to,
    at: now.ms,
    run,
    what: [],
    order,
    by: order,
    documents: id,
    collections: [...changed.keys()],
    files: [],
    restored: undefined,
    left: [],
    before,
    after,
  };
  return { ...plan, stages, attic: { kept: entry, restoring: [] } };
}

/** A stage of a plan that is about the attic only. */
export function atticStage(name: string, bulk: readonly BulkEdit[]): Stage {
  return { name, summary: 'what the way down takes out is kept', bulk, files: [], loses: [], blocked: undefined };
}

/** Whether going up again gives the same record without any help. */
function comesBack({ before, after, from, to }: DatasetPlan, now: StepContext['now']): boolean {
  const up = aside(after, to, from as string, now, 'back');
  return up.blocked.length === 0 && sameRecord(up.after, before);
}

function sameRecord(a: DatasetRecord, b: DatasetRecord): boolean {
  const same = (x: readonly ReadonlyDoc[], y: readonly ReadonlyDoc[]) => equal(x as Value, y as Value);
  return same([a.dataset], [b.dataset]) && same(a.runs, b.runs) && same(a.views, b.views);
}
