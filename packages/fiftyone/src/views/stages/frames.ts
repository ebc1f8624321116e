import { isNotEmpty, matching, plain } from '../expression.js';
import { withFrames } from '../frames.js';
import type { Kwargs } from '../stage.js';
import { pipe, type State } from '../state.js';
import type { StageCompiler } from './compiler.js';

/** Stages that choose frames. */
export const FRAME_STAGES: Readonly<Record<string, StageCompiler>> = {
  ExcludeFrames: (kwargs, state) => chosen(kwargs, state, { $not: { $in: ['$$this._id', kwargs.ids('frame_ids') ?? []] } }),
  MatchFrames: (kwargs, state) => chosen(kwargs, state, plain(kwargs.value('filter'))),
  SelectFrames: (kwargs, state) => chosen(kwargs, state, { $in: ['$$this._id', kwargs.ids('frame_ids') ?? []] }),
};

function chosen(kwargs: Kwargs, state: State, condition: unknown): State {
  const frames = { $addFields: { frames: { $filter: { input: '$frames', cond: condition } } } };
  const filtered = pipe(withFrames(state), frames);
  return kwargs.boolean('omit_empty', true) ? pipe(filtered, matching(isNotEmpty('$frames'))) : filtered;
}
