import type { ObjectId } from '../bson/index.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { rawBatches } from '../database/raw-batches.js';
import { Pace } from '../datasets/pace.js';
import type { OnProgress } from '../datasets/progress.js';
import type { SampleCollection } from '../datasets/sample-collection.js';
import { UsageError } from '../errors.js';
import { checkPath } from '../fields/schema.js';
import { BsonBytes, keyBytes } from './bson-bytes.js';
import { type FieldPath, fieldPath, storedAt } from './field-path.js';
import { addFrames } from './frame-values.js';
import { leafOf } from './leaf.js';
import { PathReader } from './path-reader.js';
import { projectionOf } from './projection.js';

export interface ValuesOptions {
  /** `true`: all in one list, without empty and missing ones. `-1`: one list for each sample. Default: lists in lists. */
  readonly unwind?: boolean | -1;
  /** What stands for null and for what is missing. Default: null. */
  readonly missingValue?: unknown;
  /** Values with their exact types (`Scalar`, `Doc`), not converted. Default: false. */
  readonly raw?: boolean;
  /** Fields need not exist, and private ones can be read. Default: false. */
  readonly allowMissing?: boolean;
  readonly onProgress?: OnProgress;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

const OPTIONS: OptionNames<ValuesOptions> = {
  unwind: 'anything',
  missingValue: 'anything',
  raw: 'boolean',
  allowMissing: 'boolean',
  onProgress: 'function',
  signal: 'anything',
};

/**
 * The values of a field of all samples, in their order: of a grouped dataset those of the active slice. Lists are in lists, as
 * `[['cat', 'dog'], [], null]` for `ground_truth.detections.label`; `[]` after a name in the path, or `unwind`, puts their items
 * in their place. A path that begins with `frames.` gives a list for each sample, by frame number. Several paths give a list each.
 *
 * @throws UsageError for a field that does not exist
 */
export function values(samples: SampleCollection, path: string, options?: ValuesOptions): Promise<unknown[]>;
export function values(samples: SampleCollection, paths: readonly string[], options?: ValuesOptions): Promise<unknown[][]>;
export async function values(
  samples: SampleCollection,
  path: string | readonly string[],
  options: ValuesOptions = {},
): Promise<unknown[] | unknown[][]> {
  const paths = checkedPaths('values', path, options);
  const lists: unknown[][] = paths.map(() => []);
  for await (const batch of batches(samples, paths, options, 20_000)) {
    for (const [i, list] of lists.entries()) for (const value of batch[i] as unknown[]) list.push(value);
  }
  return typeof path === 'string' ? (lists[0] as unknown[]) : lists;
}

/**
 * The same one after the other, in a memory that does not grow. Several paths give a list of their values for each sample, and cannot
 * be unwound to one list.
 */
export function iterateValues(samples: SampleCollection, path: string, options?: ValuesOptions): AsyncGenerator<unknown>;
export function iterateValues(
  samples: SampleCollection,
  paths: readonly string[],
  options?: ValuesOptions,
): AsyncGenerator<unknown[]>;
export async function* iterateValues(
  samples: SampleCollection,
  path: string | readonly string[],
  options: ValuesOptions = {},
): AsyncGenerator<unknown> {
  const paths = checkedPaths('iterateValues', path, options);
  // the frames of a view are found anew for every batch
  const batchSize = samples.isView ? 20_000 : 2000;
  for await (const batch of batches(samples, paths, options, batchSize)) {
    const [first = []] = batch;
    if (typeof path === 'string') yield* first;
    else {
      if (batch.some(({ length }) => length !== first.length)) {
        throw new UsageError(`unwound values of several fields cannot be gone through together: ${paths.join(', ')}`);
      }
      for (let i = 0; i < first.length; i++) yield batch.map((list) => list[i]);
    }
  }
}

function checkedPaths(verb: string, given: string | readonly string[], options: ValuesOptions): readonly string[] {
  checkOptions(verb, options, OPTIONS);
  const paths = Array.isArray(given) ? (given as readonly string[]) : [given as string];
  for (const path of paths) checkPath(verb, path);
  return paths;
}

/** One list of values per path for each batch of samples. */
async function* batches(
  samples: SampleCollection,
  texts: readonly string[],
  { unwind = false, missingValue = null, raw = false, allowMissing = false, onProgress, signal }: ValuesOptions,
  batchSize: number,
): AsyncGenerator<unknown[][]> {
  const { doc, connection } = samples;
  const paths = texts.map((text) => fieldPath(doc, text, { unwind, allowMissing }));
  if (!allowMissing) for (const path of paths) checkShown(samples, path);
  const readers = paths.map((path) => new PathReader(path, leafOf(path.field, path.name, raw), missingValue));
  const { collection, pipeline } = samples.samples('active');
  const needsIds = paths.some(({ scope }) => scope === 'frames');
  const stored = paths.filter(({ scope }) => scope === 'samples').map(storedAt);
  // a slice of a grouped dataset that is no video has no frames, not an empty list of them
  const isSlice = needsIds && !samples.isView && doc.get('media_type') === 'group';
  const projection = projectionOf(isSlice ? [...stored, '_media_type'] : stored, needsIds);
  const pace = new Pace(onProgress, signal);
  let done = 0;
  for await (const reply of rawBatches(connection.db, { collection, pipeline, projection, batchSize })) {
    const bytes = new BsonBytes(reply);
    const lists: unknown[][] = paths.map(() => []);
    const ids: ObjectId[] = [];
    let hasVideos = !isSlice;
    bytes.each(0, (_, document) => {
      done++;
      if (needsIds && bytes.find(document, ID)) ids.push(bytes.objectId(bytes.at));
      if (isSlice && bytes.find(document, MEDIA_TYPE)) hasVideos ||= bytes.text(bytes.at) === 'video';
      for (let i = 0; i < readers.length; i++) {
        if (paths[i]?.scope === 'samples') readers[i]?.read(bytes, document, lists[i] as unknown[]);
      }
    });
    if (needsIds) await addFrames(samples, ids, hasVideos, paths, readers, lists);
    pace.tell({ what: 'Reading values', done, unit: 'samples' });
    yield lists;
  }
  pace.tell({ what: 'Reading values', done, total: done, unit: 'samples' });
}

/** @throws UsageError if a view leaves the field out */
function checkShown(samples: SampleCollection, { scope, along }: FieldPath): void {
  const name = along[0]?.name;
  if (name === undefined) return;
  const root = scope === 'frames' ? `frames.${name}` : name;
  if (samples.shows?.(root) !== false) return;
  throw new UsageError(`the view of dataset '${String(samples.doc.get('name'))}' does not show the field '${root}'`);
}

const ID = keyBytes('_id');
const MEDIA_TYPE = keyBytes('_media_type');
