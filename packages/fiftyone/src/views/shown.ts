import type { Document } from 'mongodb';
import { type State, wholePipeline } from './state.js';

/** The samples of a view, without what its stages need besides. */
export function shownSamples(state: State): Document[] {
  const { framesAttached, groups } = state;
  const helpers = [...(framesAttached ? ['frames'] : []), ...(groups?.attached.length ? ['groups'] : [])];
  return [...wholePipeline(state), ...(helpers.length > 0 ? [{ $unset: helpers }] : [])];
}
