import type { Document } from 'mongodb';
import { Doc, type Value } from '../../bson/index.js';
import { MalformedError } from '../../errors.js';
import { all, any, cond, type Expression, isNotEmpty, isPresent, matching, plain, rebase } from '../expression.js';
import { withFrames } from '../frames.js';
import { FRAMES, type LabelField, type Schema } from '../schema.js';
import { idOf, type Kwargs } from '../stage.js';
import { pipe, type State } from '../state.js';
import type { StageCompiler } from './compiler.js';
import { projection } from './fields.js';

/** Stages that choose labels, and values of fields. */
export const LABEL_STAGES: Readonly<Record<string, StageCompiler>> = {
  ExcludeLabels: excludeLabels,
  FilterField: (kwargs, state) => {
    const path = kwargs.string('field');
    return onlyMatches(
      kwargs,
      filtered(state, { path, items: undefined, ofFrames: path.startsWith(FRAMES) }, plain(kwargs.value('filter'))),
    );
  },
  FilterLabels: (kwargs, state) => {
    const field = labelField(kwargs.string('field'), state.schema);
    if (kwargs.boolean('trajectories') && field.ofFrames) return onlyMatches(kwargs, trajectories(kwargs, state, field));
    return onlyMatches(kwargs, filtered(state, field, plain(kwargs.value('filter'))));
  },
  MatchLabels: matchLabels,
  SelectLabels: selectLabels,
};

/** A view, and what holds for the samples that have something left of what was filtered. */
interface Filtered {
  readonly state: State;
  readonly some: Expression;
}

function onlyMatches(kwargs: Kwargs, { state, some }: Filtered): State {
  return kwargs.boolean('only_matches', true) ? pipe(state, matching(some)) : state;
}

function labelField(path: string, schema: Schema): LabelField {
  return { path, items: schema.itemsOf(path), ofFrames: path.startsWith(FRAMES) };
}

/** With the labels of a field for which a condition holds; in a list of labels it is about `$$this`, else about the path of the field. */
function filtered(state: State, field: LabelField, condition: Expression): Filtered {
  const attached = field.ofFrames ? withFrames(state) : state;
  return { state: pipe(attached, filterStage(state.schema, field, condition)), some: hasLabels(state.schema, field) };
}

function filterStage(schema: Schema, field: LabelField, condition: Expression): Document {
  const key = schema.keys(field.path);
  if (!field.ofFrames) {
    if (field.items === undefined) return { $addFields: { [key]: cond(condition, `$${key}`, null) } };
    const items = `${key}.${field.items}`;
    return { $addFields: { [items]: { $filter: { input: `$${items}`, cond: condition } } } };
  }
  const keys = key.slice(FRAMES.length).split('.');
  return {
    $addFields: { frames: { $map: { input: '$frames', as: 'frame', in: merged('$$frame', keys, field.items, condition) } } },
  };
}

/** A document with the field at some keys filtered. */
function merged(at: string, keys: readonly string[], items: string | undefined, condition: Expression): Document {
  const [key, ...rest] = keys;
  if (key === undefined) {
    return { $mergeObjects: [at, { [items as string]: { $filter: { input: `${at}.${items}`, cond: condition } } }] };
  }
  const inner = `${at}.${key}`;
  const isLast = rest.length === 0 && items === undefined;
  return { $mergeObjects: [at, { [key]: isLast ? cond(condition, inner, null) : merged(inner, rest, items, condition) }] };
}

/** Whether there are labels in a field. */
function hasLabels(schema: Schema, { path, items, ofFrames }: LabelField, condition?: Expression): Expression {
  const key = schema.keys(path);
  if (!ofFrames) return inField(`$${key}`, items, condition);
  return {
    $anyElementTrue: [
      ifNone({ $map: { input: '$frames', as: 'frame', in: inField(`$$frame.${key.slice(FRAMES.length)}`, items, condition) } }),
    ],
  };
}

function inField(at: string, items: string | undefined, condition: Expression | undefined): Expression {
  if (items === undefined) return all([isPresent(at), ...(condition === undefined ? [] : [condition])]);
  const labels = `${at}.${items}`;
  return isNotEmpty(condition === undefined ? labels : { $filter: { input: labels, cond: condition } });
}

function ifNone(list: Expression): Expression {
  return { $ifNull: [list, []] };
}

/** The labels of all objects of which one label matches; objects are known by their index. */
function trajectories(kwargs: Kwargs, state: State, field: LabelField): Filtered {
  const labels = `$$frame.${state.schema.keys(field.path).slice(FRAMES.length)}.${field.items}`;
  const matched = { $and: [isPresent('$$this.index'), plain(kwargs.value('filter'))] };
  const indexes = { $map: { input: ifNone({ $filter: { input: labels, cond: matched } }), in: '$$this.index' } };
  const all = {
    $reduce: {
      input: { $map: { input: '$frames', as: 'frame', in: indexes } },
      initialValue: [],
      in: { $setUnion: ['$$value', '$$this'] },
    },
  };
  const noted = pipe(withFrames(state), { $addFields: { _indexes: all } });
  const { state: chosen, some } = filtered(noted, field, { $in: ['$$this.index', ifNone('$_indexes')] });
  return { state: pipe(chosen, { $unset: '_indexes' }), some };
}

function matchLabels(kwargs: Kwargs, state: State): State {
  const bool = kwargs.boolean('bool', true);
  const labels = labelsOf(kwargs);
  if (labels) {
    const ids = { $in: labels.map(({ sample }) => sample) };
    return pipe(state, { $match: { _id: bool ? ids : { $not: ids } } });
  }
  const filter = kwargs.value('filter');
  const conditions = (at: string) => [
    ...conditionsOf(kwargs, at),
    ...(filter === null ? [] : [plain(rebase(filter, '$$FIELD', at))]),
  ];
  const { schema } = state;
  const fields = fieldsOf(kwargs, schema);
  const attached = fields.some(({ ofFrames }) => ofFrames) ? withFrames(state) : state;
  if (conditions('').length === 0) return bool ? pipe(attached, matching(false)) : attached;
  const found = any(fields.map((field) => hasLabels(schema, field, all(conditions(baseOf(schema, field))))));
  return pipe(attached, matching(bool ? found : { $not: [found] }));
}

function selectLabels(kwargs: Kwargs, state: State): State {
  const labels = labelsOf(kwargs);
  const fields = labels ? fieldsWith(labels, state.schema) : fieldsOf(kwargs, state.schema);
  const isNarrowed = labels !== undefined || kwargs.value('fields') !== null;
  const others = isNarrowed ? state.schema.labelFields().filter(({ path }) => !fields.some((field) => field.path === path)) : [];
  const samples = labels ? pipe(state, { $match: { _id: { $in: distinct(labels.map(({ sample }) => sample)) } } }) : state;
  const attached = [...fields, ...others].some(({ ofFrames }) => ofFrames) ? withFrames(samples) : samples;
  const kept = without(attached, others);
  if (labels) return fields.reduce((view, field) => filtered(view, field, isOneOf(labels, field, state.schema)).state, kept);
  const chosen = eachFiltered(kept, fields, (at) => conditionsOf(kwargs, at));
  return omitEmpty(kwargs, chosen, fields);
}

function excludeLabels(kwargs: Kwargs, state: State): State {
  const labels = labelsOf(kwargs);
  const { schema } = state;
  const shown = schema.labelFields();
  const attached = shown.some(({ ofFrames }) => ofFrames) ? withFrames(state) : state;
  const left = labels
    ? fieldsWith(labels, schema).reduce(
        (view, field) => filtered(view, field, { $not: [isOneOf(labels, field, schema)] }).state,
        attached,
      )
    : eachFiltered(attached, fieldsOf(kwargs, schema), (at) => conditionsOf(kwargs, at, (condition) => ({ $not: [condition] })));
  return omitEmpty(kwargs, left, shown);
}

function eachFiltered(state: State, fields: readonly LabelField[], conditions: (at: string) => readonly Expression[]): State {
  if (conditions('').length === 0) return state;
  return fields.reduce((view, field) => filtered(view, field, all(conditions(baseOf(state.schema, field)))).state, state);
}

function omitEmpty(kwargs: Kwargs, state: State, fields: readonly LabelField[]): State {
  if (!kwargs.boolean('omit_empty', true)) return state;
  return pipe(state, matching(any(fields.map((field) => hasLabels(state.schema, field)))));
}

/** The label that conditions are about. */
function baseOf(schema: Schema, { path, items, ofFrames }: LabelField): string {
  if (items !== undefined) return '$$this';
  const key = schema.keys(path);
  return ofFrames ? `$$frame.${key.slice(FRAMES.length)}` : `$${key}`;
}

/** What must hold for a label to be meant. */
function conditionsOf(kwargs: Kwargs, at: string, change = (condition: Expression): Expression => condition): Expression[] {
  const ids = kwargs.ids('ids');
  const instances = kwargs.ids('instance_ids');
  const tags = kwargs.strings('tags');
  return [
    ...(ids ? [change({ $in: [`${at}._id`, ids] })] : []),
    ...(instances ? [change({ $in: [`${at}.instance._id`, instances] })] : []),
    ...(tags ? [cond(isPresent(`${at}.tags`), change(hasTags(`${at}.tags`, tags)), false)] : []),
  ];
}

function hasTags(at: string, tags: readonly string[]): Expression {
  return isNotEmpty({ $setIntersection: [at, { $literal: tags }] });
}

function fieldsOf(kwargs: Kwargs, schema: Schema): LabelField[] {
  return kwargs.strings('fields')?.map((path) => labelField(path, schema)) ?? schema.labelFields();
}

/** One label that is meant. */
interface Named {
  readonly sample: Value;
  readonly field: string;
  readonly label: Value;
}

function labelsOf(kwargs: Kwargs): Named[] | undefined {
  return kwargs.list('labels')?.map((item) => {
    const field = item instanceof Doc ? item.get('field') : undefined;
    if (!(item instanceof Doc) || typeof field !== 'string') {
      throw new MalformedError(`labels of ${kwargs.stage}`, 'something else', 'documents with sample_id, field and label_id');
    }
    const where = `labels of ${kwargs.stage}`;
    return { sample: idOf(item.get('sample_id'), where), field, label: idOf(item.get('label_id'), where) };
  });
}

function fieldsWith(labels: readonly Named[], schema: Schema): LabelField[] {
  return [...new Set(labels.map(({ field }) => field))].map((path) => labelField(path, schema));
}

function isOneOf(labels: readonly Named[], field: LabelField, schema: Schema): Expression {
  const ids = labels.filter((label) => label.field === field.path).map(({ label }) => label);
  return { $in: [`${baseOf(schema, field)}._id`, ids] };
}

function distinct(values: readonly Value[]): Value[] {
  return [...new Map(values.map((value) => [String(value), value])).values()];
}

/** Without the labels of fields; the fields themselves are shown, as null. */
function without(state: State, fields: readonly LabelField[]): State {
  if (fields.length === 0) return state;
  const keys = fields.map(({ path }) => state.schema.keys(path));
  return pipe(state, projection(false, keys));
}
