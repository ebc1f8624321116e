import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Doc, decode, encode, int32, ObjectId, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { jsonToBson } from '../../bson/read-json.js';
import { readJsonCollection } from '../../bson/read-json-collection.js';
import type { Rewrites } from '../../bson/rewrites.js';
import { chunksOf, type DocumentBatch } from '../import/read-documents.js';

/** Where a `LegacyFiftyOneDataset` has its samples, or the frames of its samples. */
export interface LegacyDocumentsAt {
  readonly kind: 'legacy';
  /** The folder of the export. */
  readonly path: string;
  readonly what: 'samples' | 'frames';
}

/** Reads the samples or the frames of such an export, as they would be in one of today. Samples keep their ids. */
export async function* readLegacy({ path, what }: LegacyDocumentsAt, rewrites: Rewrites): AsyncGenerator<DocumentBatch> {
  const file = join(path, 'samples.json');
  const { size: total } = await stat(file);
  let count = 0;
  for await (const { documents, position } of readJsonCollection(
    chunksOf(file),
    'samples',
    what === 'samples' ? { rewrites } : {},
  )) {
    const read: Buffer[] = [];
    for (const bytes of documents) {
      const sample = decode(bytes);
      const id = sample.get('_id') ?? idOf(path, count);
      count++;
      if (what === 'samples') read.push(Buffer.from(encode(stored(id, sample))));
      else for (const frame of await framesOf(path, id, sample)) read.push(Buffer.from(encode(stamped(frame, rewrites))));
    }
    yield { documents: read, done: position, total };
  }
}

/** The id of a sample that has none: it is the same each time that the sample is read. */
function idOf(path: string, index: number): ObjectId {
  return new ObjectId(createHash('sha256').update(`${path} ${index}`).digest('hex').slice(0, 24));
}

const LAST = ['_dataset_id', 'created_at', 'last_modified_at'];

/** Values that are null are not stored; what every sample has comes first and last. */
function stored(id: Value, sample: ReadonlyDoc): Doc {
  const doc = new Doc([['_id', id]]);
  for (const [key, value] of sample)
    if (value !== null && key !== '_id' && key !== 'frames' && !LAST.includes(key)) doc.set(key, value);
  for (const key of LAST) if (sample.has(key)) doc.set(key, sample.get(key) as Value);
  return doc;
}

/** The frames of a sample: in a file of their own, or within the sample. */
async function framesOf(path: string, id: Value, sample: ReadonlyDoc): Promise<Doc[]> {
  const given = sample.get('frames');
  const found = typeof given === 'string' ? await readFrames(join(path, given)) : given;
  if (!(found instanceof Doc)) return [];
  return [...found].map(([number, frame]) => {
    const doc = new Doc([
      ['_id', new ObjectId()],
      ['frame_number', int32(Number(number))],
    ]);
    for (const [key, value] of frame as Doc) if (value !== null && !LAST.includes(key)) doc.set(key, value);
    return doc.set('_sample_id', id);
  });
}

async function readFrames(file: string): Promise<Value | undefined> {
  return decode(jsonToBson(await readFile(file))).get('frames');
}

function stamped(frame: Doc, rewrites: Rewrites): Doc {
  for (const key of LAST) {
    const rewrite = rewrites.get(key);
    if (rewrite !== undefined && typeof rewrite === 'object' && 'set' in rewrite && !(rewrite instanceof Map))
      frame.set(key, rewrite.set);
  }
  return frame;
}
