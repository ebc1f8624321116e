import type { Document } from 'mongodb';
import type { Groups, State } from './state.js';
import { pipe } from './state.js';

/** The view with these slices of each group at `groups`, by their names. */
export function withSlices(state: State, slices: readonly string[]): State {
  const { groups } = state;
  if (!groups || groups.isFlat || slices.every((slice) => groups.attached.includes(slice))) return state;
  const attached = [...new Set([...groups.attached, ...slices])];
  const byName = { $arrayToObject: { $map: { input: '$groups', in: [`$$this.${groups.field}.name`, '$$this'] } } };
  const lookedUp = pipe(state, lookUpGroup(state, groups, attached), { $addFields: { groups: byName } });
  return { ...lookedUp, groups: { ...groups, attached } };
}

/** The samples of whole groups, in place of those that stand for them. @param slices only these */
export function wholeGroups(state: State, groups: Groups, slices: readonly string[]): Document[] {
  return [
    { $project: { [groups.field]: true } },
    lookUpGroup(state, groups, slices),
    { $unwind: '$groups' },
    { $replaceRoot: { newRoot: '$groups' } },
  ];
}

function lookUpGroup(state: State, { field, mediaTypes }: Groups, slices: readonly string[]): Document {
  const isWhole = [...mediaTypes.keys()].every((slice) => slices.includes(slice));
  return {
    $lookup: {
      from: state.source.collection,
      localField: `${field}._id`,
      foreignField: `${field}._id`,
      pipeline: isWhole ? [] : [{ $match: { [`${field}.name`]: { $in: slices } } }],
      as: 'groups',
    },
  };
}
