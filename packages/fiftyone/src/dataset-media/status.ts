import type { Document } from 'mongodb';
import type { ObjectId, ReadonlyDoc } from '../bson/index.js';
import type { SampleCollection } from '../datasets/sample-collection.js';
import { schemaOf } from '../fields/schema.js';
import { shownMediaFields } from './find-field.js';
import type { MediaField } from './media-fields.js';
import { type PathRun, pathRuns } from './path-journal.js';
import { REMOTE_ROOT } from './path-kinds.js';

/** How many paths a media field has, and where they lead. */
export interface FieldStatus {
  readonly name: string;
  readonly paths: number;
  /** How many samples or frames have none. */
  readonly without: number;
  /** How many lead where, the most first: `local` for this machine, `s3://bucket`, `https://host`. */
  readonly places: readonly { readonly place: string; readonly paths: number }[];
}

export interface MediaStatus {
  readonly fields: readonly FieldStatus[];
  /** The runs that changed media paths of the dataset, newest first; those that have not ended run, or died. */
  readonly runs: readonly PathRun[];
}

export const LOCAL = 'local';

/** Where the media of samples are, field by field, and what was done about them. The server counts. */
export async function mediaStatus(samples: SampleCollection): Promise<MediaStatus> {
  const fields: FieldStatus[] = [];
  for (const field of shownMediaFields(samples)) fields.push(await statusOf(samples, field));
  return { fields, runs: await pathRuns(samples.connection.db, samples.doc.get('_id') as ObjectId) };
}

async function statusOf(samples: SampleCollection, field: MediaField): Promise<FieldStatus> {
  const { name, scope } = field;
  const reading = scope === 'frames' ? samples.frames() : samples.samples('all');
  if (reading === undefined) return { name, paths: 0, without: 0, places: [] };
  const stages: Document[] = [
    ...reading.pipeline,
    { $project: { _id: 0, path: textsAt(field, listsOn(samples.doc, field)) } },
    // a document without a path counts once
    { $unwind: { path: '$path', preserveNullAndEmptyArrays: true } },
    { $group: { _id: { $cond: [{ $eq: [{ $type: '$path' }, 'string'] }, placeOf('$path'), null] }, n: { $sum: 1 } } },
  ];
  const groups = await samples.connection.db
    .collection(reading.collection)
    .aggregate<{ _id: string | null; n: number }>(stages, { allowDiskUse: true })
    .toArray();
  const places = groups.flatMap(({ _id, n }) => (_id === null ? [] : [{ place: _id, paths: n }]));
  const paths = places.reduce((sum, { paths }) => sum + paths, 0);
  const without = groups.find(({ _id }) => _id === null)?.n ?? 0;
  return { name, paths, without, places: places.sort((a, b) => b.paths - a.paths || (a.place < b.place ? -1 : 1)) };
}

/** How many lists are on the way to the values of a field. */
function listsOn(dataset: ReadonlyDoc, { scope, path }: MediaField): number {
  let fields = schemaOf(dataset, scope === 'frames' ? 'frame_fields' : 'sample_fields');
  let lists = 0;
  for (const key of path) {
    const field = fields.find(({ dbField }) => dbField === key);
    if (field?.ftype === 'ListField') lists++;
    fields = [...(field?.fields ?? [])];
  }
  return lists;
}

/** All texts of a field, in one list. Each list on the way is one around the texts that has to be opened. */
function textsAt({ path }: MediaField, lists: number): Document {
  let texts: Document = asList(`$${path.join('.')}`);
  for (let i = 1; i < lists; i++) texts = { $reduce: { input: texts, initialValue: [], in: flat } };
  return { $filter: { input: texts, cond: { $and: [{ $eq: [{ $type: '$$this' }, 'string'] }, { $ne: ['$$this', ''] }] } } };
}

function asList(value: string): Document {
  return { $cond: [{ $isArray: value }, value, [value]] };
}

const flat = { $concatArrays: ['$$value', asList('$$this')] };

function placeOf(path: string): Document {
  const root = { $regexFind: { input: path, regex: REMOTE_ROOT } };
  return { $ifNull: [{ $getField: { field: 'match', input: root } }, LOCAL] };
}
