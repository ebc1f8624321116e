import { BsonType } from './scalar.js';
import { readInt32, textEnd, valueEnd } from './value-end.js';

/** The path of the value or key at a byte of a BSON document, for example `ground_truth.detections[3].label`; '' if it is broken. */
export function placeInBson(bson: Uint8Array, at: number): string {
  try {
    return walk(bson, at);
  } catch (error) {
    if (error instanceof RangeError) return '';
    throw error;
  }
}

function walk(bson: Uint8Array, at: number): string {
  let [path, isList, start, limit] = ['', false, 0, bson.length];
  for (;;) {
    let i = start + 4;
    let found: number | undefined;
    const end = Math.min(limit, start + readInt32(bson, start));
    for (let index = 0; found === undefined && i < end - 1; index++) {
      const type = bson[i] as number;
      const keyEnd = textEnd(bson, i + 1, end);
      const next = valueEnd(bson, type, keyEnd + 1, end);
      if (at < next) {
        const key = Buffer.from(bson.subarray(i + 1, keyEnd)).toString();
        path += isList ? `[${index}]` : path === '' ? key : `.${key}`;
        if (at <= keyEnd || (type !== BsonType.document && type !== BsonType.array)) return path;
        [isList, start, limit] = [type === BsonType.array, keyEnd + 1, next];
        found = type;
      }
      i = next;
    }
    if (found === undefined) return path;
  }
}
