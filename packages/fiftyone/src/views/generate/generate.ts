import { type Doc, date, ObjectId, type ReadonlyDoc } from '../../bson/index.js';
import { classType } from '../../datasets/default-fields.js';
import { checkedSlug, timeName } from '../../datasets/names.js';
import { newDatasetDocument } from '../../datasets/new-document.js';
import type { Reading } from '../../datasets/sample-collection.js';
import { UnsupportedStageError } from '../../errors.js';
import { fieldDoc, makeField } from '../../fields/index.js';
import type { Stage } from '../stage.js';
import { frameCollection, type State } from '../state.js';
import { clips } from './clips.js';
import { evaluationPatches } from './evaluation-patches.js';
import { commonFields } from './fields.js';
import { frames } from './frames.js';
import type { Generation, Generator, Target } from './generator.js';
import { patches } from './patches.js';
import { trajectories } from './trajectories.js';

/** A dataset that is not in the database: its document, and how to read its samples. */
export interface Generated {
  readonly doc: ReadonlyDoc;
  readonly samples: Reading;
}

const GENERATORS = new Map<string, Generator>(
  Object.entries({ ToClips: clips, ToFrames: frames, ToPatches: patches, ToTrajectories: trajectories }),
);

/**
 * What a stage would make of the samples of a view. Nothing is written: the samples are made while they are read.
 *
 * @param run of the evaluation that the stage is about, if it is about one
 * @throws UnsupportedStageError for what only the original can make
 */
export function generate({ name, kwargs }: Stage, source: State, run: ReadonlyDoc | undefined): Generated {
  const generator = name === 'ToEvaluationPatches' ? evaluationPatches(run) : GENERATORS.get(name);
  if (!generator) throw new UnsupportedStageError(name);
  const now = new Date();
  const target: Target = { id: new ObjectId(), now: date(now.getTime()) };
  const generation = generator(kwargs, source, target);
  return {
    doc: documentOf(generation, source.dataset, target, timeName(now)),
    samples: { collection: source.source.collection, pipeline: generation.pipeline },
  };
}

const METADATA = { image: 'ImageMetadata', video: 'VideoMetadata' } as const;

function documentOf(
  { kind, mediaType, hasFrames, fields }: Generation,
  source: ReadonlyDoc,
  { id, now }: Target,
  name: string,
): Doc {
  const doc = newDatasetDocument({ id, name, slug: checkedSlug(name), persistent: false, now });
  doc.set('version', source.get('version') ?? null);
  doc.set('sample_collection_name', `${kind}.${id.toHexString()}`);
  const metadata = fieldDoc(makeField('metadata', classType(METADATA[mediaType]), now));
  const common = commonFields(source).map((field) => (field.get('name') === 'metadata' ? metadata : field));
  doc.set('sample_fields', [...common, ...fields]);
  doc.set('media_type', mediaType);
  if (!hasFrames) return doc;
  doc.set('frame_fields', source.get('frame_fields') ?? []);
  return doc.set('frame_collection_name', frameCollection(source) ?? null);
}
