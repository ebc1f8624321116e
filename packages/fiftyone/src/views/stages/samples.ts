import type { Document } from 'mongodb';
import type { Value } from '../../bson/index.js';
import { MalformedError } from '../../errors.js';
import { isNotEmpty, isPresent, matching, pathsIn, plain, reads, size } from '../expression.js';
import { withFrames } from '../frames.js';
import { withSlices } from '../groups.js';
import { FRAMES } from '../schema.js';
import { idOf, type Kwargs } from '../stage.js';
import { pipe, type State } from '../state.js';
import type { StageCompiler } from './compiler.js';

/** Stages that choose samples. */
export const SAMPLE_STAGES: Readonly<Record<string, StageCompiler>> = {
  Exclude: (kwargs, state) => pipe(state, { $match: { _id: { $not: { $in: kwargs.ids('sample_ids') ?? [] } } } }),
  ExcludeBy: (kwargs, state) => {
    const { key, values } = fieldAndValues(kwargs, state);
    return pipe(state, { $match: { [key]: { $not: { $in: values } } } });
  },
  Exists: exists,
  GeoNear: near,
  GeoWithin: (kwargs, state) => {
    const operator = kwargs.boolean('strict', true) ? '$geoWithin' : '$geoIntersects';
    return pipe(state, { $match: { [pointOf(kwargs, state)]: { [operator]: { $geometry: plain(kwargs.value('boundary')) } } } });
  },
  Limit: (kwargs, state) => pipe(state, ...limit(kwargs.integer('limit'))),
  Match: (kwargs, state) => pipe(attachedFor(kwargs.value('filter'), state), { $match: plainFilter(kwargs, 'filter') }),
  MatchTags: (kwargs, state) => pipe(state, { $match: { tags: tagFilter(kwargs) } }),
  Mongo: (kwargs, state) => {
    const attached = kwargs.boolean('_needs_frames', true) ? withFrames(state) : state;
    const slices = kwargs.strings('_group_slices') ?? state.groups?.slices ?? [];
    return pipe(withSlices(attached, slices), ...((kwargs.list('pipeline') ?? []).map(plain) as Document[]));
  },
  Select: (kwargs, state) => selectBy('_id', kwargs.ids('sample_ids') ?? [], kwargs, state),
  SelectBy: (kwargs, state) => {
    const { key, values } = fieldAndValues(kwargs, state);
    return selectBy(key, values, kwargs, state);
  },
  Skip: (kwargs, state) => {
    const skip = kwargs.integer('skip');
    return skip > 0 ? pipe(state, { $skip: skip }) : state;
  },
};

const NOTHING = { $match: { _id: null } };

export function limit(count: number): Document[] {
  return [count > 0 ? { $limit: count } : NOTHING];
}

/** The view with what a filter or an expression needs besides the samples: frames, other slices of the groups. */
export function attachedFor(expression: Value, state: State): State {
  const attached = reads(expression, 'frames') ? withFrames(state) : state;
  const slices = pathsIn(expression, 'groups').map((path) => path.split('.')[1]);
  return withSlices(attached, slices.some((slice) => slice === undefined) ? (state.groups?.slices ?? []) : (slices as string[]));
}

/** Documents whose key has one of the values. */
export function selectBy(key: string, values: readonly unknown[], kwargs: Kwargs, state: State): State {
  const selected = pipe(state, { $match: { [key]: { $in: values } } });
  if (!kwargs.boolean('ordered')) return selected;
  const order = { $addFields: { _select_order: { $indexOfArray: [values, `$${key}`] } } };
  return pipe(selected, order, { $sort: { _select_order: 1 } }, { $project: { _select_order: false } });
}

function fieldAndValues(kwargs: Kwargs, { schema }: State): { key: string; values: readonly unknown[] } {
  const field = kwargs.string('field');
  const values = kwargs.list('values') ?? [];
  const areIds = schema.at(field)?.type === 'ObjectIdField' || field === 'id';
  return { key: schema.keys(field), values: values.map((value) => (areIds ? idOf(value, 'values') : plain(value))) };
}

function exists(kwargs: Kwargs, state: State): State {
  const field = kwargs.string('field');
  const bool = kwargs.boolean('bool', true);
  const key = state.schema.keys(field);
  if (field !== 'frames' && !field.startsWith(FRAMES)) {
    return pipe(state, matching(bool ? isPresent(`$${key}`) : { $not: isPresent(`$${key}`) }));
  }
  const such = { $filter: { input: '$frames', cond: isPresent(`$$this.${key.slice(FRAMES.length)}`) } };
  const frames = field === 'frames' ? '$frames' : such;
  return pipe(withFrames(state), matching(bool ? isNotEmpty(frames) : { $eq: [size(frames), 0] }));
}

function plainFilter(kwargs: Kwargs, name: string): Document {
  return plain(kwargs.document(name) ?? null) as Document;
}

function tagFilter(kwargs: Kwargs): Document {
  const tags = kwargs.strings('tags') ?? [];
  const bool = kwargs.boolean('bool', true);
  if (kwargs.boolean('all')) return bool ? { $all: tags } : { $not: { $all: tags } };
  return bool ? { $in: tags } : { $nin: tags };
}

/** The server wants this stage to be the first, and an index of the point. */
function near(kwargs: Kwargs, state: State): State {
  const limits = { minDistance: plain(kwargs.value('min_distance')), maxDistance: plain(kwargs.value('max_distance')) };
  const geoNear = {
    near: plain(kwargs.value('point')),
    key: pointOf(kwargs, state),
    distanceField: '_distance',
    spherical: true,
    query: plainFilter(kwargs, 'query') ?? {},
    ...Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== null)),
  };
  return pipe(state, { $geoNear: geoNear }, { $unset: '_distance' });
}

/** The point of a field with locations: of the one that is named, or of the only one that there is. */
function pointOf(kwargs: Kwargs, { schema }: State): string {
  const field = kwargs.value('location_field');
  const path = typeof field === 'string' ? field : schema.samples.find(({ document }) => document === 'GeoLocation')?.name;
  if (path === undefined) throw new MalformedError(`location_field of ${kwargs.stage}`, 'missing', 'a field with locations');
  return schema.at(path)?.document === 'GeoLocation' ? `${schema.keys(path)}.point` : schema.keys(path);
}
