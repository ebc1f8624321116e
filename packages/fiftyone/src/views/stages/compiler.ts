import type { Kwargs, Stage } from '../stage.js';
import type { State } from '../state.js';

/** Makes of the view before a stage the view after it. @param compile the same for further stages */
export type StageCompiler = (kwargs: Kwargs, state: State, compile: Compile) => State;

/** Makes of a view the view after more stages. */
export type Compile = (stages: readonly Stage[], state: State) => State;
