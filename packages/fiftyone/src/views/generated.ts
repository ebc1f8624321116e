import { Doc, ObjectId, type ReadonlyDoc, type Value } from '../bson/index.js';
import type { Connection } from '../database/connection.js';
import { findDocs } from '../database/raw.js';
import { compile } from './compile.js';
import { generate } from './generate/generate.js';
import { FRAMES } from './schema.js';
import { Kwargs, type Stage } from './stage.js';
import { initialState, type State } from './state.js';

/** Stages that show a dataset of their own: the patches, clips or frames that they have made. */
const GENERATING = ['ToClips', 'ToEvaluationPatches', 'ToFrames', 'ToPatches', 'ToTrajectories'];

/** What a list of stages shows: the dataset to read, and the stages that are left to apply to it. */
export interface Resolved {
  readonly initial: State;
  readonly rest: readonly Stage[];
}

/**
 * Finds the dataset that the last stage that makes one has made. As with the original, it is read as it is, even if its source has
 * changed since. If there is none its samples are made while they are read.
 *
 * @throws UnsupportedStageError for what only the original can make
 */
export async function resolveGenerated(connection: Connection, doc: ReadonlyDoc, stages: readonly Stage[]): Promise<Resolved> {
  const last = stages.findLastIndex(({ name }) => GENERATING.includes(name));
  const stage = stages[last];
  if (!stage) return { initial: initialState(doc), rest: stages };
  const initial = (await stored(connection, doc, stage)) ?? (await made(connection, doc, stage, stages.slice(0, last)));
  return { initial, rest: [...impliedStages(stage, initial.dataset), ...stages.slice(last + 1)] };
}

/** The dataset that a stage has made, if it is there and was made of this dataset: imported views may name that of another. */
async function stored({ db }: Connection, doc: ReadonlyDoc, { kwargs }: Stage): Promise<State | undefined> {
  const state = kwargs.document('_state');
  const name = state?.get('name');
  if (typeof name !== 'string' || state?.get('dataset_id') !== String(doc.get('_id'))) return undefined;
  const [generated] = await findDocs(db, 'datasets', { name }, { limit: 1 });
  const isGenerated = /^(patches|clips|frames)\./.test(String(generated?.get('sample_collection_name')));
  return generated && isGenerated ? initialState(generated) : undefined;
}

async function made(connection: Connection, doc: ReadonlyDoc, stage: Stage, before: readonly Stage[]): Promise<State> {
  const source = await resolveGenerated(connection, doc, before);
  const generated = generate(stage, compile(source.rest, source.initial), await runOf(connection, doc, stage));
  return initialState(generated.doc, generated.samples);
}

async function runOf({ db }: Connection, doc: ReadonlyDoc, { kwargs }: Stage): Promise<ReadonlyDoc | undefined> {
  const evaluations = doc.get('evaluations');
  const key = kwargs.value('eval_key');
  const id = evaluations instanceof Doc && typeof key === 'string' ? evaluations.get(key) : undefined;
  if (!(id instanceof ObjectId)) return undefined;
  return (await findDocs(db, 'runs', { _id: id }, { limit: 1 }))[0];
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
