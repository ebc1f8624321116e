import type { Document } from 'mongodb';
import { clone, Doc, numberOf, type Value } from '../../bson/index.js';
import { UnsupportedStageError } from '../../errors.js';
import { classSchema, documentType, fieldDoc, makeField, simpleType } from '../../fields/index.js';
import { type Expression, isNotEmpty, isPresent, plain } from '../expression.js';
import { withFrames } from '../frames.js';
import { FRAMES } from '../schema.js';
import { shownSamples } from '../shown.js';
import type { Kwargs } from '../stage.js';
import { type State, wholePipeline } from '../state.js';
import { derivedId, derivedRandom, NOTE_ORIGIN, ORIGIN, unwind } from './derived.js';
import { commonFields, idField, keysOf, otherFields, schemaFields, simpleField } from './fields.js';
import type { Generation, Generator, Target } from './generator.js';

/** One sample for each clip of a video. */
export const clips: Generator = (kwargs, source, target) => {
  const by = kwargs.value('field_or_expr');
  const isTracked = kwargs.document('config')?.get('trajectories') === true;
  if (typeof by !== 'string')
    return Array.isArray(by)
      ? givenClips(kwargs, source, target, by)
      : runsOf(kwargs, source, target, perFrame(plainInFrame(by)));
  if (!by.startsWith(FRAMES)) return eventClips(kwargs, source, target, by);
  if (isTracked) return trajectoriesOf(kwargs, source, target, by);
  return runsOf(kwargs, source, target, perFrame(isInFrame(source, by)));
};

/** One sample for each object in a video, known by its label and index. */
export const trajectories: Generator = (kwargs, source, target) => trajectoriesOf(kwargs, source, target, kwargs.string('field'));

const SUPPORT = { name: 'support', ...simpleType('FrameSupportField', 'IntField') };

/** The clips of temporal labels; each has its label, as a classification. */
function eventClips(kwargs: Kwargs, source: State, target: Target, path: string): Generation {
  const field = schemaFields(source.dataset, 'sample_fields').get(path);
  const cls = source.schema.at(path)?.document;
  if (!field || (cls !== 'TemporalDetection' && cls !== 'TemporalDetections'))
    throw new UnsupportedStageError(`${kwargs.stage} of '${path}'`);
  const items = source.schema.itemsOf(path);
  const key = source.schema.keys(path);
  const label = `$${items === undefined ? key : `${key}.${items}`}`;
  const steps = [
    items === undefined ? { $match: { $expr: isPresent(label) } } : unwind(label.slice(1)),
    {
      $addFields: {
        _rand: derivedRandom({ $ifNull: [`$${ORIGIN}.index`, 0] }),
        _sample_id: `$${ORIGIN}.id`,
        support: `${label}.support`,
        _dataset_id: target.id,
      },
    },
    { $addFields: { _id: `${label}._id`, [key]: label } },
    { $addFields: { [`${key}._cls`]: 'Classification' } },
    { $unset: `${key}.support` },
  ];
  const labels = classSchema('Classification');
  const single = fieldDoc(
    makeField(path, documentType(labels?.path ?? '', [...(labels?.attributes ?? []), SUPPORT]), target.now),
  );
  return clipsOf(kwargs, source, target, shownSamples(source), steps, [single], [key, '_rand']);
}

/** The clips that are listed for each sample. */
function givenClips(kwargs: Kwargs, source: State, target: Target, supports: readonly Value[]): Generation {
  const number = {
    $setWindowFields: { sortBy: { [`${ORIGIN}.all`]: 1 }, output: { [`${ORIGIN}.number`]: { $documentNumber: {} } } },
  };
  const lists = { $literal: supports.map(plain) };
  const steps = [
    { $addFields: { [`${ORIGIN}.all`]: 1 } },
    number,
    { $addFields: { _support: { $ifNull: [{ $arrayElemAt: [lists, { $subtract: [`$${ORIGIN}.number`, 1] }] }, []] } } },
    ...supportSteps(target),
  ];
  return clipsOf(kwargs, source, target, shownSamples(source), steps, [], []);
}

/** The clips of consecutive frames for which something holds. */
function runsOf(kwargs: Kwargs, source: State, target: Target, numbers: Expression): Generation {
  const config = kwargs.document('config');
  const gap = (numberOf(config?.get('tol')) ?? 0) + 1;
  const shortest = numberOf(config?.get('min_len')) ?? 0;
  const length = { $add: [{ $subtract: [{ $arrayElemAt: ['$$run', 1] }, { $arrayElemAt: ['$$run', 0] }] }, 1] };
  const long = { $filter: { input: runs(numbers, gap), as: 'run', cond: { $gte: [length, shortest] } } };
  return clipsOf(kwargs, source, target, wholePipeline(withFrames(source)), supportSteps(target), [], [], { _support: long });
}

function trajectoriesOf(kwargs: Kwargs, source: State, target: Target, path: string): Generation {
  const name = path.slice(FRAMES.length);
  const key = source.schema.keys(path).slice(FRAMES.length);
  const items = source.schema.itemsOf(path);
  if (items === undefined || !path.startsWith(FRAMES)) throw new UnsupportedStageError(`${kwargs.stage} of '${path}'`);
  const objects = {
    $reduce: {
      input: { $map: { input: '$frames', as: 'frame', in: objectsIn(`$$frame.${key}.${items}`) } },
      initialValue: [],
      in: { $concatArrays: ['$$value', '$$this'] },
    },
  };
  const steps = [
    { $addFields: { _objects: objects } },
    {
      $addFields: {
        _support: { $map: { input: distinctObjects, as: 'object', in: { object: '$$object', support: supportOf } } },
      },
    },
    unwind('_support'),
    {
      $addFields: {
        _sample_id: `$${ORIGIN}.id`,
        support: '$_support.support',
        [name]: { $mergeObjects: [{ _cls: 'DynamicEmbeddedDocument' }, '$_support.object'] },
        ...fresh(target),
      },
    },
    { $unset: ['_support', '_objects'] },
  ];
  const object = documentType('fiftyone.core.odm.embedded_document.DynamicEmbeddedDocument', [
    { name: 'label', ...simpleType('StringField') },
    { name: 'index', ...simpleType('IntField') },
  ]);
  return clipsOf(
    kwargs,
    source,
    target,
    wholePipeline(withFrames(source)),
    steps,
    [fieldDoc(makeField(name, object, target.now))],
    ['frames'],
  );
}

function objectsIn(labels: string): Expression {
  const known = { $filter: { input: { $ifNull: [labels, []] }, cond: isPresent('$$this.index') } };
  return { $map: { input: known, in: { label: '$$this.label', index: '$$this.index', number: '$$frame.frame_number' } } };
}

const OBJECT = { label: '$$this.label', index: '$$this.index' };

/** In the order in which they appear. */
const distinctObjects = {
  $reduce: {
    input: '$_objects',
    initialValue: [],
    in: { $cond: [{ $in: [OBJECT, '$$value'] }, '$$value', { $concatArrays: ['$$value', [OBJECT]] }] },
  },
};

const seen = {
  $map: {
    input: {
      $filter: {
        input: '$_objects',
        cond: { $and: [{ $eq: ['$$this.label', '$$object.label'] }, { $eq: ['$$this.index', '$$object.index'] }] },
      },
    },
    in: '$$this.number',
  },
};

const supportOf = [{ $min: seen }, { $max: seen }];

/** A clip for each pair of numbers in `_support`. */
function supportSteps(target: Target): Document[] {
  return [
    unwind('_support'),
    { $addFields: { _sample_id: `$${ORIGIN}.id`, support: '$_support', ...fresh(target) } },
    { $unset: '_support' },
  ];
}

function fresh(target: Target): Document {
  return { _id: derivedId(`$${ORIGIN}.id`, `$${ORIGIN}.index`), _rand: derivedRandom(), _dataset_id: target.id };
}

/** @param kept the keys that steps need besides those that are kept anyway */
function clipsOf(
  kwargs: Kwargs,
  source: State,
  target: Target,
  samples: readonly Document[],
  steps: readonly Document[],
  fields: readonly Doc[],
  kept: readonly string[],
  computed: Document = {},
): Generation {
  const others = otherFields(
    kwargs,
    source,
    fields.map((field) => String(field.get('name'))),
  );
  const common = keysOf(commonFields(source.dataset)).filter((key) => key !== '_rand' && key !== '_dataset_id');
  const keys = [...common, ...keysOf(others), ...kept, ORIGIN, ...Object.keys(computed)];
  return {
    kind: 'clips',
    mediaType: 'video',
    hasFrames: true,
    fields: [
      idField('sample_id', target).set('db_field', '_sample_id'),
      simpleField('support', 'FrameSupportField', target, 'IntField'),
      ...fields,
      ...others.map((field) => clone(field)),
    ],
    pipeline: [
      ...samples,
      NOTE_ORIGIN,
      ...(Object.keys(computed).length > 0 ? [{ $addFields: computed }] : []),
      { $project: Object.fromEntries(keys.map((key) => [key, true])) },
      ...steps,
      { $unset: kept.includes('frames') ? [ORIGIN, 'frames'] : ORIGIN },
    ],
  };
}

/** The numbers of the frames for which a condition on `$$frame` holds, in order. */
function perFrame(condition: Expression): Expression {
  return {
    $map: { input: { $filter: { input: '$frames', as: 'frame', cond: condition } }, as: 'frame', in: '$$frame.frame_number' },
  };
}

function isInFrame({ schema }: State, path: string): Expression {
  const key = `$$frame.${schema.keys(path).slice(FRAMES.length)}`;
  const items = schema.itemsOf(path);
  return items === undefined ? isPresent(key) : isNotEmpty(`${key}.${items}`);
}

/** Numbers in order as pairs of the first and last of each run. @param gap how far one number of a run may be from the next */
function runs(numbers: Expression, gap: number): Expression {
  const last = { $arrayElemAt: ['$$value', -1] };
  const isNext = { $lte: [{ $subtract: ['$$this', { $arrayElemAt: ['$$last', 1] }] }, gap] };
  const others = { $filter: { input: '$$value', as: 'run', cond: { $ne: ['$$run', '$$last'] } } };
  const longer = { $concatArrays: [others, [[{ $arrayElemAt: ['$$last', 0] }, '$$this']]] };
  const more = { $concatArrays: ['$$value', [['$$this', '$$this']]] };
  const isLonger = { $and: [isPresent('$$last'), isNext] };
  return {
    $reduce: { input: numbers, initialValue: [], in: { $let: { vars: { last }, in: { $cond: [isLonger, longer, more] } } } },
  };
}

/** An expression about frames, as one about `$$frame`. */
function plainInFrame(value: Value): Expression {
  return plain(inFrame(value));
}

function inFrame(value: Value): Value {
  if (typeof value === 'string') return value.startsWith('$') && !value.startsWith('$$') ? `$$frame.${value.slice(1)}` : value;
  if (Array.isArray(value)) return value.map(inFrame);
  return value instanceof Doc ? new Doc([...value].map(([key, item]) => [key, inFrame(item)])) : value;
}
