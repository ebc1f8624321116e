import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { Doc, double, encode, int32, ObjectId, parseEjsonDoc, toEjson, type Value } from '../bson/index.js';
import { coerce, documentType, EmbeddedDocument } from '../fields/index.js';
import { Detection, Detections, GeoLocation, Label } from './labels.js';
import { readDocument, readValue } from './read-document.js';

const recorded = parseEjsonDoc(
  gunzipSync(await readFile(new URL('../../test/fixtures/added-samples.json.gz', import.meta.url))).toString('utf8'),
);

/** All documents with a class in recorded samples and frames. */
function* documents(value: Value): Generator<Doc> {
  if (Array.isArray(value)) for (const item of value) yield* documents(item);
  if (!(value instanceof Doc)) return;
  if (value.has('_cls')) yield value;
  for (const item of value.values()) yield* documents(item);
}

const stored = (document: unknown) =>
  coerce(documentType('fiftyone.core.odm.embedded_document.EmbeddedDocument', []), document, 'f') as Doc;

test('every document of the real client that is read and stored again keeps its bytes', () => {
  const found = [...recorded.values()].flatMap((dataset) =>
    ['samples', 'frames'].flatMap((key) => [...documents((dataset as Doc).get(key) ?? null)]),
  );
  expect(new Set(found.map((doc) => doc.get('_cls'))).size).toBeGreaterThan(25);
  for (const doc of found) {
    const document = readDocument(doc);
    expect(document).toBeInstanceOf(EmbeddedDocument);
    expect(Buffer.from(encode(stored(document)))).toEqual(Buffer.from(encode(doc)));
  }
});

const OLD = Doc.of(
  ['label', 'a'],
  ['_cls', 'Detection'],
  ['confidence', int32(1)],
  ['mask', null],
  ['index', double(1.5)],
  ['bounding_box', [double(0), null as Value]],
  ['note', double(2)],
  ['_ref', new ObjectId('6b0181a64e6b90806a793acf')],
);

test('what other releases wrote stays as well: types, order, missing and strange values', () => {
  const document = readDocument(OLD) as Detection;
  expect([document.label, document.confidence, document.index, document.note]).toEqual(['a', 1, 1.5, 2]);
  expect(String(document.ref)).toBe('6b0181a64e6b90806a793acf');
  expect(toEjson(stored(document))).toBe(toEjson(OLD));
});

test('only what was changed changes, also in place', () => {
  const document = readDocument(OLD) as Detection;
  document.confidence = 0.5;
  document.note = 3;
  (document.bounding_box as number[])[1] = 1;
  document.color = 'red';
  const expected = new Doc(OLD)
    .set('confidence', double(0.5))
    .set('note', int32(3))
    .set('bounding_box', [double(0), double(1)])
    .set('color', 'red');
  expect(toEjson(stored(document))).toBe(toEjson(expected));
  document.index = 1.25;
  expect(() => stored(document)).toThrow('1.25 is not an integer');
});

test('labels in a list are objects with their ids, and may be exchanged', () => {
  const list = new Detections({ detections: [new Detection({ label: 'a' }), new Detection({ label: 'a' })] });
  const read = readDocument(stored(list)) as Detections;
  expect(read.detections?.map((label) => label instanceof Label && label.id)).toEqual(list.detections?.map(({ id }) => id));
  const other = new Detection({ label: 'a' });
  read.detections = [other, ...(read.detections ?? []).slice(1)];
  expect(toEjson(stored(read))).toContain(other.id);
  expect(toEjson(stored(read))).not.toContain(list.detections?.[0]?.id);
});

test('places are coordinates, other classes and dicts stay what they are', () => {
  const geo = readDocument(stored(new GeoLocation({ point: [1.5, 2] }))) as GeoLocation;
  expect(geo.point).toEqual([1.5, 2]);
  const own = Doc.of(['_cls', 'MyClass'], ['a', int32(1)]);
  expect(readDocument(own)).toBe(own);
  expect(readValue(Doc.of(['a', [double(1)]]))).toEqual({ a: [1] });
});
