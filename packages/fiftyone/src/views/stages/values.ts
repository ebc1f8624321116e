import { MalformedError } from '../../errors.js';
import { assign, fieldIn } from '../assign.js';
import { cond, type Expression, isPresent, plain } from '../expression.js';
import { withFrames } from '../frames.js';
import { FRAMES, type Schema } from '../schema.js';
import type { Kwargs } from '../stage.js';
import { pipe, type State } from '../state.js';
import type { StageCompiler } from './compiler.js';
import { attachedFor } from './samples.js';

/** Stages that show other values. */
export const VALUE_STAGES: Readonly<Record<string, StageCompiler>> = {
  LimitLabels: (kwargs, state) => {
    const field = kwargs.string('field');
    const items = itemsOf(kwargs, state.schema, field);
    const at = fieldIn(state.schema, field);
    const first = { [items]: { $slice: [`${at}.${items}`, Math.max(kwargs.integer('limit'), 0)] } };
    return set(state, field, cond(isPresent(at), { $mergeObjects: [at, first] }, null));
  },
  MapLabels: (kwargs, state) => {
    const field = kwargs.string('field');
    const items = state.schema.itemsOf(field);
    return mapped(kwargs, state, `${items === undefined ? field : `${field}.${items}`}.label`);
  },
  MapValues: (kwargs, state) => mapped(kwargs, state, kwargs.string('field')),
  SetField: (kwargs, state) => {
    const expression = kwargs.value('expr');
    return set(attachedFor(expression, state), kwargs.string('field'), plain(expression));
  },
};

function set(state: State, path: string, value: Expression): State {
  return pipe(path.startsWith(FRAMES) ? withFrames(state) : state, assign(state.schema, path, value));
}

function mapped(kwargs: Kwargs, state: State, path: string): State {
  const at = fieldIn(state.schema, path);
  const change = (value: string) => mappedValue(kwargs, value);
  const isList = state.schema.isList(path);
  return set(state, path, isList ? { $map: { input: at, as: 'this', in: change('$$this') } } : change(at));
}

function mappedValue(kwargs: Kwargs, value: string): Expression {
  const pairs = [...(kwargs.document('map') ?? [])];
  const keys = { $literal: pairs.map(([key]) => key) };
  const values = { $literal: pairs.map(([, mapped]) => plain(mapped)) };
  const other = { $arrayElemAt: ['$$values', { $indexOfArray: ['$$keys', '$$value'] }] };
  return { $let: { vars: { value, keys, values }, in: cond({ $in: ['$$value', '$$keys'] }, other, '$$value') } };
}

export function itemsOf(kwargs: Kwargs, schema: Schema, field: string): string {
  const items = schema.itemsOf(field);
  if (items === undefined)
    throw new MalformedError(`field of ${kwargs.stage}`, JSON.stringify(field), 'a field with a list of labels');
  return items;
}
