import type { Document } from 'mongodb';
import { clone, type Doc } from '../../bson/index.js';
import type { Expression } from '../expression.js';
import type { Kwargs } from '../stage.js';
import type { State } from '../state.js';
import { derivedId, derivedRandom, NOTE_ORIGIN, ORIGIN, unwind } from './derived.js';
import { commonFields, idField, keysOf, otherFields, simpleField } from './fields.js';
import type { Generation, Target } from './generator.js';

/** The stage that is asked to make something, and what of. */
export interface Order {
  readonly kwargs: Kwargs;
  readonly source: State;
  readonly target: Target;
}

/**
 * One sample for each clip.
 *
 * @param samples with their frames, if these are needed to find the clips
 * @param clips of a sample: documents with `support`, and `value` if clips have a field of their own
 */
export function clipSamples(order: Order, samples: readonly Document[], clips: Expression, field?: Doc): Generation {
  const { source, target } = order;
  const own = field ? [field] : [];
  const others = otherFields(order.kwargs, source, own.map(nameOf));
  const values = own.map((field): [string, string] => [nameOf(field), '$_clips.value']);
  const made = {
    _sample_id: `$${ORIGIN}.id`,
    support: '$_clips.support',
    ...Object.fromEntries(values),
    _id: derivedId(`$${ORIGIN}.id`, `$${ORIGIN}.index`),
    _rand: derivedRandom(),
    _dataset_id: target.id,
  };
  const steps = [
    { $addFields: { _clips: clips } },
    keep([...keptKeys(source), ...keysOf(others), ORIGIN, '_clips']),
    unwind('_clips'),
    { $addFields: made },
    { $unset: ['_clips', ORIGIN] },
  ];
  return clipGeneration(target, [...own, ...others], [...samples, NOTE_ORIGIN, ...steps]);
}

export function clipGeneration(target: Target, fields: readonly Doc[], pipeline: readonly Document[]): Generation {
  const always = [
    idField('sample_id', target).set('db_field', '_sample_id'),
    simpleField('support', 'FrameSupportField', target, 'IntField'),
  ];
  return {
    kind: 'clips',
    mediaType: 'video',
    hasFrames: true,
    fields: [...always, ...fields.map((field) => clone(field))],
    pipeline,
  };
}

/** The keys that clips have from their video. */
export function keptKeys(source: State): string[] {
  return keysOf(commonFields(source.dataset)).filter((key) => key !== '_rand' && key !== '_dataset_id');
}

export function keep(keys: readonly string[]): Document {
  return { $project: Object.fromEntries(keys.map((key) => [key, true])) };
}

function nameOf(field: Doc): string {
  return String(field.get('name'));
}
