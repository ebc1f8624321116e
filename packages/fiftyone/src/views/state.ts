import type { Document } from 'mongodb';
import { Doc, type ReadonlyDoc } from '../bson/index.js';
import type { Reading } from '../datasets/sample-collection.js';
import type { Expression } from './expression.js';
import { Schema } from './schema.js';

/** What a view shows after some of its stages, and how to read it. */
export interface State {
  readonly dataset: ReadonlyDoc;
  /** Its samples. */
  readonly source: Reading;
  readonly schema: Schema;
  /** What the stages make of the samples; of a grouped dataset, of those of the active slice. */
  readonly pipeline: readonly Document[];
  /** Whether each sample has its frames at `frames`. */
  readonly framesAttached: boolean;
  /** The selections of fields so far. */
  readonly selections: readonly Selection[];
  readonly groups: Groups | undefined;
  readonly grouping: Grouping | undefined;
}

/** Fields that a view keeps, or leaves out. */
export interface Selection {
  /** What this does to samples, and to their frames if these are attached. */
  readonly samples: Document;
  /** What it does to frames by themselves. */
  readonly frames: readonly Document[];
}

/** The groups of a grouped dataset. */
export interface Groups {
  readonly field: string;
  /** The media types of all slices. */
  readonly mediaTypes: ReadonlyMap<string, string>;
  /** The slice that stands for the group. */
  readonly active: string;
  /** The slices that are shown. */
  readonly slices: readonly string[];
  /** Whether samples are shown by themselves, no longer as groups. */
  readonly isFlat: boolean;
  /** The slices that each sample has at `groups`. */
  readonly attached: readonly string[];
}

/** Groups that a view makes of samples with the same value. */
export interface Grouping {
  readonly value: Expression;
  /** The samples that are grouped, in the order that they have within a group. */
  readonly samples: State;
}

/** A dataset before any stage. @param source its samples, if they are not those of its own collection */
export function initialState(
  dataset: ReadonlyDoc,
  source: Reading = { collection: sampleCollection(dataset), pipeline: [] },
): State {
  const schema = Schema.of(dataset, frameCollection(dataset) !== undefined);
  return {
    dataset,
    source,
    schema,
    pipeline: [],
    framesAttached: false,
    selections: [],
    groups: groupsOf(dataset),
    grouping: undefined,
  };
}

function groupsOf(dataset: ReadonlyDoc): Groups | undefined {
  const field = dataset.get('group_field');
  const active = dataset.get('default_group_slice');
  if (dataset.get('media_type') !== 'group' || typeof field !== 'string' || typeof active !== 'string') return undefined;
  const types = dataset.get('group_media_types');
  const mediaTypes = new Map(types instanceof Doc ? [...types].map(([slice, type]) => [slice, String(type)]) : []);
  return { field, mediaTypes, active, slices: [...mediaTypes.keys()], isFlat: false, attached: [] };
}

export function sampleCollection(dataset: ReadonlyDoc): string {
  return String(dataset.get('sample_collection_name'));
}

export function frameCollection(dataset: ReadonlyDoc): string | undefined {
  const name = dataset.get('frame_collection_name');
  return typeof name === 'string' ? name : undefined;
}

/** The view with more stages of the server's aggregation. */
export function pipe(state: State, ...pipeline: readonly Document[]): State {
  return { ...state, pipeline: [...state.pipeline, ...pipeline] };
}

/** The stage that comes first: of groups, only the samples that stand for them. */
export function activeSlice(groups: Groups | undefined): Document[] {
  return groups && !groups.isFlat ? [{ $match: { [`${groups.field}.name`]: groups.active } }] : [];
}

/** All stages, that which comes first included. */
export function wholePipeline(state: State): Document[] {
  return [...state.source.pipeline, ...activeSlice(state.groups), ...state.pipeline];
}

/** What the selections of fields so far do to samples that are read anew. */
export function selectionsOfSamples({ selections }: State): Document[] {
  return selections.map(({ samples }) => samples);
}
