import { date, encode, ObjectId, type ReadonlyDoc } from '../bson/index.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { authorized, type Connection } from '../database/connection.js';
import { insertRaw } from '../database/raw.js';
import { indexFrames, indexGroups } from '../datasets/indexes.js';
import type { OnProgress } from '../datasets/progress.js';
import { FiftyOneError, UsageError } from '../errors.js';
import { changeDataset, declareFields, schemaOf, shown } from '../fields/index.js';
import { idOfDataset, mediaOf, withMedia } from './admit.js';
import { declarationsFor, type ExpandOptions } from './declarations.js';
import { Frame, Sample, setId } from './sample.js';
import { type Schema, storedFrame, storedSample } from './stored-sample.js';

export interface AddSamplesOptions extends ExpandOptions {
  readonly onProgress?: OnProgress;
}

const OPTIONS: OptionNames<AddSamplesOptions> = { expandSchema: 'boolean', dynamic: 'boolean', onProgress: 'function' };

/** What became of samples that were added. */
export interface AddedSamples {
  /** Their ids, 24 hexadecimal digits each. */
  readonly ids: string[];
  /** The document of the dataset afterwards. */
  readonly doc: ReadonlyDoc;
}

/** How many samples are checked before the first of them is stored. */
const CHUNK = 10_000;

/** How many are stored in one round trip. */
const BATCH = 1_000;

/**
 * Adds samples to a dataset: declares their fields, then stores them in batches. The fields of an array are declared for all of its
 * samples together; those of an iterable ten thousand samples at a time.
 *
 * @throws UsageError for samples that cannot be stored: of their ten thousand nothing was
 */
export async function addSamples(
  connection: Connection,
  dataset: ReadonlyDoc,
  samples: Iterable<Sample> | AsyncIterable<Sample>,
  options: AddSamplesOptions = {},
): Promise<AddedSamples> {
  checkOptions('addSamples', options, OPTIONS);
  checkIterable(samples);
  const ids: string[] = [];
  let doc = dataset;
  const total = Array.isArray(samples) ? { total: samples.length } : {};
  const told = () => options.onProgress?.({ what: 'Adding samples', done: ids.length, ...total, unit: 'samples' });
  if (Array.isArray(samples)) checkSamples(samples, 0);
  if (Array.isArray(samples)) doc = await prepared(connection, doc, samples, options);
  for await (const chunk of chunks(samples)) {
    if (!Array.isArray(samples)) checkSamples(chunk, ids.length);
    if (!Array.isArray(samples)) doc = await prepared(connection, doc, chunk, options);
    const rows = encoded(chunk, doc, ids.length);
    for (let at = 0; at < rows.length; at += BATCH) {
      const batch = rows.slice(at, at + BATCH);
      await insert(connection, doc, batch).catch((error) => {
        throw new FiftyOneError(`only ${ids.length} samples were added for sure: ${(error as Error).message}`, {
          hint: 'those have an id now; of the thousand after them some may be stored: see what is there before you add them again',
          cause: error,
        });
      });
      for (const { sample, id } of batch) {
        setId(sample, id.toHexString());
        ids.push(id.toHexString());
      }
      told();
    }
  }
  return { ids, doc };
}

function checkIterable(samples: unknown): void {
  const isObject = typeof samples === 'object' && samples !== null;
  if (isObject && (Symbol.iterator in samples || Symbol.asyncIterator in samples)) return;
  throw new UsageError(`addSamples needs a list of samples, not ${shown(samples)}`, {
    hint: samples instanceof Sample ? 'give [sample]' : 'such as [new fo.Sample({ filepath })]',
  });
}

function checkSamples(samples: readonly unknown[], first: number): void {
  const at = samples.findIndex((sample) => !(sample instanceof Sample));
  if (at >= 0) {
    throw new UsageError(`samples[${first + at}] is not a Sample: it is ${shown(samples[at])}`, {
      hint: 'make samples with new fo.Sample({ filepath, … })',
    });
  }
  for (const [i, { frames }] of (samples as readonly Sample[]).entries()) {
    for (const [number, frame] of frames) {
      if (frame instanceof Frame) continue;
      throw new UsageError(`samples[${first + i}].frames[${number}] is not a Frame: it is ${shown(frame)}`, {
        hint: 'make frames with new fo.Frame({ … })',
      });
    }
  }
}

async function* chunks(samples: Iterable<Sample> | AsyncIterable<Sample>): AsyncGenerator<Sample[]> {
  let chunk: Sample[] = [];
  for await (const sample of samples) {
    chunk.push(sample);
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** Makes a dataset ready for samples. @returns its document afterwards */
async function prepared(
  connection: Connection,
  dataset: ReadonlyDoc,
  samples: readonly Sample[],
  options: AddSamplesOptions,
): Promise<ReadonlyDoc> {
  const id = idOfDataset(dataset);
  const { db } = connection;
  const known = dataset.get('group_field');
  const media = mediaOf(samples, typeof known === 'string' ? known : undefined);
  // what cannot be declared is found out before anything is written
  const draft = withMedia(dataset, media, date(Date.now()));
  declared(samples, draft, options);
  const collection = String(dataset.get('sample_collection_name'));
  const frames = draft.get('frame_collection_name');
  await authorized(connection, async () => {
    if (typeof frames === 'string' && !dataset.get('frame_collection_name')) await indexFrames(db, frames);
    if (media.groupField !== undefined && !dataset.get('group_field')) await indexGroups(db, collection, media.groupField);
  });
  const doc = await changeDataset(connection, id, (current, now) => withMedia(current, media, now));
  const { ofSamples, ofFrames } = declared(samples, doc, options);
  const withFields = ofSamples.length > 0 ? await declareFields(connection, id, 'sample_fields', ofSamples) : doc;
  return ofFrames.length > 0 ? await declareFields(connection, id, 'frame_fields', ofFrames) : withFields;
}

function declared(samples: readonly Sample[], dataset: ReadonlyDoc, options: AddSamplesOptions) {
  const name = dataset.get('name');
  const framesOf = function* () {
    for (const sample of samples) yield* sample.frames.values();
  };
  return {
    ofSamples: declarationsFor(samples, schema(dataset, 'sample_fields'), options, `Dataset '${name}' has no field`),
    ofFrames: declarationsFor(framesOf(), schema(dataset, 'frame_fields'), options, `Dataset '${name}' has no frame field`),
  };
}

function schema(dataset: ReadonlyDoc, key: 'sample_fields' | 'frame_fields'): Schema {
  return new Map(schemaOf(dataset, key).map((field) => [field.name, field]));
}

interface Row {
  readonly sample: Sample;
  readonly id: ObjectId;
  readonly bytes: Uint8Array;
  readonly frames: readonly Uint8Array[];
}

function encoded(samples: readonly Sample[], dataset: ReadonlyDoc, first: number): Row[] {
  const batch = { dataset: idOfDataset(dataset), now: date(Date.now()) };
  const [ofSamples, ofFrames] = [schema(dataset, 'sample_fields'), schema(dataset, 'frame_fields')];
  return samples.map((sample, i) => {
    const id = new ObjectId();
    const place = `samples[${first + i}]`;
    const bytes = checked(encode(storedSample(sample, id, ofSamples, batch, place)), place);
    const numbered = [...sample.frames].sort(([a], [b]) => a - b);
    const frames = numbered.map(([number, frame]) => {
      const where = `${place}.frames[${number}]`;
      return checked(encode(storedFrame(frame, number, id, ofFrames, batch, where)), where);
    });
    return { sample, id, bytes, frames };
  });
}

/** The largest document that the server takes. */
const MOST_BYTES = 16 * 1024 * 1024;

function checked(bytes: Uint8Array, place: string): Uint8Array {
  if (bytes.length <= MOST_BYTES) return bytes;
  throw new UsageError(`${place} has ${(bytes.length / 2 ** 20).toFixed(1)} MB: the server stores documents of up to 16 MB`, {
    hint: 'keep large masks and maps in files: mask_path, map_path',
  });
}

async function insert(connection: Connection, dataset: ReadonlyDoc, rows: readonly Row[]): Promise<void> {
  const { db } = connection;
  const frames = rows.flatMap((row) => row.frames);
  await authorized(connection, async () => {
    await insertRaw(
      db,
      String(dataset.get('sample_collection_name')),
      rows.map(({ bytes }) => bytes),
    );
    if (frames.length > 0) await insertRaw(db, String(dataset.get('frame_collection_name')), frames);
  });
}
