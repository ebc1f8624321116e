import type { Document } from 'mongodb';
import type { ReadonlyDoc } from '../bson/index.js';
import { frameCollection, type Groups, pipe, type State, sampleCollection } from './state.js';

/** Whether the samples that are shown can have frames. */
export function hasFrames({ dataset, groups }: State): boolean {
  if (frameCollection(dataset) === undefined) return false;
  return groups === undefined || (groups.isFlat ? groups.slices : [groups.active]).some((slice) => isVideo(groups, slice));
}

export function isVideo(groups: Groups, slice: string): boolean {
  return groups.mediaTypes.get(slice) === 'video';
}

/** The view with the frames of each video at `frames`, if there are any videos. */
export function withFrames(state: State): State {
  if (state.framesAttached || !hasFrames(state)) return state;
  return { ...pipe(state, lookUpFrames(state.dataset)), framesAttached: true };
}

export function lookUpFrames(dataset: ReadonlyDoc): Document {
  return isClips(dataset) ? lookUpClip(dataset) : lookUp(dataset, '_id', [BY_NUMBER]);
}

/** The samples of a dataset of clips, whose frames are those of the videos that they are cut from. */
export function isClips(dataset: ReadonlyDoc): boolean {
  return sampleCollection(dataset).startsWith('clips.');
}

const BY_NUMBER = { $sort: { frame_number: 1 } };

function lookUp(dataset: ReadonlyDoc, localField: string, pipeline: Document[], variables?: Document): Document {
  return {
    $lookup: {
      from: frameCollection(dataset),
      localField,
      foreignField: '_sample_id',
      ...(variables && { let: variables }),
      pipeline,
      as: 'frames',
    },
  };
}

function lookUpClip(dataset: ReadonlyDoc): Document {
  const within = { $and: [{ $gte: ['$frame_number', '$$first'] }, { $lte: ['$frame_number', '$$last'] }] };
  return lookUp(dataset, '_sample_id', [{ $match: { $expr: within } }, BY_NUMBER], {
    first: { $arrayElemAt: ['$support', 0] },
    last: { $arrayElemAt: ['$support', 1] },
  });
}

/** The frames of samples that have them at `frames`. Those of clips are no documents of their own: they have no ids. */
export function unwindFrames(dataset: ReadonlyDoc): Document[] {
  const unwind = [{ $unwind: '$frames' }, { $replaceRoot: { newRoot: '$frames' } }];
  if (!isClips(dataset)) return unwind;
  return [
    { $project: { frames: true } },
    unwind[0] as Document,
    { $addFields: { 'frames._sample_id': '$_id' } },
    unwind[1] as Document,
    { $project: { _id: false } },
  ];
}
