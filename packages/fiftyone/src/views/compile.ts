import { UnsupportedStageError } from '../errors.js';
import type { Stage } from './stage.js';
import type { StageCompiler } from './stages/compiler.js';
import { FIELD_STAGES } from './stages/fields.js';
import { FRAME_STAGES } from './stages/frames.js';
import { GROUP_STAGES } from './stages/groups.js';
import { KEYPOINT_STAGES } from './stages/keypoints.js';
import { LABEL_STAGES } from './stages/labels.js';
import { ORDER_STAGES } from './stages/order.js';
import { SAMPLE_STAGES } from './stages/samples.js';
import { VALUE_STAGES } from './stages/values.js';
import type { State } from './state.js';

/** What each stage does. To add one, add it to one of these tables and record what the original does with it. */
const STAGES = new Map<string, StageCompiler>(
  Object.entries({
    ...FIELD_STAGES,
    ...FRAME_STAGES,
    ...GROUP_STAGES,
    ...KEYPOINT_STAGES,
    ...LABEL_STAGES,
    ...ORDER_STAGES,
    ...SAMPLE_STAGES,
    ...VALUE_STAGES,
  }),
);

/** Makes of a view the view after more stages. @throws UnsupportedStageError, and MalformedError for arguments that cannot be */
export function compile(stages: readonly Stage[], state: State): State {
  return stages.reduce((view, { name, kwargs }) => {
    const compiler = STAGES.get(name);
    if (!compiler) throw new UnsupportedStageError(name);
    return compiler(kwargs, view, compile);
  }, state);
}
