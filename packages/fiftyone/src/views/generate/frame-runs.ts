import { Doc, type Value } from '../../bson/index.js';
import { type Expression, isNotEmpty, isPresent, plain } from '../expression.js';
import { FRAMES } from '../schema.js';
import type { State } from '../state.js';

/**
 * The clips of consecutive frames for which a condition on `$$frame` holds.
 *
 * @param tolerance how many frames may lack between two of a clip
 * @param shortest how many frames a clip has at least
 */
export function frameRuns(condition: Expression, tolerance: number, shortest: number): Expression {
  const frames = { $filter: { input: '$frames', as: 'frame', cond: condition } };
  const numbers = { $map: { input: frames, as: 'frame', in: '$$frame.frame_number' } };
  const length = { $add: [{ $subtract: [{ $arrayElemAt: ['$$run', 1] }, { $arrayElemAt: ['$$run', 0] }] }, 1] };
  const long = { $filter: { input: runs(numbers, tolerance + 1), as: 'run', cond: { $gte: [length, shortest] } } };
  return { $map: { input: long, as: 'run', in: { support: '$$run' } } };
}

/** Numbers in order as pairs of the first and last of each run. @param gap how far one number of a run may be from the next */
function runs(numbers: Expression, gap: number): Expression {
  const last = { $arrayElemAt: ['$$value', -1] };
  const isNext = { $lte: [{ $subtract: ['$$this', { $arrayElemAt: ['$$last', 1] }] }, gap] };
  const others = { $filter: { input: '$$value', as: 'run', cond: { $ne: ['$$run', '$$last'] } } };
  const longer = { $concatArrays: [others, [[{ $arrayElemAt: ['$$last', 0] }, '$$this']]] };
  const more = { $concatArrays: ['$$value', [['$$this', '$$this']]] };
  const isLonger = { $and: [isPresent('$$last'), isNext] };
  return {
    $reduce: { input: numbers, initialValue: [], in: { $let: { vars: { last }, in: { $cond: [isLonger, longer, more] } } } },
  };
}

/** Whether there is something in a field of `$$frame`. */
export function isInFrame({ schema }: State, path: string): Expression {
  const key = `$$frame.${schema.keys(path).slice(FRAMES.length)}`;
  const items = schema.itemsOf(path);
  return items === undefined ? isPresent(key) : isNotEmpty(`${key}.${items}`);
}

/** An expression about frames, as one about `$$frame`. */
export function aboutFrame(value: Value): Expression {
  return plain(inFrame(value));
}

function inFrame(value: Value): Value {
  if (typeof value === 'string') return value.startsWith('$') && !value.startsWith('$$') ? `$$frame.${value.slice(1)}` : value;
  if (Array.isArray(value)) return value.map(inFrame);
  return value instanceof Doc ? new Doc([...value].map(([key, item]) => [key, inFrame(item)])) : value;
}
