import type { Document } from 'mongodb';
import { numberOf, type Value } from '../../bson/index.js';
import { UnsupportedStageError } from '../../errors.js';
import { classSchema, documentType, fieldDoc, makeField, simpleType } from '../../fields/index.js';
import { type Expression, isPresent, plain } from '../expression.js';
import { withFrames } from '../frames.js';
import { FRAMES } from '../schema.js';
import { shownSamples } from '../shown.js';
import { wholePipeline } from '../state.js';
import { clipGeneration, clipSamples, keep, keptKeys, type Order } from './clip-samples.js';
import { derivedRandom, NOTE_ORIGIN, ORIGIN, unwind } from './derived.js';
import { keysOf, otherFields } from './fields.js';
import { aboutFrame, frameRuns, isInFrame } from './frame-runs.js';
import type { Generation, Generator } from './generator.js';
import { trajectoriesOf } from './trajectories.js';

/** One sample for each clip of a video. */
export const clips: Generator = (kwargs, source, target) => {
  const order = { kwargs, source, target };
  const by = kwargs.value('field_or_expr');
  if (Array.isArray(by)) return givenClips(order, by);
  if (typeof by !== 'string') return runsWhere(order, aboutFrame(by));
  if (!by.startsWith(FRAMES)) return eventClips(order, by);
  const isTracked = kwargs.document('config')?.get('trajectories') === true;
  return isTracked ? trajectoriesOf(order, by) : runsWhere(order, isInFrame(source, by));
};

function runsWhere(order: Order, condition: Expression): Generation {
  const config = order.kwargs.document('config');
  const runs = frameRuns(condition, numberOf(config?.get('tol')) ?? 0, numberOf(config?.get('min_len')) ?? 0);
  return clipSamples(order, wholePipeline(withFrames(order.source)), runs);
}

/** The clips that are listed for each sample, by its place in the view. */
function givenClips(order: Order, supports: readonly Value[]): Generation {
  const lists = { $literal: supports.map(plain) };
  const given = { $ifNull: [{ $arrayElemAt: [lists, '$_place'] }, []] };
  const listed = { $map: { input: given, in: { support: '$$this' } } };
  return clipSamples(order, [...shownSamples(order.source), ...PLACES], listed);
}

const PLACES: readonly Document[] = [
  { $group: { _id: null, samples: { $push: '$$ROOT' } } },
  { $unwind: { path: '$samples', includeArrayIndex: 'place' } },
  { $replaceRoot: { newRoot: { $mergeObjects: ['$samples', { _place: '$place' }] } } },
];

const SUPPORT = { name: 'support', ...simpleType('FrameSupportField', 'IntField') };

/** The clips of temporal labels; each has its label, as a classification. */
function eventClips({ kwargs, source, target }: Order, path: string): Generation {
  const cls = source.schema.at(path)?.document;
  if (cls !== 'TemporalDetection' && cls !== 'TemporalDetections') {
    throw new UnsupportedStageError(`${kwargs.stage} of '${path}'`);
  }
  const items = source.schema.itemsOf(path);
  const key = source.schema.keys(path);
  const label = `$${items === undefined ? key : `${key}.${items}`}`;
  const others = otherFields(kwargs, source, [path]);
  const made = {
    _rand: derivedRandom({ $ifNull: [`$${ORIGIN}.index`, 0] }),
    _sample_id: `$${ORIGIN}.id`,
    support: `${label}.support`,
    _dataset_id: target.id,
  };
  const steps = [
    keep([...keptKeys(source), ...keysOf(others), ORIGIN, '_rand', key]),
    items === undefined ? { $match: { $expr: isPresent(label) } } : unwind(label.slice(1)),
    { $addFields: made },
    { $addFields: { _id: `${label}._id`, [key]: label } },
    { $addFields: { [`${key}._cls`]: 'Classification' } },
    { $unset: [`${key}.support`, ORIGIN] },
  ];
  const classification = classSchema('Classification');
  const type = documentType(classification?.path ?? '', [...(classification?.attributes ?? []), SUPPORT]);
  const field = fieldDoc(makeField(path, type, target.now));
  return clipGeneration(target, [field, ...others], [...shownSamples(source), NOTE_ORIGIN, ...steps]);
}
