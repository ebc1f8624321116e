import { expect, test } from 'vitest';
import { foldEdits } from './fold-edits.js';
import type { BulkEdit, UpdateEdit } from './revision.js';

const edit = (collection: string, key: string, more: Partial<UpdateEdit> = {}): UpdateEdit => ({
  kind: 'update',
  summary: key,
  collection,
  filter: { [key]: null },
  update: [{ $set: { [key]: 1 } }],
  harmless: true,
  ...more,
});
const merge: BulkEdit = {
  kind: 'merge',
  summary: 'm',
  collection: 's',
  into: 'f',
  pipeline: [{ $lookup: {} }, { $merge: { into: 'f' } }],
};
const summaries = (...edits: BulkEdit[]) => foldEdits(edits).map(({ summary }) => summary);

test('pipelines over one collection become one pass, with the stages in order', () => {
  expect(foldEdits([edit('s', 'a'), edit('f', 'x'), edit('s', 'b')])).toMatchObject([
    { collection: 's', filter: { $or: [{ a: null }, { b: null }] }, update: [{ $set: { a: 1 } }, { $set: { b: 1 } }] },
    { collection: 'f' },
  ]);
});

test('an edit of all documents makes it a pass over all', () => {
  expect(foldEdits([edit('s', 'a'), edit('s', 'b', { filter: {} })])).toMatchObject([{ filter: {} }]);
});

test('operators, edits that are not harmless, and everything behind a join stay apart', () => {
  expect(summaries(edit('s', 'a'), edit('s', 'b', { update: { $rename: {} } }), edit('s', 'c'))).toEqual(['a', 'b', 'c']);
  expect(summaries(edit('s', 'a'), edit('s', 'b', { harmless: false }))).toEqual(['a', 'b']);
  expect(summaries(edit('s', 'a'), merge, edit('s', 'b'))).toEqual(['a', 'm', 'b']);
  expect(summaries(edit('f', 'a'), merge, edit('f', 'b'))).toEqual(['a', 'm', 'b']);
});
