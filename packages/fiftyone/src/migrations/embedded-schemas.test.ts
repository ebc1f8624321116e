import { expect, test } from 'vitest';
import { Doc, parseEjsonDoc, type Value } from '../bson/index.js';
import { type Classes, lostSchemas, removeEmbeddedSchemas, setEmbeddedSchemas } from './embedded-schemas.js';

const EMBEDDED = 'fiftyone.core.fields.EmbeddedDocumentField';
const LABELS = 'fiftyone.core.labels.';

function field(name: string, embeddedDocType: Value): Doc {
  return Doc.of(['name', name], ['ftype', EMBEDDED], ['embedded_doc_type', embeddedDocType]);
}

function dataset(fields: Doc[], collection: Value = 'samples.a'): Doc {
  return Doc.of(['sample_collection_name', collection], ['sample_fields', fields]);
}

function warningsOf(doc: Doc, classes: Classes = 'labels and lists'): string[] {
  const warnings: string[] = [];
  setEmbeddedSchemas(doc, classes, (message) => warnings.push(message));
  return warnings;
}

const fieldsOf = (doc: Doc): Doc[] => doc.get('fields') as Doc[];
const ftypes = (fields: Doc[]) => new Map(fields.map((entry) => [entry.get('name'), entry.get('ftype')]));

test('the points of keypoints are declared as keypoints, those of polylines as polylines', () => {
  const fields = [field('a', `${LABELS}Keypoint`), field('b', `${LABELS}Keypoints`), field('c', `${LABELS}Polylines`)];
  expect(warningsOf(dataset(fields))).toEqual([]);
  const [keypoint, keypoints, polylines] = fields as [Doc, Doc, Doc];
  const items = (list: Doc) => fieldsOf(fieldsOf(list)[0] as Doc);
  expect(ftypes(fieldsOf(keypoint)).get('points')).toBe('fiftyone.core.fields.KeypointsField');
  expect(ftypes(items(keypoints)).get('points')).toBe('fiftyone.core.fields.KeypointsField');
  expect(ftypes(items(polylines)).get('points')).toBe('fiftyone.core.fields.PolylinePointsField');
});

test('a class named like a property of objects has no default schema', () => {
  const fields = [field('a', '__proto__'), field('b', 'constructor')];
  expect(warningsOf(dataset(fields))).toEqual([]);
  expect(fields.map(fieldsOf)).toEqual([[], []]);
});

test.each([
  [null, 'name must be an instance of str'],
  ['', 'collection names cannot be empty'],
])('without a usable collection name (%j) no schema is set, and a warning says so', (collection, problem) => {
  const gt = field('gt', `${LABELS}Detection`);
  const prefix = `Failed to infer schema of sample field 'gt' of type '${LABELS}Detection'`;
  expect(warningsOf(dataset([gt], collection), 'labels')).toEqual([`${prefix}: ${problem}`]);
  expect(fieldsOf(gt)).toEqual([]);
});

test('embedded fields that default schemas lack are lost, those that they have are not', () => {
  const doc = parseEjsonDoc(`{"sample_collection_name": "samples.a", "sample_fields": [{"name": "pred", "ftype": "${EMBEDDED}",
    "embedded_doc_type": "${LABELS}Detections", "fields": [{"name": "detections", "fields": [{"name": "label"}, {"name": "iscrowd"}, {"name": "color"}]}]}]}`);
  expect(lostSchemas(doc, 'labels and lists')).toEqual(['2 embedded field schemas: pred.detections (iscrowd, color)']);
});

test('a metadata class of the user is lost', () => {
  expect(lostSchemas(dataset([field('metadata', 'my.Metadata')]), 'labels')).toEqual([
    'the class of field metadata: my.Metadata',
  ]);
});

test('looking for losses changes nothing', () => {
  const gt = field('gt', `${LABELS}Detection`);
  lostSchemas(dataset([gt]), 'labels and lists');
  expect(gt.has('fields')).toBe(false);
});

test('default schemas come back the same after they were removed', () => {
  const doc = dataset([field('metadata', 'fiftyone.core.metadata.Metadata'), field('gt', `${LABELS}Classifications`)]);
  warningsOf(doc);
  expect(lostSchemas(doc, 'labels and lists')).toEqual([]);
  removeEmbeddedSchemas(doc);
  expect(fieldsOf((doc.get('sample_fields') as Doc[])[1] as Doc)).toBeUndefined();
});
