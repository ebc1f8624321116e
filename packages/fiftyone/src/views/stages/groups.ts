import type { Document } from 'mongodb';
import type { Value } from '../../bson/index.js';
import { MalformedError } from '../../errors.js';
import { matching, plain } from '../expression.js';
import { withFrames } from '../frames.js';
import { wholeGroups, withSlices } from '../groups.js';
import { type Kwargs, type Stage, stageOf } from '../stage.js';
import { type Groups, initialState, pipe, type State, selectionsOfSamples, wholePipeline } from '../state.js';
import type { Compile, StageCompiler } from './compiler.js';
import { sorted } from './order.js';
import { selectBy } from './samples.js';

/** Stages about groups of samples. */
export const GROUP_STAGES: Readonly<Record<string, StageCompiler>> = {
  Concat: concat,
  ExcludeGroups: (kwargs, state) => {
    const ids = kwargs.ids('group_ids') ?? [];
    return pipe(state, { $match: { [`${groupsOf(kwargs, state).field}._id`]: { $not: { $in: ids } } } });
  },
  ExcludeGroupSlices: (kwargs, state) => {
    const groups = groupsOf(kwargs, state);
    const excluded = slicesOf(kwargs, groups);
    return { ...state, groups: restricted(groups, (slice) => !excluded.includes(slice)) };
  },
  Flatten: (kwargs, state, compile) => {
    const stages = kwargs.list('stages')?.map(stageOf) ?? [];
    return flattened(state, stages, compile);
  },
  GroupBy: (kwargs, state) => (kwargs.boolean('flat') ? groupedFlat(kwargs, state) : grouped(kwargs, state)),
  SelectGroups: (kwargs, state) => selectBy(`${groupsOf(kwargs, state).field}._id`, kwargs.ids('group_ids') ?? [], kwargs, state),
  SelectGroupSlices: (kwargs, state) => {
    const groups = groupsOf(kwargs, state);
    const selected = slicesOf(kwargs, groups);
    const restriction = restricted(groups, (slice) => selected.includes(slice));
    return kwargs.boolean('flat', true) ? ungrouped(state, groups, restriction) : { ...state, groups: restriction };
  },
};

/** The samples of slices by themselves. */
function ungrouped(state: State, groups: Groups, restriction: Groups): State {
  const { slices, mediaTypes, field } = restriction;
  const flat = { ...restriction, isFlat: true, attached: [] };
  if (state.pipeline.length > 0) {
    const pipeline = [
      ...wholePipeline({ ...state, groups }),
      ...wholeGroups(state, groups, slices),
      ...selectionsOfSamples(state),
    ];
    return { ...state, pipeline, framesAttached: false, groups: flat };
  }
  const isWhole = slices.length === mediaTypes.size;
  return { ...state, pipeline: isWhole ? [] : [inSlices(field, slices)], groups: flat };
}

/** Samples of slices in their natural order: with more than one an index would put them in the order of its keys. */
function inSlices(field: string, slices: readonly string[]): Document {
  const [slice] = slices;
  return slices.length === 1 ? { $match: { [`${field}.name`]: slice } } : matching({ $in: [`$${field}.name`, slices] });
}

function restricted(groups: Groups, keeps: (slice: string) => boolean): Groups {
  const slices = groups.slices.filter(keeps);
  return { ...groups, slices, active: slices.includes(groups.active) ? groups.active : (slices[0] ?? groups.active) };
}

/** The slices that a stage is about: those that it names, or those of a type of media; all if it says neither. */
function slicesOf(kwargs: Kwargs, groups: Groups): readonly string[] {
  const type = kwargs.value('media_type');
  const named = kwargs.strings('slices');
  return named ?? groups.slices.filter((slice) => type === null || groups.mediaTypes.get(slice) === type);
}

function groupsOf({ stage }: Kwargs, { groups }: State): Groups {
  if (!groups || groups.isFlat)
    throw new MalformedError(`the stage ${stage}`, 'about samples without groups', 'a view of groups');
  return groups;
}

/** One sample for all that have the same value; the others come back with `Flatten`. */
function grouped(kwargs: Kwargs, state: State): State {
  const value = groupValue(kwargs.value('field_or_expr'), state);
  const ordered = inOrder(kwargs, state);
  const first = [
    { $group: { _id: value, doc: { $first: '$$ROOT' } } },
    { $replaceRoot: { newRoot: '$doc' } },
    { $sort: { _id: 1 } },
  ];
  return { ...pipe(ordered, ...first), grouping: { value, samples: ordered } };
}

/** All samples, those with the same value together: by that value, where the original has no order. */
function groupedFlat(kwargs: Kwargs, state: State): State {
  const value = groupValue(kwargs.value('field_or_expr'), state);
  const matched = kwargs.value('match_expr');
  const sort = kwargs.value('sort_expr');
  const direction = kwargs.boolean('reverse') ? -1 : 1;
  const sorts = sort === null ? { _id: 1 } : { order: direction, _id: 1 };
  return pipe(
    inOrder(kwargs, state),
    { $group: { _id: value, docs: { $push: '$$ROOT' } } },
    ...(matched === null ? [] : [matching(plain(matched))]),
    ...(sort === null ? [] : [{ $addFields: { order: plain(sort) } }]),
    { $sort: sorts },
    { $unwind: '$docs' },
    { $replaceRoot: { newRoot: '$docs' } },
  );
}

function inOrder(kwargs: Kwargs, state: State): State {
  const by = kwargs.value('field_or_expr');
  const orderBy = kwargs.value('order_by');
  if (orderBy === null) return state;
  const fields = Array.isArray(by) ? by : [by];
  const direction = kwargs.boolean('reverse') ? -1 : 1;
  return sorted(state, [...fields.map((field) => ({ by: field, direction: 1 })), { by: orderBy, direction }]);
}

function groupValue(by: Value, state: State): unknown {
  if (Array.isArray(by)) return by.map((item) => groupValue(item, state));
  return typeof by === 'string' ? `$${state.schema.keys(by)}` : plain(by);
}

/** The samples of the groups that a view has made, group by group. @param stages what is done to each group */
export function flattened(state: State, stages: readonly Stage[], compile: Compile): State {
  const { grouping } = state;
  if (!grouping) throw new MalformedError('the stage Flatten', 'about samples that are not grouped', 'GroupBy before it');
  const { samples, value } = grouping;
  const inner = compile(stages, { ...samples, pipeline: [] });
  const same = matching({ $eq: ['$$value', value] });
  const pipeline = [...wholePipeline(samples), same, ...inner.pipeline, ...selectionsOfSamples(state)];
  const lookup = { from: state.source.collection, let: { value: '$value' }, pipeline, as: 'samples' };
  // what they are grouped by may be among the fields that were left out since
  const unselected = state.pipeline.filter(
    (step) => !state.selections.slice(samples.selections.length).some((selection) => selection.samples === step),
  );
  const steps = [
    { $project: { value } },
    { $lookup: lookup },
    { $unwind: '$samples' },
    { $replaceRoot: { newRoot: '$samples' } },
  ];
  return { ...pipe({ ...state, pipeline: unselected }, ...steps), framesAttached: inner.framesAttached, grouping: undefined };
}

/** The samples of two views of one dataset, one after the other. */
function concat(kwargs: Kwargs, state: State, compile: Compile): State {
  const stages = kwargs.document('samples')?.get('stages');
  const other = compile(Array.isArray(stages) ? stages.map(stageOf) : [], initialState(state.dataset, state.source));
  const alike = withSlices(state.framesAttached ? withFrames(other) : other, state.groups?.attached ?? []);
  const extra = state.framesAttached || !alike.framesAttached ? [] : [{ $unset: 'frames' }];
  return pipe(state, { $unionWith: { coll: state.source.collection, pipeline: [...wholePipeline(alike), ...extra] } });
}
