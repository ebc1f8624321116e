import type { Document } from 'mongodb';
import { clone } from '../../bson/index.js';
import { UnsupportedStageError } from '../../errors.js';
import { withFrames } from '../frames.js';
import { wholePipeline } from '../state.js';
import { derivedId, derivedRandom, NOTE_ORIGIN, ORIGIN } from './derived.js';
import { idField, schemaFields, simpleField } from './fields.js';
import type { Generator } from './generator.js';

const ALWAYS = ['id', 'frame_number', 'created_at', 'last_modified_at', '_sample_id', '_dataset_id'];
const OPTIONS = ['sample_frames', 'sparse', 'fps', 'verbose'];

/** One sample for each frame. Frames that are not in the database have no more than their number. */
export const frames: Generator = (kwargs, source, target) => {
  const config = kwargs.document('config');
  const isOther = [...(config ?? [])].some(([key, value]) => value !== null && !OPTIONS.includes(key));
  if (config?.get('sample_frames') !== 'dynamic' || (config.get('fps') ?? null) !== null || isOther) {
    // these show images that the original extracts from the videos
    throw new UnsupportedStageError('ToFrames with sampled frames');
  }
  const fields = [...schemaFields(source.dataset, 'frame_fields')].filter(([name]) => !ALWAYS.includes(name));
  const number = `$frames.frame_number`;
  const sample = {
    _id: { $ifNull: ['$frames._id', derivedId(`$${ORIGIN}.id`, number)] },
    filepath: '$filepath',
    tags: '$tags',
    metadata: null,
    frame_number: number,
    _media_type: 'image',
    _rand: derivedRandom(number),
    _sample_id: `$${ORIGIN}.id`,
    _dataset_id: target.id,
  };
  const { _id, _sample_id, _dataset_id } = sample;
  return {
    kind: 'frames',
    mediaType: 'image',
    hasFrames: false,
    fields: [
      idField('sample_id', target).set('db_field', '_sample_id'),
      simpleField('frame_number', 'FrameNumberField', target),
      ...fields.map(([, field]) => clone(field)),
    ],
    pipeline: [
      ...wholePipeline(withFrames(source)),
      NOTE_ORIGIN,
      ...(config.get('sparse') === true ? [] : [withAllFrames]),
      { $unwind: '$frames' },
      { $replaceRoot: { newRoot: { $mergeObjects: [sample, '$frames', { _id, _sample_id, _dataset_id }] } } },
    ],
  };
};

/** Adds those frames of a video that are not in the database. */
const withAllFrames: Document = {
  $addFields: {
    frames: {
      $sortArray: {
        input: {
          $concatArrays: [
            '$frames',
            {
              $map: {
                input: {
                  $setDifference: [
                    { $range: [1, { $add: [{ $ifNull: ['$metadata.total_frame_count', 0] }, 1] }] },
                    '$frames.frame_number',
                  ],
                },
                as: 'number',
                in: { frame_number: '$$number' },
              },
            },
          ],
        },
        sortBy: { frame_number: 1 },
      },
    },
  },
};
