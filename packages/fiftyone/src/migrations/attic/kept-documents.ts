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

/** What going down and up again may do to the fields of documents. */
export interface Doings {
  /** The fields that going down changes, undefined for any. */
  readonly down: readonly string[] | undefined;
  /** Those of them of which the copy tells what going down makes of them: by these stages, harmless to any document. */
  readonly told: readonly string[];
  readonly stages: readonly Query[];
  /** The fields that going up again changes, undefined for any. */
  readonly up: readonly string[] | undefined;
}

/**
 * After the edits: of each copy only the fields stay that the edits changed, before and after, with the names of all to know their
 * order. What a client changed since the copy was made is the client's, and not taken for what the edits did.
 */
export function settle(kept: Kept, { down, told, stages, up }: Doings): MergeEdit {
  const among = (names: readonly string[]) => ({ $in: ['$$e.k', { $literal: names }] });
  const isTold = among(told);
  const isDown = down === undefined ? { $literal: true } : among(down);
  const isUp = up === undefined ? { $literal: true } : among(up);
  const only = (input: unknown, cond: unknown) => ({ $filter: { input, as: 'e', cond } });
  const not = (condition: unknown) => ({ $not: [condition] });
  const absent = (others: string) => not({ $in: ['$$e', others] });
  const changed = (from: string, made: string, now: string) => [
    only(from, { $and: [isTold, absent(made)] }),
    only(from, { $and: [isDown, not(isTold), absent(now)] }),
  ];
  // what going down left alone, and going up will not
  const same = only('$is', { $and: [isUp, not({ $in: ['$$e.k', { $setUnion: ['$gone.k', '$new.k'] }] })] });
  return {
    kind: 'merge',
    summary: 'leave out of the attic what did not change',
    collection: KEPT_DOCUMENTS,
    into: KEPT_DOCUMENTS,
    pipeline: [
      { $match: { ...rangeOf(kept), after: { $exists: false } } },
      ...withNow(kept.collection, '$before'),
      { $replaceWith: { $mergeObjects: ['$before', { [SELF]: '$$ROOT' }] } },
      ...stages,
      { $replaceWith: { $mergeObjects: [`$${SELF}`, { made: { $unsetField: { field: SELF, input: '$$ROOT' } } }] } },
      { $set: { made: { $objectToArray: '$made' } } },
      {
        $set: {
          gone: { $concatArrays: changed('$was', '$made', '$is') },
          new: {
            $concatArrays: [
              only('$made', { $and: [isTold, absent('$was')] }),
              only('$is', { $and: [isDown, not(isTold), absent('$was')] }),
            ],
          },
        },
      },
      { $set: { same } },
      { $set: { gone: { $concatArrays: ['$gone', '$same'] }, new: { $concatArrays: ['$new', '$same'] } } },
      {
        $project: {
          keys: '$was.k',
          also: { $literal: up ?? [] },
          // whether going up may change any field
          any: { $literal: up === undefined },
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

/** Where a kept document carries itself along while it is shown what going down makes of it. */
const SELF = 'migrations_attic_self';

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
  const [now, before] = [{ $objectToArray: '$$ROOT' }, { $objectToArray: '$$new.before' }];
  // fields that going up does not change can still be compared: a client may have been quicker
  const compared = { $cond: ['$$new.any', [], { $setDifference: ['$$new.keys', { $ifNull: ['$$new.also', []] }] }] };
  const after = { $objectToArray: { $ifNull: ['$$new.after', {}] } };
  const differing = (a: unknown, b: unknown) => ({
    $map: {
      input: { $filter: { input: a, as: 'e', cond: { $and: [{ $in: ['$$e.k', compared] }, { $not: [{ $in: ['$$e', b] }] }] } } },
      as: 'e',
      in: '$$e.k',
    },
  });
  const changed = {
    $cond: [{ $eq: ['$$new.after', null] }, [], { $concatArrays: [differing(now, after), differing(after, now)] }],
  };
  const isPutBack = { $in: ['$$e.k', '$$due'] };
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
      {
        $project: {
          _id: '$_id.id',
          before: 1,
          after: 1,
          also: 1,
          any: 1,
          order: '$keys',
          keys: { $setDifference: ['$mark.keys', { $literal: except }] },
        },
      },
      {
        $merge: {
          into: kept.collection,
          on: '_id',
          whenMatched: [
            {
              $replaceWith: {
                $let: {
                  vars: { due: { $setDifference: ['$$new.keys', changed] } },
                  in: { $let: { vars: { entries }, in: { $arrayToObject: { $concatArrays: [known, added] } } } },
                },
              },
            },
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
  return { _id: { $gte: { documents, collection, id: new MinKey() }, $lte: { documents, collection, id: new MaxKey() } } };
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
