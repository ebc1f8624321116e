import { equal, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { compareBase } from '../../version.js';
import type { DatasetPlan, Stage } from '../plan.js';
import type { PathFinder } from '../realm.js';
import type { BulkEdit, DatasetRecord, Query, StepContext, UpdateEdit } from '../revision.js';
import { aside } from './aside.js';
import type { Restoring } from './changes.js';
import { type AtticEntry, entryId, runText } from './entry.js';
import { fieldsOf } from './fields-of.js';
import { changedBy, copy, type Doings, settle } from './kept-documents.js';

/**
 * A plan of a way down that keeps in the attic what it takes out. One that takes out nothing, so that going up again gives
 * the same, stays as it is.
 *
 * @param run the id of the run, for people
 * @param entries what the attic has of the dataset already
 */
export function keepInAttic(
  plan: DatasetPlan,
  pathBetween: PathFinder,
  now: StepContext['now'],
  run: string,
  hasCollection: (name: string) => boolean,
  entries: readonly AtticEntry[],
): DatasetPlan {
  if (plan.blocked.length > 0 || plan.from === null || plan.stages.length === 0) return plan;
  const { from, id: dataset, name, to, before, after } = plan;
  const restoring = entries.filter((entry) => compareBase(entry.to, from) < 0).map(bypassed);
  const back = aside(after, to, from, pathBetween, now, 'back');
  // going up again changes documents that going down leaves alone
  const edits = [...plan.stages, ...back.stages].flatMap((stage) => stage.bulk).filter((edit) => hasCollection(edit.collection));
  const changed = changedBy(edits);
  const files = plan.stages.flatMap((stage) => stage.files);
  if (changed.size === 0 && files.length === 0 && back.blocked.length === 0 && sameRecord(back.after, before))
    return restoring.length > 0 ? { ...plan, attic: { restoring } } : plan;
  // not by the clock: those of two runners may differ
  const order = String(1 + Math.max(0, ...entries.map((entry) => Math.floor(Number(entry.order))))).padStart(15, '0');
  const by = runText(now);
  const id = entryId({ dataset, order, from }, to, by);
  const kept = [...changed.keys()].map((collection) => ({ documents: id, collection }));
  const copies = kept.map((documents) => copy(documents, changed.get(documents.collection) ?? {}));
  const doingsIn = (collection: string): Doings => {
    const editsOf = (stages: readonly Stage[]) => stages.flatMap(({ bulk }) => bulk).filter((edit) => isOf(edit, collection));
    const down = editsOf(plan.stages);
    // of a field that another edit changes as well it does not tell all
    const others = fieldsOfAll(down.filter((edit) => !isTold(edit)));
    const told = others === undefined ? [] : (fieldsOfAll(down.filter(isTold)) ?? []).filter((name) => !others.includes(name));
    const pipelines = down.filter(isTold).flatMap((edit) => edit.update);
    return { down: fieldsOfAll(down), told, stages: pipelines, up: fieldsOfAll(editsOf(back.stages)) };
  };
  const stages = [
    ...(copies.length > 0 ? [atticStage('attic: keep', copies)] : []),
    ...plan.stages,
    ...(copies.length > 0
      ? [
          atticStage(
            'attic: kept',
            kept.map((documents) => settle(documents, doingsIn(documents.collection))),
          ),
        ]
      : []),
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
    by,
    documents: id,
    collections: [...changed.keys()],
    indexes: [],
    files: [],
    restored: undefined,
    left: [],
    before,
    after,
  };
  return { ...plan, stages, attic: { kept: entry, restoring } };
}

/** An entry that the dataset went past, up again, without its being put back: from then on it stays for people only. */
export function bypassed(entry: AtticEntry): Restoring {
  return { entry, done: 'all', putBack: [], left: [`everything: it came back to ${entry.from} without it`], documents: [] };
}

/** A stage of a plan that is about the attic only. */
export function atticStage(name: `attic: ${string}`, bulk: readonly BulkEdit[]): Stage {
  return { name, summary: 'what the way down takes out is kept', bulk, files: [], loses: [], blocked: undefined };
}

/** Whether a stage is about the attic only: people see what it does by what is kept and put back. */
export function isAtticStage({ name }: Stage): boolean {
  return name.startsWith('attic: ');
}

/** The fields that edits change, or undefined where one of them does not say. */
function fieldsOfAll(edits: readonly BulkEdit[]): string[] | undefined {
  const fields = edits.map(fieldsOf);
  return fields.some((names) => names === undefined) ? undefined : [...new Set(fields.flatMap((names) => names ?? []))];
}

/** Whether an edit can be shown on a copy, whichever it is. */
function isTold(edit: BulkEdit): edit is UpdateEdit & { readonly update: readonly Query[] } {
  return edit.kind === 'update' && edit.harmless === true && Array.isArray(edit.update);
}

function isOf(edit: BulkEdit, collection: string): boolean {
  return (edit.kind === 'merge' ? edit.into : edit.collection) === collection;
}

/** Byte for byte. */
function sameRecord(a: DatasetRecord, b: DatasetRecord): boolean {
  const same = (x: readonly ReadonlyDoc[], y: readonly ReadonlyDoc[]) => equal(x as Value, y as Value);
  return same([a.dataset], [b.dataset]) && same(a.runs, b.runs) && same(a.views, b.views);
}
