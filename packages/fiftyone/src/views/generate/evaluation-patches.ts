import { clone, type Doc, type ReadonlyDoc } from '../../bson/index.js';
import { MalformedError, UnsupportedStageError } from '../../errors.js';
import { shownSamples } from '../shown.js';
import type { State } from '../state.js';
import { derivedRandom, NOTE_ORIGIN, ORIGIN, unwind } from './derived.js';
import { commonFields, idField, keysOf, otherFields, schemaFields, simpleField } from './fields.js';
import type { Generation, Generator, Target } from './generator.js';

/** One sample for each true label with what was predicted for it, then one for each prediction that is wrong. @param run of the evaluation */
export function evaluationPatches(run: ReadonlyDoc | undefined): Generator {
  return (kwargs, source, target) => {
    const config = run?.get('config');
    const key = kwargs.string('eval_key');
    if (!isDoc(config)) throw new MalformedError(`the evaluation '${key}'`, 'missing', 'a run with its configuration');
    const truth = listOf(String(config.get('gt_field')), source);
    const predicted = listOf(String(config.get('pred_field')), source);
    const crowd = config.get('iscrowd');
    const others = otherFields(kwargs, source, ['sample_id', truth.path, predicted.path]);
    return generation({ key, truth, predicted, crowd: typeof crowd === 'string' ? crowd : undefined }, source, target, others);
  };
}

interface LabelList {
  readonly path: string;
  readonly key: string;
  readonly items: string;
  readonly field: Doc;
}

interface Evaluation {
  readonly key: string;
  readonly truth: LabelList;
  readonly predicted: LabelList;
  /** The attribute of true labels that stand for many objects. */
  readonly crowd: string | undefined;
}

function listOf(path: string, { dataset, schema }: State): LabelList {
  const field = schemaFields(dataset, 'sample_fields').get(path);
  const items = schema.itemsOf(path);
  if (!field || items === undefined) throw new UnsupportedStageError(`ToEvaluationPatches of '${path}'`);
  return { path, key: schema.keys(path), items, field };
}

function generation(
  { key, truth, predicted, crowd }: Evaluation,
  source: State,
  target: Target,
  others: readonly Doc[],
): Generation {
  const common = keysOf(commonFields(source.dataset)).filter((key) => key !== '_rand' && key !== '_dataset_id');
  const kept = [...common, ...keysOf(others), truth.key, predicted.key, ORIGIN];
  const samples = [...shownSamples(source), NOTE_ORIGIN, { $project: Object.fromEntries(kept.map((key) => [key, true])) }];
  const origin = { _sample_id: `$${ORIGIN}.id`, _rand: derivedRandom() };
  const label = (list: LabelList) => `$${list.key}.${list.items}`;
  const only = (list: LabelList) => ({ _id: `${label(list)}._id`, [list.key]: { [list.items]: [label(list)] } });

  const isFound = { $eq: [`$$this.${key}_id`, { $toString: `${label(truth)}._id` }] };
  const found = { $filter: { input: { $ifNull: [label(predicted), []] }, cond: isFound } };
  const isCrowd = crowd === undefined ? false : { $and: [{ $ifNull: [`${label(truth)}.${crowd}`, false] }] };
  const trueLabels = [
    unwind(label(truth).slice(1)),
    {
      $addFields: {
        ...origin,
        type: `${label(truth)}.${key}`,
        iou: `${label(truth)}.${key}_iou`,
        crowd: isCrowd,
        _dataset_id: target.id,
        _found: found,
      },
    },
    {
      $addFields: {
        ...only(truth),
        _predicted: {
          $cond: [{ $eq: ['$_found', []] }, '$$REMOVE', { _cls: `$${predicted.key}._cls`, [predicted.items]: '$_found' }],
        },
      },
    },
    { $unset: [predicted.key, '_found'] },
    { $addFields: { [predicted.key]: '$_predicted' } },
    { $unset: ['_predicted', ORIGIN] },
  ];
  const wrong = [
    unwind(label(predicted).slice(1)),
    { $match: { [`${label(predicted).slice(1)}.${key}`]: 'fp' } },
    { $addFields: { ...origin, type: 'fp', _dataset_id: target.id } },
    { $addFields: only(predicted) },
    { $unset: [truth.key, ORIGIN] },
  ];
  return {
    kind: 'patches',
    mediaType: 'image',
    hasFrames: false,
    fields: [
      idField('sample_id', target).set('db_field', '_sample_id'),
      clone(truth.field),
      clone(predicted.field),
      simpleField('crowd', 'BooleanField', target),
      simpleField('type', 'StringField', target),
      simpleField('iou', 'FloatField', target),
      ...others,
    ],
    pipeline: [...samples, ...trueLabels, { $unionWith: { coll: source.source.collection, pipeline: [...samples, ...wrong] } }],
  };
}

function isDoc(value: unknown): value is ReadonlyDoc {
  return value instanceof Map;
}
