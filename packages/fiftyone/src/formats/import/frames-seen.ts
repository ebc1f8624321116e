import { BsonType, decode, numberOf } from '../../bson/index.js';
import { valueEnd } from '../../bson/value-end.js';
import { IdSet } from './id-set.js';

/** So many samples are remembered: more would need more than 30 MB of memory. */
const MOST_SAMPLES = 1_000_000;

/** Counts frames that no client shows: those of samples that are not there, and those without a number. */
export class FramesSeen {
  readonly #samples = new IdSet(12, MOST_SAMPLES);
  orphans = 0;
  withoutNumber = 0;

  sample(doc: Buffer): void {
    const id = idAt(doc, '_id');
    if (id !== undefined) this.#samples.add(id);
  }

  frame(doc: Buffer): void {
    const sample = idAt(doc, '_sample_id');
    if (sample === undefined || !(this.#samples.isFull || this.#samples.has(sample))) this.orphans++;
    if (!hasNumber(doc)) this.withoutNumber++;
  }
}

function hasNumber(doc: Buffer): boolean {
  const at = find(doc, 'frame_number');
  if (at === undefined) return false;
  if (doc[at.type] === BsonType.int32) return doc.readInt32LE(at.value) > 0;
  const number = numberOf(decode(doc).get('frame_number'));
  return number !== undefined && Number.isInteger(number) && number > 0;
}

function idAt(doc: Buffer, key: string): Buffer | undefined {
  const at = find(doc, key);
  return at !== undefined && doc[at.type] === BsonType.objectId ? doc.subarray(at.value, at.value + 12) : undefined;
}

/** Where a document has a key, without decoding the rest of it. */
function find(doc: Buffer, key: string): { type: number; value: number } | undefined {
  const end = doc.length - 1;
  for (let at = 4; at < end; ) {
    let keyEnd = at + 1;
    while (doc[keyEnd] !== 0) keyEnd++;
    if (keyEnd - at - 1 === key.length && doc.toString('latin1', at + 1, keyEnd) === key) return { type: at, value: keyEnd + 1 };
    at = valueEnd(doc, doc[at] as number, keyEnd + 1, end);
  }
  return undefined;
}
