import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Db } from 'mongodb';
import { type Doc, encode, parseEjsonDoc } from '../../src/bson/index.js';
import { insertRaw } from '../../src/database/raw.js';

/** A view as the real client saved it, and what its exporter wrote. */
export interface RecordedView {
  readonly dataset: string;
  readonly name: string;
  /** How it was made. */
  readonly python: string;
  readonly samples: readonly Doc[];
  /** Undefined if no file for frames was written. */
  readonly frames: readonly Doc[] | undefined;
  /** What `values("id")` gave. */
  readonly ids: readonly string[];
}

/** The datasets and views of `fixtures/views`. */
export interface RecordedViews {
  readonly database: ReadonlyMap<string, readonly Doc[]>;
  readonly views: readonly RecordedView[];
}

export async function readRecordedViews(): Promise<RecordedViews> {
  const file = new URL('../fixtures/views/views.json.gz', import.meta.url);
  const text = (await promisify(gunzip)(await readFile(file))).toString('utf8');
  const recorded = parseEjsonDoc(text);
  const views = (recorded.get('views') as Doc[]).filter((view) => !view.has('error'));
  return {
    database: recorded.get('database') as unknown as ReadonlyMap<string, readonly Doc[]>,
    views: views.map((view) => ({
      dataset: view.get('dataset') as string,
      name: view.get('name') as string,
      python: view.get('python') as string,
      samples: view.get('samples') as Doc[],
      frames: (view.get('frames') as Doc[] | null) ?? undefined,
      ids: view.get('ids') as string[],
    })),
  };
}

/** Fills an empty database with the datasets and views, and with the indexes that the real client makes. */
export async function restoreRecordedViews(db: Db, { database }: RecordedViews): Promise<void> {
  for (const [collection, docs] of database) await insertRaw(db, collection, docs.map(encode));
  for (const dataset of database.get('datasets') ?? []) {
    const samples = db.collection(dataset.get('sample_collection_name') as string);
    for (const key of ['filepath', 'created_at', 'last_modified_at']) await samples.createIndex({ [key]: 1 });
    if (dataset.get('media_type') === 'group')
      for (const key of ['group._id', 'group.name']) await samples.createIndex({ [key]: 1 });
    if (dataset.get('name') === 'images') await samples.createIndex({ 'where.point': '2dsphere' });
    const frames = dataset.get('frame_collection_name');
    if (typeof frames === 'string') await db.collection(frames).createIndex({ _sample_id: 1, frame_number: 1 }, { unique: true });
  }
}

/** The views of which the real client exports less than they show, or something that cannot be imported. */
const DIFFERENT = [
  /group_by\(.*flat=True/,
  /^ds.group_by\('scene'(, order_by='order')?\)$/,
  /^ds.group_by\('word'\).select_fields\('gt'\).flatten\(\)$/,
  /^ds.match_labels\(filter=F\('label'\) == 'sun', fields='frames.weather'\)$/,
  /^ds.match_frames\(F\('speed'\) > 5\).concat\(ds.limit\(1\)\)$/,
];
const inGroups = /^ds.(exclude_group_slices\('left'\).)?select_fields\(/;

/** Whether ours shows more than the real client exports; each such view has a test of its own. */
export function isDifferent({ dataset, python }: RecordedView): boolean {
  if (DIFFERENT.some((pattern) => pattern.test(python))) return true;
  if (dataset === 'labels') return python.startsWith('ds.match_labels(');
  return dataset === 'groups' && inGroups.test(python) && !python.includes('select_group_slices');
}
