import type { Document } from 'mongodb';
import { Doc, numberOf, type Value } from '../../bson/index.js';
import { MalformedError } from '../../errors.js';
import { plain } from '../expression.js';
import type { Kwargs } from '../stage.js';
import { pipe, type State } from '../state.js';
import type { StageCompiler } from './compiler.js';
import { attachedFor, limit } from './samples.js';

/** Stages that put samples in order. */
export const ORDER_STAGES: Readonly<Record<string, StageCompiler>> = {
  Shuffle: (kwargs, state) => shuffled(kwargs, state, []),
  SortBy: (kwargs, state) => {
    const by = kwargs.value('field_or_expr');
    const reverse = kwargs.boolean('reverse') ? -1 : 1;
    const keys: Value[][] = Array.isArray(by) ? by.map((item) => (Array.isArray(item) ? item : [item])) : [[by]];
    const sorts = keys.map(([key, order]) => ({ by: key ?? null, direction: (numberOf(order) ?? 1) < 0 ? -reverse : reverse }));
    return sorted(attachedFor(by, state), sorts);
  },
  Take: (kwargs, state) => {
    const size = kwargs.integer('size');
    return size > 0 ? shuffled(kwargs, state, [{ $limit: size }]) : pipe(state, ...limit(0));
  },
};

/** One key to sort by: a field, or an expression. */
export interface Sort {
  readonly by: Value;
  readonly direction: 1 | -1 | number;
}

export function sorted(state: State, sorts: readonly Sort[]): State {
  const computed = sorts.flatMap(({ by }, i) => (by instanceof Doc ? [[`_sort_field${i + 1}`, plain(by)] as const] : []));
  const keys = sorts.map(({ by, direction }, i): [string, number] => [keyOf(by, i, state), direction]);
  const sort = { $sort: new Map(keys) as unknown as Document };
  if (computed.length === 0) return pipe(state, sort);
  const names = computed.map(([name]) => name);
  return pipe(state, { $addFields: Object.fromEntries(computed) }, sort, { $unset: names });
}

function keyOf(by: Value, i: number, { schema }: State): string {
  return typeof by === 'string' ? schema.keys(by) : `_sort_field${i + 1}`;
}

/** Each sample has a random number of its own; what remains of a common one by it is an order that stays. */
function shuffled(kwargs: Kwargs, state: State, taken: readonly Document[]): State {
  const seed = kwargs.value('_randint');
  if (numberOf(seed) === undefined) throw new MalformedError(`_randint of ${kwargs.stage}`, 'missing', 'a number');
  const order = { $addFields: { _rand_order: { $mod: [plain(seed), '$_rand'] } } };
  return pipe(state, order, { $sort: { _rand_order: 1 } }, ...taken, { $unset: '_rand_order' });
}
