import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Doc, encode, equal, ObjectId, parseEjsonDoc, toEjson } from '../../bson/index.js';
import type { DatasetRecord } from '../revision.js';
import { mergeRecords } from './merge.js';

function recordOf(dataset: string): DatasetRecord {
  return { dataset: parseEjsonDoc(dataset), runs: [], views: [] };
}

function merged(base: string, ours: string, theirs: string): { dataset: string; left: readonly string[] } {
  const { record, left } = mergeRecords(recordOf(base), recordOf(ours), recordOf(theirs));
  return { dataset: toEjson(record.dataset as Doc).replace(/\{"\$numberInt":"(\d)"\}/g, '$1'), left };
}

/** Small documents with few keys, so that the same ones meet. */
const value = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 3 }, fc.constantFrom(null, true, 'x', 'y'), tie('doc'), tie('list'), tie('named')),
  doc: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'name', '_id'), tie('any'), { maxKeys: 4 }),
  list: fc.array(fc.constantFrom('x', 'y', null), { maxLength: 3 }),
  named: fc
    .uniqueArray(fc.constantFrom('p', 'q', 'r'), { maxLength: 3 })
    .map((names) => names.map((name) => ({ name, v: names.length }))),
}));

const dataset = (value.doc as fc.Arbitrary<object>).map((doc) => JSON.stringify(doc));

test('where nobody changed anything, the result is what was kept, byte for byte', () => {
  fc.assert(
    fc.property(dataset, dataset, (base, theirs) => {
      const { record, left } = mergeRecords(recordOf(base), recordOf(base), recordOf(theirs));
      expect(Buffer.compare(encode(record.dataset), encode(recordOf(theirs).dataset))).toBe(0);
      expect(left).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

test('where the attic has nothing else, the result is what is there', () => {
  fc.assert(
    fc.property(dataset, dataset, (base, ours) => {
      const { record, left } = mergeRecords(recordOf(base), recordOf(ours), recordOf(base));
      expect(equal(record.dataset as Doc, recordOf(ours).dataset as Doc)).toBe(true);
      expect(left).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

test('no value that somebody changed is overwritten, and every place that is left out is named', () => {
  fc.assert(
    fc.property(dataset, dataset, dataset, (base, ours, theirs) => {
      const [b, o, t] = [base, ours, theirs].map((text) => recordOf(text).dataset) as [Doc, Doc, Doc];
      const { record, left } = mergeRecords(recordOf(base), recordOf(ours), recordOf(theirs));
      for (const [key, value] of o) {
        const isLeaf = typeof value !== 'object' || value === null;
        if (!isLeaf || equal(b.get(key) ?? null, value)) continue;
        expect(record.dataset.get(key)).toEqual(value);
        if (t.has(key) && !equal(t.get(key) ?? null, value) && !equal(t.get(key) ?? null, b.get(key) ?? null))
          expect(left).toContain(key);
      }
    }),
    { numRuns: 2000 },
  );
});

test('documents are merged by key, lists of named documents by name, other lists as a whole', () => {
  expect(merged('{"a":{}}', '{"a":{"o":1}}', '{"a":{"t":1}}')).toEqual({ dataset: '{"a":{"o":1,"t":1}}', left: [] });
  const named = (...names: string[]) => JSON.stringify({ fields: names.map((name) => ({ name })) });
  expect(merged(named('a'), named('a', 'new'), named('a', 'kept'))).toEqual({ dataset: named('a', 'new', 'kept'), left: [] });
  expect(merged('{"l":[1]}', '{"l":[2]}', '{"l":[3]}')).toEqual({ dataset: '{"l":[2]}', left: ['l'] });
});

test('keys are in the order that was kept, unless somebody changed the order', () => {
  expect(merged('{"a":1,"c":1}', '{"a":2,"c":1}', '{"b":1,"a":1,"c":1}').dataset).toBe('{"b":1,"a":2,"c":1}');
  expect(merged('{"a":1,"c":1}', '{"c":1,"a":1}', '{"a":1,"c":1,"b":1}').dataset).toBe('{"c":1,"b":1,"a":1}');
});

test('what clients change whenever they load a dataset is not worth a word', () => {
  expect(merged('{"last_loaded_at":1}', '{"last_loaded_at":2}', '{"last_loaded_at":3}').left).toEqual([]);
});

test('a run that nothing names any more is not put back', () => {
  const [dataset, run] = [new ObjectId(), new ObjectId()];
  const doc = (text: string) => parseEjsonDoc(text);
  const named = (id: string) => doc(`{"_id":{"$oid":"${dataset}"},"runs":{"r":${id}}}`);
  const base = { dataset: named('1'), runs: [], views: [] };
  const ours = { dataset: named('2'), runs: [], views: [] };
  const id = `{"$oid":"${run}"}`;
  const theirs = { dataset: named(id), runs: [doc(`{"_id":${id}}`)], views: [] };
  expect(mergeRecords(base, ours, theirs).record.runs).toEqual([]);
  expect(mergeRecords(base, base, theirs).record.runs).toHaveLength(1);
});
