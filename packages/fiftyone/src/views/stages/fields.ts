import type { Document } from 'mongodb';
import { Doc, type Value } from '../../bson/index.js';
import { hasFrames, withFrames } from '../frames.js';
import { defaultKeys } from '../label-classes.js';
import { fieldsNamed } from '../meta-filter.js';
import { type Field, FRAMES, type Schema } from '../schema.js';
import type { Kwargs } from '../stage.js';
import { pipe, type Selection, type State, sampleCollection } from '../state.js';
import type { StageCompiler } from './compiler.js';

/** Stages that choose fields. */
export const FIELD_STAGES: Readonly<Record<string, StageCompiler>> = {
  ExcludeFields: (kwargs, state) => {
    const paths = pathsOf(kwargs, state).filter((path) => !isAlwaysThere(path, state));
    const frameKeys = paths.filter((path) => path.startsWith(FRAMES)).map((path) => frameKey(state.schema, path));
    const keys = paths.filter((path) => !path.startsWith(FRAMES)).map((path) => state.schema.keys(path));
    const attached = frameKeys.length > 0 ? withFrames(state) : state;
    const excluded = { ...attached, schema: state.schema.exclude(paths) };
    return selected(excluded, false, keys, frameKeys.length > 0 ? frameKeys : undefined);
  },
  SelectFields: (kwargs, state) => {
    const paths = pathsOf(kwargs, state);
    const ofFrames = paths.filter((path) => path.startsWith(FRAMES));
    const isAboutFrames = ofFrames.length > 0 || kwargs.value('field_names') === null;
    const frameKeys = withParents(ofFrames, state.schema, DEFAULT_FRAME_KEYS).map((key) => key.slice(FRAMES.length));
    const keys = withParents(
      paths.filter((path) => !path.startsWith(FRAMES)),
      state.schema,
      defaultSampleKeys(state),
    );
    const attached = isAboutFrames ? withFrames(state) : state;
    const narrowed = { ...attached, schema: state.schema.select(paths) };
    return selected(narrowed, true, keys, isAboutFrames || hasFrames(state) ? frameKeys : undefined);
  },
};

/** @param keeps whether these are the keys that are kept, or those that are left out */
function selected(state: State, keeps: boolean, keys: readonly string[], frameKeys: readonly string[] | undefined): State {
  if (keys.length === 0 && !frameKeys) return state;
  const samples = projection(keeps, [...keys, ...(frameKeys ?? []).map((key) => `${FRAMES}${key}`)]);
  const selection: Selection = { samples, frames: frameKeys ? [projection(keeps, frameKeys)] : [] };
  return { ...pipe(state, samples), selections: [...state.selections, selection] };
}

export function projection(keeps: boolean, keys: readonly string[]): Document {
  return { $project: Object.fromEntries(keys.map((key) => [key, keeps])) };
}

const DEFAULT_SAMPLE_KEYS =
  '_id filepath media_reference tags metadata created_at last_modified_at _media_type _rand _dataset_id'.split(' ');
const DEFAULT_FRAME_KEYS = '_id frame_number created_at last_modified_at _sample_id _dataset_id'
  .split(' ')
  .map((key) => `${FRAMES}${key}`);

/** What generated datasets have besides. */
const GENERATED_KEYS: Readonly<Record<string, readonly string[]>> = {
  clips: ['_sample_id', 'support'],
  frames: ['_sample_id', 'frame_number'],
  patches: ['_sample_id'],
};

function defaultSampleKeys({ dataset, groups }: State): string[] {
  const collection = sampleCollection(dataset);
  const kind = collection.slice(0, collection.indexOf('.'));
  const isOfFrames = collection.startsWith('patches.frames.');
  return [
    ...DEFAULT_SAMPLE_KEYS,
    ...(GENERATED_KEYS[kind] ?? []),
    ...(isOfFrames ? ['_frame_id', 'frame_number'] : []),
    ...(groups && !groups.isFlat ? [groups.field] : []),
  ];
}

/** The keys of fields and what the documents around them always have; of those in one another only the inner ones. */
function withParents(paths: readonly string[], schema: Schema, always: readonly string[]): string[] {
  const keys = new Set([...always, ...paths.flatMap((path) => [schema.keys(path), ...keysAround(path, schema)])]);
  return [...keys].filter((key) => ![...keys].some((other) => other.startsWith(`${key}.`)));
}

function keysAround(path: string, schema: Schema): string[] {
  const names = path.split('.');
  const parents = names.map((_, i) => names.slice(0, i).join('.')).filter((parent) => parent !== '' && parent !== 'frames');
  return parents.flatMap((parent) => {
    const cls = schema.at(parent)?.document;
    return cls === undefined ? [] : defaultKeys(cls).map((key) => `${schema.keys(parent)}.${key}`);
  });
}

/** Whether a field is shown whatever is selected. */
export function isAlwaysThere(path: string, state: State): boolean {
  const key = state.schema.keys(path);
  return (path.startsWith(FRAMES) ? DEFAULT_FRAME_KEYS : defaultSampleKeys(state)).includes(key);
}

function frameKey(schema: Schema, path: string): string {
  return schema.keys(path).slice(FRAMES.length);
}

function pathsOf(kwargs: Kwargs, { schema }: State): string[] {
  const filter = kwargs.value('meta_filter');
  const found =
    filter === null ? [] : [...matchingPaths(schema.samples, filter, ''), ...matchingPaths(schema.frames, filter, FRAMES)];
  return [...new Set([...(kwargs.strings('field_names') ?? []), ...found])];
}

function matchingPaths(fields: readonly Field[], filter: Value, prefix: string): string[] {
  return fieldsNamed(fields, filter instanceof Doc ? filter : Doc.of(['any', filter])).map((path) => `${prefix}${path}`);
}
