import { expect, test } from 'vitest';
import type { UpdateEdit } from '../revision.js';
import { mergeParts, updateStages } from './edit-stages.js';

const edit = (update: UpdateEdit['update']): UpdateEdit => ({ kind: 'update', summary: '', collection: 'x', filter: {}, update });

test('update operators become stages, and stages stay', () => {
  expect(updateStages(edit({ $set: { a: {}, 'b.c': '$x' } }))).toEqual([
    { $set: { a: { $literal: {} }, 'b.c': { $literal: '$x' } } },
  ]);
  expect(updateStages(edit({ $unset: { a: '' }, $rename: { b: 'c' } }))).toEqual([
    { $unset: ['a'] },
    { $set: { c: '$b' } },
    { $unset: 'b' },
  ]);
  expect(updateStages(edit([{ $set: { a: '$b' } }]))).toEqual([{ $set: { a: '$b' } }]);
});

test('what stages cannot say has no preview', () => {
  expect(updateStages(edit({ $set: { a: true }, $push: { b: 'x' } }))).toBeUndefined();
});

test('a merge is taken apart', () => {
  const $merge = { into: 'y', whenMatched: 'merge' };
  const pipeline = [{ $match: { a: true } }, { $group: { _id: '$s', n: { $sum: 1 } } }, { $merge }];
  expect(mergeParts({ kind: 'merge', summary: '', collection: 'x', into: 'y', pipeline })).toEqual({
    filter: { a: true },
    stages: [{ $group: { _id: '$s', n: { $sum: 1 } } }],
    groupedBy: 's',
    whenMatched: [{ $replaceWith: { $mergeObjects: ['$$ROOT', '$$new'] } }],
  });
});
