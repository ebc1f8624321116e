import { BsonType, type ObjectId } from '../bson/index.js';
import { rawBatches } from '../database/raw-batches.js';
import type { Reading, SampleCollection } from '../datasets/sample-collection.js';
import { BsonBytes, keyBytes } from './bson-bytes.js';
import { ElementIds } from './element-ids.js';
import type { Target } from './target.js';

/** A sample or frame that is to get a value. */
export interface Owner {
  readonly id: ObjectId;
  /** The ids of the documents in its list. Undefined when it has no list, or none is asked for. */
  readonly elements?: ElementIds;
  /** The step of the path from which on it has nothing, when documents on the way are missing. */
  readonly absentFrom?: number;
  /** Of frames: whose, and which. */
  readonly sample?: ObjectId;
  readonly number?: number;
  /** Whether the frame has to be made. */
  readonly isNew?: boolean;
}

const ID = keyBytes('_id');
const SAMPLE = keyBytes('_sample_id');
const NUMBER = keyBytes('frame_number');

/** The samples of a collection in their order, in batches, with what has to be known of them to set values at a target. */
export async function* sampleOwners(
  samples: SampleCollection,
  target: Target | undefined,
  ids?: readonly ObjectId[],
): AsyncGenerator<Owner[]> {
  const filter = ids === undefined ? {} : { _id: { $in: ids } };
  yield* owners(samples, samples.samples('active'), target, filter, {});
}

/** The frames of some samples, by sample and frame number. */
export async function* frameOwners(
  samples: SampleCollection,
  reading: Reading,
  target: Target,
  filter: Record<string, unknown>,
): AsyncGenerator<Owner[]> {
  yield* owners(samples, reading, target, filter, { sort: { _sample_id: 1, frame_number: 1 } });
}

async function* owners(
  samples: SampleCollection,
  reading: Reading,
  target: Target | undefined,
  filter: Record<string, unknown>,
  more: { sort?: Record<string, number> },
): AsyncGenerator<Owner[]> {
  const wanted = more.sort === undefined ? {} : { _sample_id: 1, frame_number: 1 };
  const projection = { _id: 1, ...wanted, ...(target === undefined ? {} : projectionFor(target)) };
  const keys = target?.path.steps.map(({ key }) => keyBytes(key)) ?? [];
  for await (const batch of rawBatches(samples.connection.db, { ...reading, filter, ...more, projection, batchSize: 10_000 })) {
    const bytes = new BsonBytes(batch);
    const found: Owner[] = [];
    bytes.each(0, (_, document) => {
      if (!bytes.find(document, ID)) return;
      const id = bytes.objectId(bytes.at);
      const frame = more.sort === undefined ? {} : frameOf(bytes, document);
      const known = target === undefined ? {} : knownOf(bytes, document, keys, target.listAt);
      found.push({ id, ...frame, ...known });
    });
    yield found;
  }
}

/** Of the documents on the way only what tells that they are there. */
function projectionFor({ path, listAt }: Target): Record<string, number> {
  const keys = path.steps.map(({ key }) => key);
  if (listAt !== undefined) return { [`${keys.slice(0, listAt + 1).join('.')}._id`]: 1 };
  return keys.length > 1 ? { [`${keys.slice(0, -1).join('.')}._cls`]: 1 } : {};
}

function frameOf(bytes: BsonBytes, document: number): Pick<Owner, 'sample' | 'number'> {
  const sample = bytes.find(document, SAMPLE) ? { sample: bytes.objectId(bytes.at) } : {};
  if (!bytes.find(document, NUMBER)) return sample;
  const number = bytes.type === BsonType.int32 ? bytes.view.getInt32(bytes.at, true) : Number(bytes.value(bytes.type, bytes.at));
  return { ...sample, number };
}

function knownOf(
  bytes: BsonBytes,
  document: number,
  keys: readonly Uint8Array[],
  listAt: number | undefined,
): Pick<Owner, 'elements' | 'absentFrom'> {
  let at = document;
  const last = listAt ?? keys.length - 2;
  for (let step = 0; step <= last; step++) {
    if (!bytes.find(at, keys[step] as Uint8Array) || bytes.type === BsonType.null) return { absentFrom: step };
    at = bytes.at;
    if (step === listAt) return bytes.type === BsonType.array ? { elements: idsOf(bytes, at) } : {};
    if (bytes.type !== BsonType.document) return {};
  }
  return {};
}

function idsOf(bytes: BsonBytes, list: number): ElementIds {
  const places: number[] = [];
  bytes.each(list, (type, at) => {
    const hasId = type === BsonType.document && bytes.find(at, ID) && bytes.type === BsonType.objectId;
    places.push(hasId ? bytes.at : 0);
  });
  const ids = new Uint8Array(places.length * 12);
  for (const [i, at] of places.entries()) if (at > 0) ids.set(bytes.bytes.subarray(at, at + 12), i * 12);
  return new ElementIds(ids, !places.includes(0));
}
