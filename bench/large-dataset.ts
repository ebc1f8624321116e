import type { Db } from 'mongodb';
import { clone, Doc, decode, encode, ObjectId } from '../packages/fiftyone/src/bson/index.js';
import { insertRaw } from '../packages/fiftyone/src/database/raw.js';
import { readDump } from '../packages/fiftyone/test/support/dump.js';

/** A dataset of a recorded database, with many samples like its first one. */
export interface LargeDataset {
  readonly recorded: string;
  readonly dataset: string;
  readonly samples: number;
  /** The list of labels that every sample has besides what is in all datasets, and how many labels are in it. */
  readonly labels?: { readonly field: string; readonly list: string; readonly count: number };
  /** How many frames every sample has, in the layout before 0.6.2. */
  readonly frames?: number;
}

const COMMON_FIELDS = ['id', 'media_type', '_media_type', 'filepath', 'tags', 'metadata', '_rand', 'frames'];
const PLAIN_KEYS = ['_id', '_cls', 'attributes', 'tags', 'label', 'bounding_box', 'points', 'closed', 'filled', 'confidence'];
const TEMPLATE = 'template';

/** Adds it to a database. The server makes the copies, so size costs no memory here. */
export async function addLargeDataset(db: Db, large: LargeDataset, name = large.dataset): Promise<void> {
  const { collections } = await readDump(large.recorded);
  const documents = (collection: string) => (collections.get(collection) ?? []).map(decode);
  const original = documents('datasets').find((dataset) => dataset.get('name') === large.dataset) as Doc;
  const samples = original.get('sample_collection_name') as string;
  const first = documents(samples)[0] as Doc;
  const dataset = datasetLike(original, large, name);
  const collection = `samples.${name}`;
  await insertRaw(db, 'datasets', [encode(dataset)]);
  await copies(db, sampleLike(first, large), large.samples, collection, { ...differing(large), ...framesOf(large) });
  if (large.frames !== undefined) {
    const frame = documents(`frames.${samples}`)[0] as Doc;
    const number = { $add: [1, { $mod: [{ $subtract: ['$i', 1] }, large.frames] }] };
    await copies(db, frame, large.samples * large.frames, `frames.${collection}`, { frame_number: number });
  }
}

function datasetLike(original: Doc, { labels }: LargeDataset, name: string): Doc {
  const dataset = clone(original);
  dataset.set('_id', new ObjectId()).set('name', name).set('sample_collection_name', `samples.${name}`);
  if (dataset.has('frame_collection_name')) dataset.set('frame_collection_name', `frames.samples.${name}`);
  for (const key of ['evaluations', 'brain_methods', 'annotation_runs']) if (dataset.has(key)) dataset.set(key, new Doc());
  const fields = (dataset.get('sample_fields') as Doc[]).filter((field) => isKept(field.get('name') as string, labels?.field));
  return dataset.set('sample_fields', fields);
}

function sampleLike(first: Doc, { labels }: LargeDataset): Doc {
  const sample = new Doc([...clone(first)].filter(([key]) => key === '_id' || isKept(key, labels?.field)));
  if (labels === undefined) return sample;
  const field = sample.get(labels.field) as Doc;
  const list = (field.get(labels.list) as Doc[]).map(plainLabel);
  field.set(
    labels.list,
    Array.from({ length: labels.count }, (_, i) => list[i % list.length] as Doc),
  );
  return sample;
}

/** The recorded labels are there to show all that a label can have; most labels have little. */
function plainLabel(label: Doc): Doc {
  return new Doc([...label].filter(([key]) => PLAIN_KEYS.includes(key))).set('attributes', new Doc());
}

function isKept(field: string, labels: string | undefined): boolean {
  return COMMON_FIELDS.includes(field) || field === labels;
}

/** Ids that count up, so that samples can name their frames. */
const idAt = (number: unknown) => ({
  $toObjectId: { $concat: ['6b01800000000000', { $toString: { $add: [10_000_000, number] } }] },
});

/** Every sample has its file, and every label its id. */
function differing({ labels }: LargeDataset): Record<string, unknown> {
  const filepath = { $concat: ['/srv/datasets/media/', { $toString: '$i' }, '.png'] };
  if (labels === undefined) return { filepath };
  const path = `${labels.field}.${labels.list}`;
  const number = { $add: [1_000_000_000, { $multiply: ['$i', labels.count] }, '$$n'] };
  const id = { $toObjectId: { $concat: ['6b018001000000', { $toString: number }] } };
  const label = { $mergeObjects: [{ $arrayElemAt: [`$${path}`, '$$n'] }, { _id: id }] };
  return { filepath, [path]: { $map: { input: { $range: [0, labels.count] }, as: 'n', in: label } } };
}

function framesOf({ frames }: LargeDataset): Record<string, unknown> {
  if (frames === undefined) return {};
  const id = idAt({ $add: [{ $multiply: [{ $subtract: ['$i', 1] }, frames] }, '$$n'] });
  const references = { $map: { input: { $range: [1, frames + 1] }, as: 'n', in: { k: { $toString: '$$n' }, v: id } } };
  return { frames: { $arrayToObject: references } };
}

async function copies(
  db: Db,
  template: Doc,
  count: number,
  collection: string,
  differing: Record<string, unknown>,
): Promise<void> {
  await db.collection(TEMPLATE).drop();
  await insertRaw(db, TEMPLATE, [encode(template)]);
  const pipeline = [
    { $set: { i: { $range: [1, count + 1] } } },
    { $unwind: '$i' },
    { $set: { _id: idAt('$i'), ...differing } },
    { $unset: 'i' },
    { $out: collection },
  ];
  await db.collection(TEMPLATE).aggregate(pipeline, { allowDiskUse: true }).toArray();
  await db.collection(TEMPLATE).drop();
}
