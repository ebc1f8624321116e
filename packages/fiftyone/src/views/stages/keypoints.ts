import { Doc, type Value } from '../../bson/index.js';
import { MalformedError } from '../../errors.js';
import { assign, fieldIn } from '../assign.js';
import { cond, type Expression, isNotEmpty, isPresent, matching, NAN, pathsIn, plain, rebase, size } from '../expression.js';
import { withFrames } from '../frames.js';
import { FRAMES, type Schema } from '../schema.js';
import { pipe, type State } from '../state.js';
import type { StageCompiler } from './compiler.js';

/** Points that are left out stay in the list, as NaN. */
export const KEYPOINT_STAGES: Readonly<Record<string, StageCompiler>> = {
  FilterKeypoints: (kwargs, state) => {
    const field = kwargs.string('field');
    const { schema } = state;
    const items = schema.itemsOf(field);
    const points = `${items === undefined ? field : `${field}.${items}`}.points`;
    const at = fieldIn(schema, points).slice(0, -'.points'.length);
    const filter = kwargs.value('filter');
    const labels = kwargs.strings('labels');
    const changes = [
      ...(filter === null ? [] : [filteredPoints(at, filter)]),
      ...(labels ? [namedPoints(at, indexesOf(labels, skeletonLabels(field, state)))] : []),
    ];
    const attached = field.startsWith(FRAMES) ? withFrames(state) : state;
    const changed = pipe(attached, ...changes.map((change) => assign(schema, points, change)));
    return kwargs.boolean('only_matches', true) ? onlyWithPoints(changed, field, items) : changed;
  },
};

const NO_POINT = [NAN, NAN];

/** The points for which a condition on one of the lists beside them holds. */
function filteredPoints(at: string, filter: Value): Expression {
  const list = attributeOf(filter);
  const condition = plain(rebase(filter, `$$expr.${list}`, '$$value'));
  const isKept = { $let: { vars: { value: { $arrayElemAt: ['$$pair', 1] } }, in: condition } };
  const pairs = { $zip: { inputs: [`${at}.points`, `${at}.${list}`] } };
  const kept = { $map: { input: pairs, as: 'pair', in: cond(isKept, { $arrayElemAt: ['$$pair', 0] }, NO_POINT) } };
  return cond(isPresent(`${at}.${list}`), kept, `${at}.points`);
}

/** The list, such as `confidence`, that a condition on points is about. */
function attributeOf(filter: Value): string {
  const paths = new Set(pathsIn(filter, '$expr').map((path) => path.slice('$expr.'.length).split('.')[0] as string));
  const [list] = paths;
  if (paths.size !== 1 || !list)
    throw new MalformedError('filter of FilterKeypoints', 'something else', 'about one list of values beside the points');
  return list;
}

function namedPoints(at: string, indexes: readonly number[]): Expression {
  const points = `${at}.points`;
  const pairs = { $zip: { inputs: [{ $range: [0, size(points)] }, points] } };
  const isKept = { $in: [{ $arrayElemAt: ['$$pair', 0] }, indexes] };
  return { $map: { input: pairs, as: 'pair', in: cond(isKept, { $arrayElemAt: ['$$pair', 1] }, NO_POINT) } };
}

function indexesOf(labels: readonly string[], names: readonly Value[]): number[] {
  return names.flatMap((name, i) => (typeof name === 'string' && labels.includes(name) ? [i] : []));
}

function skeletonLabels(field: string, { dataset }: State): readonly Value[] {
  const skeletons = dataset.get('skeletons');
  const own = skeletons instanceof Doc ? skeletons.get(field) : undefined;
  const skeleton = own instanceof Doc ? own : dataset.get('default_skeleton');
  const labels = skeleton instanceof Doc ? skeleton.get('labels') : undefined;
  if (!Array.isArray(labels)) throw new MalformedError(`the skeleton of '${field}'`, 'missing', 'labels for its points');
  return labels;
}

function onlyWithPoints(state: State, field: string, items: string | undefined): State {
  const { schema } = state;
  const hasPoint = (at: string) =>
    isNotEmpty({ $filter: { input: `${at}.points`, cond: { $ne: [{ $arrayElemAt: ['$$this', 0] }, NAN] } } });
  const at = fieldIn(schema, field);
  const left =
    items === undefined
      ? assign(schema, field, cond(hasPoint(at), at, null))
      : assign(schema, `${field}.${items}`, { $filter: { input: `${at}.${items}`, cond: hasPoint('$$this') } });
  return pipe(state, left, matching(some(schema, field, items)));
}

function some(schema: Schema, field: string, items: string | undefined): Expression {
  const has = (at: string) => (items === undefined ? isPresent(at) : isNotEmpty(`${at}.${items}`));
  if (!field.startsWith(FRAMES)) return has(`$${schema.keys(field)}`);
  const inFrame = has(`$$frame.${schema.keys(field).slice(FRAMES.length)}`);
  return { $anyElementTrue: [{ $ifNull: [{ $map: { input: '$frames', as: 'frame', in: inFrame } }, []] }] };
}
