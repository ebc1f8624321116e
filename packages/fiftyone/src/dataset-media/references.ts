import { ObjectId } from '../bson/index.js';
import { rawBatches } from '../database/raw-batches.js';
import { isOwn } from '../datasets/own-samples.js';
import { Pace } from '../datasets/pace.js';
import type { OnProgress } from '../datasets/progress.js';
import type { Reading, SampleCollection } from '../datasets/sample-collection.js';
import { BsonBytes, keyBytes } from '../values/bson-bytes.js';
import type { MediaField } from './media-fields.js';
import { isOdd, projectionFor, storedTexts } from './stored-texts.js';
import { type FoundText, TextReader } from './text-reader.js';

/** A place in a dataset that names a file. */
export interface MediaReference {
  readonly field: MediaField;
  /** Of the sample or frame; all zeros for the frames of clips, which are no documents of their own. */
  readonly id: ObjectId;
  /** Where in its document: `filepath`, `ground_truth.detections.3.mask_path`. */
  readonly place: string;
  /** The text that is stored there. */
  readonly path: string;
}

export interface ReferenceOptions {
  /**
   * The paths are changed while they are read. No index is used then: documents whose paths change move in it, and would come twice.
   * What a view does not sort comes in the order in which it is stored. Default: false.
   */
  readonly whileChanging?: boolean | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

const ID = keyBytes('_id');
const NO_ID = new ObjectId('0'.repeat(24));
/** How many documents are read at once: views are looked up in as many. */
const BATCH = 5000;

/**
 * Every place in samples and frames that names a file, in batches: samples in their order, of grouped datasets those of all slices, and then
 * frames. What has no value is left out. Of a view only what it shows, with the texts and positions that are stored.
 */
export async function* mediaReferences(
  samples: SampleCollection,
  fields: readonly MediaField[],
  { whileChanging = false, onProgress, signal }: ReferenceOptions = {},
): AsyncGenerator<MediaReference[]> {
  const pace = new Pace(onProgress, signal);
  for (const scope of ['samples', 'frames'] as const) {
    const own = fields.filter((field) => field.scope === scope);
    const reading = scope === 'samples' ? samples.samples('all') : samples.frames();
    if (own.length === 0 || reading === undefined) continue;
    let done = 0;
    for await (const { references, documents } of referencesIn(samples, reading, own, whileChanging)) {
      done += documents;
      pace.tell({ what: 'Reading media paths', done, unit: scope });
      if (references.length > 0) yield references;
    }
  }
}

async function* referencesIn(
  samples: SampleCollection,
  reading: Reading,
  fields: readonly MediaField[],
  whileChanging: boolean,
): AsyncGenerator<{ references: MediaReference[]; documents: number }> {
  const { db } = samples.connection;
  const isOfView = samples.isView && isOwn(samples);
  const readers = fields.map(({ path }) => new TextReader(path, isOfView));
  const paths = fields.map(({ path }) => path);
  const projection = projectionFor(paths, isOfView ? { ids: true } : { oddities: reading.pipeline.length === 0 });
  // what is near to a point only an index knows; it is none of paths
  const hint = whileChanging && !('$geoNear' in (reading.pipeline[0] ?? {})) ? { $natural: 1 } : undefined;
  for await (const reply of rawBatches(db, { ...reading, projection, hint, batchSize: BATCH })) {
    const bytes = new BsonBytes(reply);
    const shown: Shown[] = [];
    const references: MediaReference[] = [];
    let documents = 0;
    bytes.each(0, (_, document) => {
      documents++;
      const id = bytes.find(document, ID) ? bytes.objectId(bytes.at) : NO_ID;
      if (isOfView) shown.push({ id, texts: readers.map((reader) => textsOf(reader, bytes, document)), at: 0 });
      else if (isOdd(bytes, document)) shown.push({ id, texts: undefined, at: references.length });
      else {
        for (const [i, field] of fields.entries()) {
          (readers[i] as TextReader).read(bytes, document, ({ place, text }) =>
            references.push({ field, id, place, path: text }),
          );
        }
      }
    });
    if (shown.length > 0) await addStored(samples, fields, shown, references);
    yield { references, documents };
  }
}

/** A document that has to be looked up. */
interface Shown {
  readonly id: ObjectId;
  /** What a view shows of each field; undefined for all that is stored. */
  readonly texts: readonly (readonly FoundText[])[] | undefined;
  /** Before which reference its own belong. */
  readonly at: number;
}

function textsOf(reader: TextReader, bytes: BsonBytes, document: number): FoundText[] {
  const texts: FoundText[] = [];
  reader.read(bytes, document, (text) => texts.push(text));
  return texts;
}

/** Adds what is stored in some documents: views leave out parts of lists, and change values. */
async function addStored(
  { doc, connection }: SampleCollection,
  fields: readonly MediaField[],
  shown: readonly Shown[],
  references: MediaReference[],
): Promise<void> {
  const collection = String(doc.get(fields[0]?.scope === 'frames' ? 'frame_collection_name' : 'sample_collection_name'));
  const ids = shown.map(({ id }) => id);
  const paths = fields.map(({ path }) => path);
  const stored = await storedTexts(connection.db, collection, ids, paths);
  const added: MediaReference[] = [];
  let before = 0;
  for (const { id, texts, at } of shown) {
    for (; before < at; before++) added.push(references[before] as MediaReference);
    for (const [i, field] of fields.entries()) {
      const there = stored.get(id.toHexString())?.[i] ?? [];
      const found = texts === undefined ? there : storedOf(texts[i] ?? [], there);
      for (const { place, text } of found) added.push({ field, id, place, path: text });
    }
  }
  added.push(...references.slice(before));
  references.splice(0, references.length);
  for (const one of added) references.push(one);
}

/** Finds what is shown among what is stored: by ids, else by text, rather at the same position than elsewhere. */
function storedOf(shown: readonly FoundText[], stored: readonly FoundText[]): FoundText[] {
  const byKey = new Map(stored.map((one) => [one.key, one]));
  const taken = new Set<FoundText>();
  const take = (one: FoundText | undefined): FoundText[] => {
    if (one !== undefined) taken.add(one);
    return one === undefined ? [] : [one];
  };
  return shown.flatMap((one) => {
    if (one.key !== undefined) return take(byKey.get(one.key));
    const same = stored.filter((other) => other.text === one.text && !taken.has(other));
    return take(same.find(({ place }) => place === one.place) ?? same[0]);
  });
}
