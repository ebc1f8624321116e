import type { Db } from 'mongodb';
import type { Value } from '../../bson/index.js';
import { isAtticStage } from '../attic/plan-down.js';
import type { MalformedDocuments } from '../documents-check.js';
import { changesOf, type DatasetPlan } from '../plan.js';
import type { BulkEdit } from '../revision.js';
import { type Detail, type Differences, differencesIn } from './differences.js';
import { type EditPreview, previewEdit } from './edit-preview.js';
import { type Estimate, NOTHING } from './estimate.js';
import { estimateEdits } from './estimate-edits.js';

/** What a dry run shows of a dataset besides its plan. */
export interface Preview {
  /** The dataset document before and after. */
  readonly dataset: Differences;
  readonly runs: SidePreview;
  readonly views: SidePreview;
  readonly edits: readonly EditPreview[];
  readonly estimate: Estimate;
  /** Documents that are in the way. */
  readonly malformed: readonly MalformedDocuments[];
}

/** The runs or saved views that a plan adds, removes and changes. */
export interface SidePreview {
  readonly added: readonly Value[];
  readonly removed: readonly Value[];
  readonly changed: readonly { readonly id: Value; readonly differences: Differences }[];
}

/** Makes the preview of a plan, reading only. Of a plan that is blocked only what blocks it. */
export async function previewPlan(
  db: Db,
  plan: DatasetPlan,
  malformed: readonly MalformedDocuments[],
  detail: Detail,
): Promise<Preview> {
  const isBlocked = plan.blocked.length > 0 || malformed.length > 0;
  const previews = isBlocked ? new Map<BulkEdit, EditPreview>() : await previewEdits(db, plan, detail);
  const estimate = isBlocked ? NOTHING : await estimateEdits(db, previews);
  const edits = [...previews.values()];
  const dataset = differencesIn(plan.before.dataset, plan.after.dataset, detail);
  const [runs, views] = [sideOf(plan, 'runs', detail), sideOf(plan, 'views', detail)];
  return { dataset, runs, views, edits, estimate, malformed };
}

async function previewEdits(db: Db, { stages }: DatasetPlan, detail: Detail): Promise<Map<BulkEdit, EditPreview>> {
  const previews = new Map<BulkEdit, EditPreview>();
  for (const { name, bulk } of stages.filter((stage) => !isAtticStage(stage))) {
    for (const edit of bulk) previews.set(edit, await previewEdit(db, name, edit, [...previews.keys()], detail));
  }
  return previews;
}

function sideOf({ before, after }: DatasetPlan, side: 'runs' | 'views', detail: Detail): SidePreview {
  const { inserted, replaced, deleted } = changesOf(before[side], after[side]);
  const old = new Map(before[side].map((doc) => [String(doc.get('_id')), doc]));
  const changed = replaced.map((doc) => ({ doc, was: old.get(String(doc.get('_id'))) }));
  return {
    added: inserted.map((doc) => doc.get('_id') ?? null),
    removed: deleted,
    changed: changed.flatMap(({ doc, was }) =>
      was === undefined ? [] : [{ id: doc.get('_id') ?? null, differences: differencesIn(was, doc, detail) }],
    ),
  };
}
