import type { Document } from 'mongodb';
import type { Expression } from '../expression.js';

/** Where stages keep what they need of the sample that something is made of. */
export const ORIGIN = '_origin';

/** Notes what is needed of each sample. */
export const NOTE_ORIGIN: Document = { $addFields: { [ORIGIN]: { id: '$_id', rand: '$_rand' } } };

/** One document for each item of a list. */
export function unwind(list: string): Document {
  return { $unwind: { path: `$${list}`, includeArrayIndex: `${ORIGIN}.index` } };
}

/**
 * An id for what has none. It follows from the sample and a number, so that samples and frames, which are read one after the other,
 * have the same: the last 16 digits of the sample's id, and the number.
 */
export function derivedId(sample: string, number: Expression): Expression {
  const digits = { $concat: ['0000000', { $toString: { $toLong: number } }] };
  const last = { $substrCP: [digits, { $subtract: [{ $strLenCP: digits }, 8] }, 8] };
  return { $toObjectId: { $concat: [{ $substrCP: [{ $toString: sample }, 8, 16] }, last] } };
}

/** A number in [0, 1), the same each time. */
export function derivedRandom(number: Expression = `$${ORIGIN}.index`): Expression {
  return { $mod: [{ $multiply: [{ $ifNull: [`$${ORIGIN}.rand`, 0.5] }, 99_991, { $add: [number, 1] }] }, 1] };
}
