import { expect, test } from 'vitest';
import { Doc, double, int32, toEjson } from '../../bson/index.js';
import { shaped } from './document-shape.js';
import { DATASET } from './metadata-shape.js';

test('a document of any age gets all keys of today, in their order', () => {
  const doc = shaped(Doc.of(['media_type', 'image'], ['slug', null], ['name', 'a'], ['frame_collection_name', null]), DATASET);
  expect([...doc.keys()].slice(0, 7)).toEqual([
    'name',
    'version',
    'created_at',
    'last_modified_at',
    'last_deletion_at',
    'last_loaded_at',
    'persistent',
  ]);
  expect(doc.get('version')).toBeNull();
  expect(doc.has('slug')).toBe(false);
  expect(doc.has('frame_collection_name')).toBe(false);
  expect(doc.get('label_schemas')).toEqual(new Doc());
});

test('fields within fields get their keys, and unknown keys stay behind the others', () => {
  const inner = Doc.of(['later', int32(1)], ['name', 'b'], ['created_at', null]);
  const outer = Doc.of(['_cls', 'SampleFieldDocument'], ['fields', [inner]], ['name', 'a'], ['read_only', true]);
  const doc = shaped(Doc.of(['unknown', double(1)], ['sample_fields', [outer]]), DATASET);
  const [field] = doc.get('sample_fields') as Doc[];
  expect([...(field as Doc).keys()].slice(0, 4)).toEqual(['name', 'embedded_doc_type', 'subfield', 'fields']);
  expect((field as Doc).get('read_only')).toBe(true);
  expect((field as Doc).has('_cls')).toBe(false);
  const [nested] = (field as Doc).get('fields') as Doc[];
  expect([...(nested as Doc).keys()].at(-1)).toBe('later');
  expect([...doc.keys()].at(-1)).toBe('unknown');
});

test('the dictionary of skeletons is one of documents, others stay as they are', () => {
  const skeletons = Doc.of(['kp', Doc.of(['edges', []])], ['labels', Doc.of(['labels', ['a']])]);
  const doc = shaped(Doc.of(['skeletons', skeletons], ['info', Doc.of(['b', null], ['a', null])]), DATASET);
  expect(toEjson(doc.get('skeletons') as Doc)).toBe('{"kp":{"labels":null,"edges":[]},"labels":{"labels":["a"],"edges":[]}}');
  expect([...(doc.get('info') as Doc).keys()]).toEqual(['b', 'a']);
});
