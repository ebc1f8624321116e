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
    const paths = pathsOf(kwargs, state);
    const frameKeys = paths.filter((path) => path.startsWith(FRAMES)).map((path) => frameKey(state.schema, path));
    const keys = paths.filter((path) => !path.startsWith(FRAMES)).map((path) => state.schema.keys(path));
    const attached = frameKeys.length > 0 ? withFrames(state) : state;
    const excluded = { ...attached, schema: state.schema.exclude(paths) };
    return selected(excluded, { keeps: false, keys, frameKeys: frameKeys.length > 0 ? frameKeys : undefined });
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
    return selected(narrowed, { keeps: true, keys, frameKeys: isAboutFrames || hasFrames(state) ? frameKeys : undefined });
  },
};

function selected(state: State, selection: Selection): State {
  const { keys, frameKeys } = selection;
  if (keys.length === 0 && !frameKeys) return state;
  return { ...pipe(state, projection(selection)), selections: [...state.selections, selection] };
}

/** What a selection of fields does to samples, and to their frames if these are attached. */
export function projection({ keeps, keys, frameKeys }: Selection): Document {
  return {
    $project: Object.fromEntries([...keys, ...(frameKeys ?? []).map((key) => `${FRAMES}${key}`)].map((key) => [key, keeps])),
  };
}

/** What a selection of fields does to frames. */
export function frameProjection({ keeps, frameKeys }: Selection): Document[] {
  return frameKeys ? [{ $project: Object.fromEntries(frameKeys.map((key) => [key, keeps])) }] : [];
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
