import type { MergeEdit, Query, UpdateEdit } from '../revision.js';

/** The stages that show what an update would make of a document, without writing it; undefined if stages cannot say it. */
export function updateStages({ update }: UpdateEdit): readonly Query[] | undefined {
  if (Array.isArray(update)) return update;
  const stages = Object.entries(update).map(([operator, fields]) => operatorStages(operator, fields as Query));
  return stages.some((some) => some === undefined) ? undefined : stages.flatMap((some) => some ?? []);
}

/** Only the operators that revisions use. */
function operatorStages(operator: string, fields: Query): Query[] | undefined {
  if (operator === '$set') return [{ $set: mapValues(fields, (value) => ({ $literal: value })) }];
  if (operator === '$unset') return [{ $unset: Object.keys(fields) }];
  if (operator === '$rename')
    return Object.entries(fields).flatMap(([from, to]) => [{ $set: { [String(to)]: `$${from}` } }, { $unset: from }]);
  return undefined;
}

function mapValues(fields: Query, change: (value: unknown) => unknown): Query {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, change(value)]));
}

/** A merge taken apart. */
export interface MergeParts {
  /** Which documents it starts from. */
  readonly filter: Query;
  /** What it makes of them. */
  readonly stages: readonly Query[];
  /** The path by which it groups them, if it does. */
  readonly groupedBy: string | undefined;
  /** What it does to the document with the same `_id`, called `$$new`. */
  readonly whenMatched: readonly Query[];
}

/** Takes the parts of a merge for a preview. */
export function mergeParts({ pipeline }: MergeEdit): MergeParts {
  const [first, ...others] = pipeline;
  const filter = first?.$match as Query | undefined;
  const { $merge: merge } = pipeline.at(-1) as { $merge: { whenMatched: 'merge' | readonly Query[] } };
  const stages = (filter === undefined ? pipeline : others).slice(0, -1);
  const group = stages.find((stage) => '$group' in stage)?.$group as { _id: string } | undefined;
  return {
    filter: filter ?? {},
    stages,
    groupedBy: group?._id.slice(1),
    whenMatched: merge.whenMatched === 'merge' ? [{ $replaceWith: { $mergeObjects: ['$$ROOT', '$$new'] } }] : merge.whenMatched,
  };
}
