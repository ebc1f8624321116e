import { UnsupportedStageError } from '../../errors.js';
import { documentType, fieldDoc, makeField, simpleType } from '../../fields/index.js';
import { type Expression, isPresent } from '../expression.js';
import { withFrames } from '../frames.js';
import { FRAMES } from '../schema.js';
import { wholePipeline } from '../state.js';
import { clipSamples, type Order } from './clip-samples.js';
import type { Generation, Generator } from './generator.js';

/** One sample for each object in a video, known by its label and index. */
export const trajectories: Generator = (kwargs, source, target) =>
  trajectoriesOf({ kwargs, source, target }, kwargs.string('field'));

const OBJECT_TYPE = documentType('fiftyone.core.odm.embedded_document.DynamicEmbeddedDocument', [
  { name: 'label', ...simpleType('StringField') },
  { name: 'index', ...simpleType('IntField') },
]);

export function trajectoriesOf(order: Order, path: string): Generation {
  const { kwargs, source, target } = order;
  const items = source.schema.itemsOf(path);
  if (items === undefined || !path.startsWith(FRAMES)) throw new UnsupportedStageError(`${kwargs.stage} of '${path}'`);
  const labels = `$$frame.${source.schema.keys(path).slice(FRAMES.length)}.${items}`;
  const field = fieldDoc(makeField(path.slice(FRAMES.length), OBJECT_TYPE, target.now));
  return clipSamples(order, wholePipeline(withFrames(source)), objectClips(labels), field);
}

const OBJECT = { label: '$$this.label', index: '$$this.index' };

/** From the first frame of each object to the last, in the order in which they appear. */
function objectClips(labels: string): Expression {
  const known = { $filter: { input: { $ifNull: [labels, []] }, cond: isPresent('$$this.index') } };
  const inFrame = { $map: { input: known, in: { ...OBJECT, number: '$$frame.frame_number' } } };
  const seen = {
    $reduce: {
      input: { $map: { input: '$frames', as: 'frame', in: inFrame } },
      initialValue: [],
      in: { $concatArrays: ['$$value', '$$this'] },
    },
  };
  const objects = {
    $reduce: {
      input: '$$seen',
      initialValue: [],
      in: { $cond: [{ $in: [OBJECT, '$$value'] }, '$$value', { $concatArrays: ['$$value', [OBJECT]] }] },
    },
  };
  const isObject = { $and: ['label', 'index'].map((key) => ({ $eq: [`$$this.${key}`, `$$object.${key}`] })) };
  const numbers = { $map: { input: { $filter: { input: '$$seen', cond: isObject } }, in: '$$this.number' } };
  const clip = {
    support: [{ $min: numbers }, { $max: numbers }],
    value: { $mergeObjects: [{ _cls: 'DynamicEmbeddedDocument' }, '$$object'] },
  };
  return { $let: { vars: { seen }, in: { $map: { input: objects, as: 'object', in: clip } } } };
}
