import type { Document } from 'mongodb';
import type { ReadonlyDoc } from '../bson/index.js';
import type { Connection } from '../database/connection.js';
import type { Reading, SampleCollection } from '../datasets/sample-collection.js';
import { compile } from './compile.js';
import { hasFrames, isVideo, lookUpFrames, unwindFrames, withFrames } from './frames.js';
import { resolveGenerated } from './generated.js';
import { wholeGroups } from './groups.js';
import { shownSamples } from './shown.js';
import type { Stage } from './stage.js';
import { isAlwaysThere } from './stages/fields.js';
import { flattened } from './stages/groups.js';
import { frameCollection, pipe, type State, selectionsOfSamples, wholePipeline } from './state.js';

/** Samples of a dataset, as a list of stages shows them. */
export class View implements SampleCollection {
  readonly isView = true;

  constructor(
    readonly connection: Connection,
    /** The document of the dataset that the samples belong to: of a generated one, if that is what is shown. */
    readonly doc: ReadonlyDoc,
    readonly stages: readonly Stage[],
    private readonly state: State,
  ) {}

  /** @param slices of groups: all samples of the groups that are shown, or one for each */
  samples(slices: 'all' | 'active'): Reading {
    const shown = slices === 'all' ? whole(this.state) : this.state;
    return this.#reading(shownSamples(shown));
  }

  frames(): Reading | undefined {
    const shown = framesShown(this.state);
    return shown && this.#reading(shown);
  }

  shows(path: string): boolean {
    return isAlwaysThere(path, this.state) || this.state.schema.shows(path);
  }

  #reading(pipeline: readonly Document[]): Reading {
    return { collection: this.state.source.collection, pipeline };
  }
}

/**
 * The samples of a dataset as stages show them.
 *
 * @throws UnsupportedStageError, and MalformedError for arguments that cannot be
 */
export async function viewOf(dataset: SampleCollection, stages: readonly Stage[]): Promise<View> {
  const { initial, rest } = await resolveGenerated(dataset.connection, dataset.doc, stages);
  return new View(dataset.connection, initial.dataset, stages, compile(rest, initial));
}

/** With all samples of the groups that are shown. */
function whole(state: State): State {
  const ungrouped = state.grouping ? flattened(state, [], compile) : state;
  const { groups } = ungrouped;
  if (!groups || groups.isFlat) return ungrouped;
  const samples = pipe(ungrouped, ...wholeGroups(ungrouped, groups, groups.slices), ...selectionsOfSamples(state));
  return { ...samples, framesAttached: false, groups: { ...groups, attached: [] } };
}

function framesShown(state: State): Document[] | undefined {
  const { dataset } = state;
  if (frameCollection(dataset) === undefined) return undefined;
  const ungrouped = state.grouping ? flattened(state, [], compile) : state;
  const { groups } = ungrouped;
  if (!groups || groups.isFlat) {
    if (!hasFrames(ungrouped)) return undefined;
    const ready = ungrouped.framesAttached ? ungrouped : pipe(ungrouped, ONLY_KEYS);
    return [...wholePipeline(withFrames(ready)), ...unwindFrames(dataset)];
  }
  const videos = groups.slices.filter((slice) => isVideo(groups, slice));
  if (videos.length === 0) return undefined;
  const samples = [...wholePipeline(ungrouped), ...wholeGroups(ungrouped, groups, videos), { $project: { _id: true } }];
  return [...samples, lookUpFrames(dataset), ...unwindFrames(dataset), ...state.selections.flatMap(({ frames }) => frames)];
}

/** What is needed of samples to find their frames. */
const ONLY_KEYS = { $project: { _id: true, _sample_id: true, support: true } };
