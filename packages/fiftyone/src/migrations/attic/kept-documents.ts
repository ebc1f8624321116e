import { MaxKey, MinKey } from 'bson';
import type { Db } from 'mongodb';
import type { BulkEdit, MergeEdit, Query } from '../revision.js';
import type { KeptFields } from './changes.js';

/** The collection of what downgrades took out of samples and frames. */
export const KEPT_DOCUMENTS = 'migrations.attic.documents';

/** About what two documents may have together to fit into one, with room for the rest. */
const MOST_BYTES = 15_000_000;

/** What is kept of one collection of samples or frames, under which name. */
export interface Kept {
  readonly documents: string;
  readonly collection: string;
}

/** The collections of samples and frames that edits change, with a filter for the documents that they are about. */
export function changedBy(edits: readonly BulkEdit[]): Map<string, Query> {
  const filters = new Map<string, Query[]>();
  for (const edit of edits) {
    if (edit.kind !== 'merge' && edit.kind !== 'update') continue;
    const collection = edit.kind === 'merge' ? edit.into : edit.collection;
    // which documents another collection's are merged into shows only when it is done
    filters.set(collection, [...(filters.get(collection) ?? []), edit.kind === 'merge' ? {} : edit.filter]);
  }
  return new Map([...filters].map(([collection, list]) => [collection, anyOf(list)]));
}

function anyOf(filters: readonly Query[]): Query {
  if (filters.some((filter) => Object.keys(filter).length === 0)) return {};
  return filters.length === 1 ? (filters[0] as Query) : { $or: filters };
}

/** Before the edits: copies every document that they are about. A copy that is there is older, and stays. */
export function copy({ documents, collection }: Kept, filter: Query): MergeEdit {
  return {
    kind: 'merge',
    summary: 'keep documents in the attic',
    collection,
    into: KEPT_DOCUMENTS,
    pipeline: [
      { $match: filter },
      {
        $replaceWith: {
          _id: { documents: { $literal: documents }, collection: { $literal: collection }, id: '$_id' },
          before: '$$ROOT',
        },
      },
      { $merge: { into: KEPT_DOCUMENTS, on: '_id', whenMatched: 'keepExisting', whenNotMatched: 'insert' } },
    ],
  };
}

/**
 * After the edits: of each copy only the fields stay that the edits changed, with the names of all to know their order.
 *
 * @param also fields that going up again changes, undefined for any
 */
export function settle(kept: Kept, also: readonly string[] | undefined): MergeEdit {
  const fields = (entries: unknown, others: string) => {
    const isWanted = { $or: [{ $in: ['$$e.k', { $literal: also }] }, { $not: [{ $in: ['$$e', others] }] }] };
    return also === undefined ? entries : { $filter: { input: entries, as: 'e', cond: isWanted } };
  };
  return {
    kind: 'merge',
    summary: 'leave out of the attic what did not change',
    collection: KEPT_DOCUMENTS,
    into: KEPT_DOCUMENTS,
    pipeline: [
      { $match: { ...rangeOf(kept), after: { $exists: false } } },
      ...withNow(kept.collection, '$before'),
      { $set: { gone: fields('$was', '$is'), new: fields('$is', '$was') } },
      {
        $project: {
          keys: '$was.k',
          also: { $literal: also ?? [] },
          before: { $arrayToObject: '$gone' },
          // of two very large documents the size has to do to see whether anybody changed it
          after: {
            $cond: [
              { $gt: [{ $add: [sizeOf('$gone'), sizeOf('$new')] }, MOST_BYTES] },
              { $literal: null },
              { $arrayToObject: '$new' },
            ],
          },
          size: { $bsonSize: '$now' },
        },
      },
      {
        $merge: {
          into: KEPT_DOCUMENTS,
          on: '_id',
          whenMatched: [{ $replaceWith: '$$new' }],
          whenNotMatched: 'discard',
        },
      },
    ],
  };
}

/** Before going up: notes which fields of each document nobody changed since. What the same run noted stays. */
export function mark(kept: Kept, run: string): MergeEdit {
  return {
    kind: 'merge',
    summary: 'look up what of the attic can be put back',
    collection: KEPT_DOCUMENTS,
    into: KEPT_DOCUMENTS,
    pipeline: [
      { $match: { ...rangeOf(kept), 'mark.run': { $ne: run } } },
      ...compared(kept.collection),
      { $project: { mark: { run: { $literal: run }, keys: '$same', changed: '$changed' } } },
      { $merge: { into: KEPT_DOCUMENTS, on: '_id', whenMatched: 'merge', whenNotMatched: 'discard' } },
    ],
  };
}

/** After going up: puts back the fields that were marked, except some, and all fields in their order. */
export function putBack(kept: Kept, run: string, except: readonly string[]): MergeEdit {
  const isPutBack = { $in: ['$$e.k', '$$new.keys'] };
  const [now, before] = [{ $objectToArray: '$$ROOT' }, { $objectToArray: '$$new.before' }];
  const entries = {
    $concatArrays: [
      { $filter: { input: now, as: 'e', cond: { $not: [isPutBack] } } },
      { $filter: { input: before, as: 'e', cond: isPutBack } },
    ],
  };
  const named = (key: string) => ({ $filter: { input: '$$entries', as: 'e', cond: { $eq: ['$$e.k', key] } } });
  const known = { $reduce: { input: '$$new.order', initialValue: [], in: { $concatArrays: ['$$value', named('$$this')] } } };
  const added = { $filter: { input: '$$entries', as: 'e', cond: { $not: [{ $in: ['$$e.k', '$$new.order'] }] } } };
  return {
    kind: 'merge',
    summary: 'put back what the attic has kept',
    collection: KEPT_DOCUMENTS,
    into: kept.collection,
    pipeline: [
      { $match: { ...rangeOf(kept), 'mark.run': run, keys: { $exists: true } } },
      { $project: { _id: '$_id.id', before: 1, order: '$keys', keys: { $setDifference: ['$mark.keys', { $literal: except }] } } },
      {
        $merge: {
          into: kept.collection,
          on: '_id',
          whenMatched: [
            { $replaceWith: { $let: { vars: { entries }, in: { $arrayToObject: { $concatArrays: [known, added] } } } } },
          ],
          whenNotMatched: 'discard',
        },
      },
    ],
  };
}

/** How many documents are going to be put back, and of how many something stays in the attic. Writes nothing. */
export async function countKept(db: Db, { kept, run, except, later }: KeptFields): Promise<{ put: number; kept: number }> {
  const isAny = (names: unknown) => ({ $cond: [{ $gt: [{ $size: names }, 0] }, 1, 0] });
  const others = { $setIntersection: ['$names', { $literal: except }] };
  const noted = (then: string, now: string) => ({ $cond: [{ $eq: ['$mark.run', run] }, then, now] });
  const [counts] = await db
    .collection(KEPT_DOCUMENTS)
    .aggregate([
      { $match: rangeOf(kept) },
      ...compared(kept.collection),
      // when the run was interrupted, documents may be half-way by now: then what it noted counts
      { $set: { same: noted('$mark.keys', '$same'), changed: noted('$mark.changed', '$changed') } },
      {
        $group: {
          _id: null,
          put: { $sum: isAny({ $setDifference: ['$same', { $literal: [...except, ...later] }] }) },
          kept: { $sum: isAny({ $setDifference: [{ $setUnion: ['$changed', others] }, { $literal: later }] }) },
        },
      },
    ])
    .toArray();
  return { put: counts?.put ?? 0, kept: counts?.kept ?? 0 };
}

/** The `_id` of documents begins with the name under which they are kept, then comes the collection. */
export function rangeOf({ documents, collection }: Kept): { _id: object } {
  return { _id: { $gt: { documents, collection, id: new MinKey() }, $lt: { documents, collection, id: new MaxKey() } } };
}

/** Everything under a name. */
export function allOf(documents: string): { _id: object } {
  return { _id: { $gt: { documents }, $lt: { documents, collection: new MaxKey() } } };
}

/** `was` and `is`: the fields of a kept document and of the one that is there now. */
function withNow(collection: string, was: string): Query[] {
  return [
    { $lookup: { from: collection, localField: '_id.id', foreignField: '_id', as: 'now' } },
    { $unwind: '$now' },
    { $set: { was: { $objectToArray: was }, is: { $objectToArray: '$now' } } },
  ];
}

/** `names` of the fields that a downgrade changed, which of them are the `same` since then, and which are `changed` since then. */
function compared(collection: string): Query[] {
  const namesIn = (entries: unknown) => ({ $map: { input: entries, as: 'e', in: '$$e.k' } });
  const differing = (a: string, b: string) => ({
    $setUnion: [
      namesIn({ $filter: { input: a, as: 'e', cond: { $not: [{ $in: ['$$e', b] }] } } }),
      namesIn({ $filter: { input: b, as: 'e', cond: { $not: [{ $in: ['$$e', a] }] } } }),
    ],
  });
  const bySize = { $cond: [{ $eq: [{ $bsonSize: '$now' }, '$size'] }, [], '$names'] };
  return [
    ...withNow(collection, '$before'),
    { $set: { made: { $objectToArray: { $ifNull: ['$after', {}] } } } },
    { $set: { names: { $setUnion: ['$was.k', '$made.k', { $ifNull: ['$also', []] }] } } },
    { $set: { is: { $filter: { input: '$is', as: 'e', cond: { $in: ['$$e.k', '$names'] } } } } },
    {
      $set: {
        other: {
          // of a way down that was interrupted and never finished nobody knows what it made of the document
          $cond: [
            { $eq: [{ $type: '$keys' }, 'missing'] },
            '$names',
            { $cond: [{ $eq: ['$after', null] }, bySize, differing('$is', '$made')] },
          ],
        },
      },
    },
    { $set: { same: { $setDifference: ['$names', '$other'] } } },
    { $set: { changed: { $setIntersection: ['$other', differing('$is', '$was')] } } },
  ];
}

function sizeOf(entries: string): Query {
  return { $bsonSize: { $arrayToObject: entries } };
}
