import { clone, type Doc } from '../../bson/index.js';
import { UnsupportedStageError } from '../../errors.js';
import { shownSamples } from '../shown.js';
import { type State, sampleCollection } from '../state.js';
import { derivedRandom, NOTE_ORIGIN, ORIGIN, unwind } from './derived.js';
import { commonFields, idField, itemField, keysOf, otherFields, schemaFields, simpleField } from './fields.js';
import type { Generator, Target } from './generator.js';

/** One sample for each label of a field. */
export const patches: Generator = (kwargs, source, target) => {
  const path = kwargs.string('field');
  const items = source.schema.itemsOf(path);
  const field = schemaFields(source.dataset, 'sample_fields').get(path);
  if (items === undefined || field === undefined) throw new UnsupportedStageError(`${kwargs.stage} of '${path}'`);
  const isListed = kwargs.document('config')?.get('keep_label_lists') === true;
  const key = source.schema.keys(path);
  const others = otherFields(kwargs, source, [path, 'sample_id', 'frame_id', 'frame_number']);
  const origin = originOf(source, target);
  const label = `$${key}.${items}`;
  const kept = [
    ...keysOf(commonFields(source.dataset)).filter((key) => !FRESH.includes(key)),
    ...origin.kept,
    ...keysOf(others),
    key,
    ORIGIN,
  ];
  return {
    kind: origin.kind,
    mediaType: 'image',
    hasFrames: false,
    fields: [...origin.fields, isListed ? clone(field) : itemField(field, items), ...others],
    pipeline: [
      ...shownSamples(source),
      NOTE_ORIGIN,
      { $project: Object.fromEntries(kept.map((key) => [key, true])) },
      unwind(`${key}.${items}`),
      { $addFields: { [origin.key]: `$${ORIGIN}.id`, _rand: derivedRandom(), _dataset_id: target.id } },
      { $addFields: { _id: `${label}._id`, [key]: isListed ? { [items]: [label] } : label } },
      { $unset: ORIGIN },
    ],
  };
};

const FRESH = ['_rand', '_dataset_id'];

/** What tells where a patch is from: a sample, or the frame of a video that the sample is. */
function originOf(
  { dataset }: State,
  target: Target,
): { kind: 'patches' | 'patches.frames'; key: string; kept: string[]; fields: Doc[] } {
  const sample = idField('sample_id', target);
  sample.set('db_field', '_sample_id');
  if (!sampleCollection(dataset).startsWith('frames.')) return { kind: 'patches', key: '_sample_id', kept: [], fields: [sample] };
  const fields = [sample, idField('frame_id', target), simpleField('frame_number', 'FrameNumberField', target)];
  return { kind: 'patches.frames', key: '_frame_id', kept: ['_sample_id', 'frame_number'], fields };
}
