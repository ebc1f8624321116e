import { Doc, type ReadonlyDoc, type Value } from '../bson/index.js';
import { findDocs } from '../database/raw.js';
import type { SampleCollection } from '../datasets/sample-collection.js';
import { GeneratedDatasetError } from '../errors.js';
import { FRAMES } from './schema.js';
import { Kwargs, type Stage } from './stage.js';

/** Stages that show a dataset of their own: the patches, clips or frames that they have made. */
const GENERATING = ['ToClips', 'ToEvaluationPatches', 'ToFrames', 'ToPatches', 'ToTrajectories'];

/** What a list of stages shows: the document of the dataset to read, and the stages that are left to apply to it. */
export interface Resolved {
  readonly doc: ReadonlyDoc;
  readonly rest: readonly Stage[];
}

/**
 * Finds the dataset that the last stage that makes one has made. As with the original, it is read as it is, even if its source has
 * changed since.
 *
 * @throws GeneratedDatasetError if it is not there
 */
export async function resolveGenerated({ connection, doc }: SampleCollection, stages: readonly Stage[]): Promise<Resolved> {
  const last = stages.findLastIndex(({ name }) => GENERATING.includes(name));
  const stage = stages[last];
  if (!stage) return { doc, rest: stages };
  const name = stage.kwargs.document('_state')?.get('name');
  const [generated] = typeof name === 'string' ? await findDocs(connection.db, 'datasets', { name }, { limit: 1 }) : [];
  if (!generated) throw new GeneratedDatasetError(stage.name);
  return { doc: generated, rest: [...impliedStages(stage, generated), ...stages.slice(last + 1)] };
}

/** What a stage shows of the dataset that it has made, if not all: of trajectories, only the labels of the object. */
function impliedStages({ name, kwargs }: Stage, generated: ReadonlyDoc): Stage[] {
  if (name !== 'ToTrajectories') return [];
  const field = kwargs.string('field');
  const object = field.slice(FRAMES.length);
  const isSame = (key: string) => Doc.of(['$eq', [`$$this.${key}`, `$${object}.${key}`]]);
  return [
    stage('ExcludeFields', ['field_names', otherFrameFields(generated, object)]),
    stage(
      'FilterLabels',
      ['field', field],
      ['filter', Doc.of(['$and', [isSame('label'), isSame('index')]])],
      ['only_matches', false],
    ),
  ];
}

const ALWAYS_THERE = ['id', 'frame_number', 'created_at', 'last_modified_at', '_sample_id', '_dataset_id'];

function otherFrameFields(generated: ReadonlyDoc, field: string): string[] {
  const fields = generated.get('frame_fields');
  const names = Array.isArray(fields) ? fields.flatMap((field) => (field instanceof Doc ? [String(field.get('name'))] : [])) : [];
  return names.filter((name) => name !== field && !ALWAYS_THERE.includes(name)).map((name) => `${FRAMES}${name}`);
}

function stage(name: string, ...kwargs: [string, Value][]): Stage {
  return { name, kwargs: new Kwargs(name, new Map(kwargs)) };
}
