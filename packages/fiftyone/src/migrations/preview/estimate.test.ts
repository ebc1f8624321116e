import { expect, test } from 'vitest';
import { estimateOf, NOTHING, sumOf } from './estimate.js';
import { warningsFor } from './total.js';

const sample = { documents: 200, seconds: 0.01, bytesBefore: 200_000, bytesAfter: 210_000, whole: false };
const size = { documents: 1_000_000, bytes: 1_000_000_000, stored: 250_000_000 };

test('ten times as many documents take ten times as much', () => {
  const [small, large] = [estimateOf(sample, 10_000, size), estimateOf(sample, 100_000, size)];
  expect(large.seconds).toBeCloseTo(small.seconds * 10);
  expect(large.diskBytes).toBe(small.diskBytes * 10);
  expect(large.oplogBytes).toBe(small.oplogBytes * 10);
});

test('disk is what is rewritten and what grows, compressed as the collection is', () => {
  expect(estimateOf(sample, 1000, size).diskBytes).toBe((1050 + 50) * 1000 * 0.25);
  expect(estimateOf(sample, 1000, { documents: 0, bytes: 0, stored: 0 }).diskBytes).toBe((1050 + 50) * 1000);
  expect(estimateOf({ ...sample, bytesAfter: 100_000 }, 1000, size).diskBytes).toBe(500 * 1000 * 0.25);
});

test('the oplog gets what changes, or the whole document where it is made anew', () => {
  expect(estimateOf(sample, 1000, size).oplogBytes).toBe((250 + 50) * 1000);
  expect(estimateOf({ ...sample, whole: true }, 1000, size).oplogBytes).toBe((250 + 1050) * 1000);
});

test('without a sample there is no estimate', () => {
  expect(estimateOf({ ...sample, documents: 0 }, 1000, size)).toEqual(NOTHING);
  expect(sumOf([])).toEqual(NOTHING);
});

test('there is a warning when disk or oplog are too small, and none where nothing is known', () => {
  const estimate = { ...NOTHING, diskBytes: 100, oplogBytes: 100 };
  expect(warningsFor(estimate, 100, 100)).toEqual([]);
  expect(warningsFor(estimate, undefined, undefined)).toEqual([]);
  expect(warningsFor(estimate, 99, 100)).toEqual(['the disk of the server may be full before this is done']);
  expect(warningsFor(estimate, 100, 99)).toEqual([expect.stringMatching(/^the oplog holds less than this writes/)]);
});
