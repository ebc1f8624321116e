import type { BulkEdit, Query, UpdateEdit } from './revision.js';

/**
 * Folds edits of one collection into one pass over it, as far as the result is the same: neighbours, leaving edits of other
 * collections aside, that are update pipelines and harmless to each other's documents.
 */
export function foldEdits(edits: readonly BulkEdit[]): BulkEdit[] {
  const folded: BulkEdit[] = [];
  for (const edit of edits) {
    const i = canShare(edit) ? folded.findLastIndex((other) => touches(other, edit.collection)) : -1;
    const other = folded[i];
    if (canShare(edit) && other !== undefined && canShare(other)) folded[i] = together(other, edit);
    else folded.push(edit);
  }
  return folded;
}

type Pipeline = UpdateEdit & { readonly update: readonly object[] };

function canShare(edit: BulkEdit): edit is Pipeline {
  return edit.kind === 'update' && edit.harmless === true && Array.isArray(edit.update);
}

function touches(edit: BulkEdit, collection: string): boolean {
  return edit.collection === collection || (edit.kind === 'merge' && (edit.into === collection || readsOthers(edit.pipeline)));
}

function readsOthers(pipeline: readonly object[]): boolean {
  return pipeline.some((stage) => '$lookup' in stage);
}

function together(a: Pipeline, b: Pipeline): BulkEdit {
  return {
    kind: 'update',
    summary: `${a.summary}; ${b.summary}`,
    collection: a.collection,
    filter: either(a.filter, b.filter),
    pending: either(pendingOf(a), pendingOf(b)),
    update: [...a.update, ...b.update] as never,
    harmless: true,
    refuses: [...(a.refuses ?? []), ...(b.refuses ?? [])],
  };
}

function either(a: Query, b: Query): Query {
  return [a, b].some((filter) => Object.keys(filter).length === 0) ? {} : { $or: [a, b] };
}

/** Matches the documents to which an edit was not done yet. */
export function pendingOf(edit: UpdateEdit): Query {
  return edit.pending ?? edit.filter;
}
