import type { Malformed, Query } from './revision.js';

/** An aggregation expression. */
type Expression = unknown;

/** Before 0.6.2 a sample refers to its frames by a document of their ids by frame number; here are its entries, `{k, v}`. */
export const frameReferences: Expression = {
  $cond: [{ $eq: [{ $type: '$frames' }, 'object'] }, { $objectToArray: '$frames' }, []],
};

/** The frame number of an entry of {@link frameReferences}, null if it is no number. */
export function referencedNumber(entry: string): Expression {
  return { $convert: { input: { $trim: { input: `${entry}.k` } }, to: 'long', onError: null, onNull: null } };
}

/** Whether a sample refers to at least one frame in the way of before 0.6.2. */
export const holdsFrameReferences: Expression = {
  $anyElementTrue: [{ $map: { input: frameReferences, as: 'frame', in: { $eq: [{ $type: '$$frame.v' }, 'objectId'] } } }],
};

/** A filter for samples whose `frames` is the document of ids, an empty one included, not the summary that took its place. */
export const refersToFrames: Query = { frames: { $type: 'object' }, 'frames._cls': { $exists: false } };

/** A filter for samples whose `frames` is a summary: 0.6.2 to 0.7.1 keep the first frame and the number of frames there. */
export const summarisesFrames: Query = {
  $or: ['_cls', 'first_frame', 'frame_count'].map((key) => ({ [`frames.${key}`]: { $exists: true } })),
};

/** Refuses samples whose `frames` is neither a document nor empty. */
export function framesThatAreNoDocument(samples: string): Malformed {
  const filter = { $expr: { $not: [{ $in: [{ $type: '$frames' }, ['object', 'null', 'missing']] }] } };
  return { collection: samples, filter, problem: 'frames is no document' };
}

/** Refuses frames that say of which sample they are, but not in a way in which samples can be found. */
export function framesOfNoSample(frames: string): Malformed {
  const filter = { _sample_id: { $exists: true }, $expr: { $in: [{ $type: '$_sample_id' }, ['array', 'null', 'undefined']] } };
  return { collection: frames, filter, problem: '_sample_id is no id' };
}
