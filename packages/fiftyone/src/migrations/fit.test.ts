import { expect, test } from 'vitest';
import { clone, Doc, date, equal, ObjectId, type Value } from '../bson/index.js';
import { fitTo } from './fit.js';
import type { StepContext } from './revision.js';

const COLLECTION = 'samples.6b0182ed41390386c3639dc0';
const F = 'fiftyone.core.fields.';
const L = 'fiftyone.core.labels.';

function field(name: string, ftype: string, more: Record<string, Value> = {}): Doc {
  return Doc.of(
    ['name', name],
    ['ftype', `${F}${ftype}`],
    ['embedded_doc_type', null],
    ['subfield', null],
    ['db_field', name],
    ...Object.entries(more),
  );
}

function dataset(fields: Doc[], ...more: [string, Value][]): Doc {
  return Doc.of(
    ['_id', new ObjectId('6b0182ed41390386c3639dc0')],
    ['name', 'quickstart'],
    ['sample_collection_name', COLLECTION],
    ['media_type', 'image'],
    ['sample_fields', fields],
    ['frame_fields', []],
    ...more,
  );
}

const detections = () =>
  field('gt', 'EmbeddedDocumentField', {
    embedded_doc_type: `${L}Detections`,
    fields: [
      field('detections', 'ListField', {
        subfield: `${F}EmbeddedDocumentField`,
        embedded_doc_type: `${L}Detection`,
        fields: [
          field('label', 'StringField'),
          field('instance', 'EmbeddedDocumentField', { embedded_doc_type: `${L}Instance` }),
        ],
      }),
    ],
  });

function fitted(target: string, before: Doc): { after: Doc; warnings: string[] } {
  const after = clone(before);
  const warnings: string[] = [];
  const context = { warn: (message: string) => warnings.push(message) } as unknown as StepContext;
  fitTo(target).edit?.({ dataset: after, runs: [], views: [] }, context);
  return { after, warnings };
}

const record = (doc: Doc) => ({ dataset: doc, runs: [], views: [] });
const loses = (target: string, doc: Doc) => fitTo(target).loses?.(record(doc)) ?? [];
const bulk = (target: string, doc: Doc) => fitTo(target).bulk?.(record(doc), {} as StepContext) ?? [];
const fieldsOf = (doc: Doc) => (doc.get('sample_fields') as Doc[]).map((entry) => [entry.get('name'), entry.get('ftype')]);

test('keys that a strict release does not know are removed, the others keep their order', () => {
  const before = dataset(
    [field('filepath', 'StringField', { read_only: false })],
    ['workspaces', [new ObjectId()]],
    ['_media_roots', []],
    ['info', new Doc()],
    ['skeletons', Doc.of(['kp', Doc.of(['labels', null], ['colour', 'red'], ['edges', []])])],
  );
  const { after } = fitted('0.15.1', before);
  expect([...after.keys()]).toEqual([
    '_id',
    'name',
    'sample_collection_name',
    'media_type',
    'sample_fields',
    'frame_fields',
    'info',
    'skeletons',
  ]);
  expect(equal(after.get('sample_fields') as Value, [field('filepath', 'StringField')])).toBe(true);
  expect([...((after.get('skeletons') as Doc).get('kp') as Doc).keys()]).toEqual(['labels', 'edges']);
  expect(loses('0.15.1', before)).toEqual(['what release 0.15.1 has no place for: workspaces, colour of skeletons']);
});

test('keys that a release merely ignores stay', () => {
  const before = dataset([field('filepath', 'StringField', { read_only: true })], ['camera_intrinsics', Doc.of(['front', 'x'])]);
  for (const target of ['0.17.2', '0.19.1', '1.0.2']) {
    expect(equal(fitted(target, before).after, before)).toBe(true);
    expect(loses(target, before)).toEqual([]);
  }
});

test('settings of the App are strict in 0.17.2 only', () => {
  const before = dataset([], ['app_config', Doc.of(['media_fields', ['filepath']], ['media_fallback', true])]);
  expect(loses('0.17.2', before)).toEqual(['what release 0.17.2 has no place for: app_config.media_fallback']);
  expect([...(fitted('0.17.2', before).after.get('app_config') as Doc).keys()]).toEqual(['media_fields']);
  expect(loses('0.18.0', before)).toEqual([]);
});

test('runs within the dataset lose the keys that their release does not know', () => {
  const run = Doc.of(['key', 'eval'], ['config', new Doc()], ['results_meta', Doc.of(['a', 'b'])], ['version', '0.15.1']);
  const { after } = fitted('0.15.1', dataset([], ['evaluations', Doc.of(['eval', run])]));
  expect([...((after.get('evaluations') as Doc).get('eval') as Doc).keys()]).toEqual(['key', 'config', 'version']);
});

test('a target between two known releases keeps what the revisions between them give it', () => {
  const before = dataset([], ['slug', 'quickstart'], ['group_field', null], ['app_config', new Doc()], ['tags', []]);
  expect([...fitted('0.17.0', before).after.keys()].slice(6)).toEqual(['group_field', 'app_config', 'tags']);
  expect([...fitted('0.16.6', before).after.keys()].slice(6)).toEqual(['tags']);
  expect([...fitted('0.19.0', before).after.keys()].slice(6)).toEqual(['slug', 'group_field', 'app_config', 'tags']);
});

test('a class of fields that the release lacks gives way to one that reads the same values', () => {
  const before = dataset([
    field('colour', 'ColorField'),
    field('when', 'DateTimeField'),
    field('support', 'FrameSupportField', { subfield: `${F}IntField` }),
  ]);
  expect(fieldsOf(fitted('0.18.0', before).after)).toEqual([
    ['colour', `${F}StringField`],
    ['when', `${F}DateTimeField`],
    ['support', `${F}FrameSupportField`],
  ]);
  expect(fieldsOf(fitted('0.13.0', before).after)).toEqual([
    ['colour', `${F}StringField`],
    ['when', `${F}Field`],
    ['support', `${F}ListField`],
  ]);
  expect(loses('0.18.0', before)).toEqual([
    'classes of fields that release 0.18.0 lacks; their values stay: colour (ColorField, now StringField)',
  ]);
  expect(bulk('0.18.0', before).filter(({ summary }) => summary.startsWith('remove'))).toEqual([]);
});

test('labels of a class that the release lacks become dicts with the same values', () => {
  const before = dataset([
    field('event', 'EmbeddedDocumentField', { embedded_doc_type: `${L}TemporalDetection` }),
    field('values', 'ListField', { subfield: `${F}EmbeddedDocumentField`, embedded_doc_type: `${L}Regression` }),
  ]);
  const [event, values] = fitted('0.13.0', before).after.get('sample_fields') as [Doc, Doc];
  expect([event.get('ftype'), event.get('embedded_doc_type')]).toEqual([`${F}DictField`, null]);
  expect([values.get('ftype'), values.get('subfield')]).toEqual([`${F}ListField`, `${F}DictField`]);
});

test('all classes of a module go with it', () => {
  const type = 'fiftyone.core.camera.CameraIntrinsicsRef';
  const before = dataset([field('camera', 'EmbeddedDocumentField', { embedded_doc_type: type })]);
  expect(equal(fitted('1.13.0', before).after, before)).toBe(true);
  expect(fieldsOf(fitted('1.4.1', before).after)).toEqual([['camera', `${F}DictField`]]);
});

test('classes of users are left alone', () => {
  const before = dataset([field('camera', 'EmbeddedDocumentField', { embedded_doc_type: 'my.module.Camera' })]);
  expect(equal(fitted('0.8.0', before).after, before)).toBe(false);
  expect(fieldsOf(fitted('0.8.0', before).after)).toEqual([['camera', `${F}EmbeddedDocumentField`]]);
});

test('an embedded field of a class that the release lacks leaves the schema, and its values the samples', () => {
  const before = dataset([detections()]);
  const [labels] = fitted('1.0.2', before).after.get('sample_fields') as [Doc];
  const [list] = labels.get('fields') as [Doc];
  expect((list.get('fields') as Doc[]).map((entry) => entry.get('name'))).toEqual(['label']);
  expect(loses('1.0.2', before)).toEqual([
    'fields of classes that release 1.0.2 lacks, with their values: gt.detections.instance (Instance)',
  ]);
  expect(bulk('1.0.2', before)[0]).toMatchObject({
    collection: COLLECTION,
    filter: { $or: [{ 'gt.detections.instance': { $exists: true } }] },
    update: [{ $unset: ['gt.detections.instance'] }],
  });
  expect(equal(fitted('1.5.0', before).after, before)).toBe(true);
  expect(bulk('1.5.0', before)).toEqual([]);
});

test('instances are looked for in all labels, because the schema need not name them', () => {
  const kp = field('kp', 'EmbeddedDocumentField', { embedded_doc_type: `${L}Keypoint` });
  const filters = (target: string) => bulk(target, dataset([kp])).map(({ kind, ...edit }) => 'filter' in edit && edit.filter);
  expect(filters('0.25.2')).toEqual([{ $or: [{ 'kp.instance._cls': 'Instance' }] }]);
  expect(filters('0.14.3')[0]).toEqual({
    $or: [{ 'kp.instance._cls': 'Instance' }, { 'kp.confidence': { $type: 'array' } }],
  });
});

test('the dates that every newer dataset has leave the samples of releases without dates, a date of the user stays', () => {
  const both = dataset([field('created_at', 'DateTimeField'), field('last_modified_at', 'DateTimeField')]);
  expect(fieldsOf(fitted('0.13.0', both).after)).toEqual([]);
  expect(bulk('0.13.0', both)[0]).toMatchObject({ update: [{ $unset: ['created_at', 'last_modified_at'] }] });
  const own = dataset([field('created_at', 'DateTimeField')]);
  expect(fieldsOf(fitted('0.13.0', own).after)).toEqual([['created_at', `${F}Field`]]);
  expect(fieldsOf(fitted('0.14.3', both).after)).toHaveLength(2);
});

test('ids get the name of their field where a field cannot be stored under another name', () => {
  const before = dataset([field('sample_id', 'ObjectIdField', { db_field: '_sample_id' })]);
  const renames = (target: string) => bulk(target, before).filter(({ summary }) => summary.startsWith('rename'));
  expect(renames('0.8.0')).toMatchObject([{ update: { $rename: { _sample_id: 'sample_id' } } }]);
  expect(renames('0.9.4')).toEqual([]);
});

test('the frames of clips are left to the dataset that they belong to', () => {
  const frames = dataset([], ['frame_collection_name', 'frames.samples.6b0182fa41390386c3639eaa']);
  frames.set('frame_fields', [detections()]);
  expect(bulk('1.0.2', frames)).toEqual([]);
  frames.set('frame_collection_name', `frames.${COLLECTION}`);
  expect(bulk('1.0.2', frames).map(({ collection }) => collection)).toEqual([`frames.${COLLECTION}`, `frames.${COLLECTION}`]);
});

test('mask targets of colours are removed for releases that know only numbers', () => {
  const targets = Doc.of(['seg', Doc.of(['1', 'cat'])], ['rgb', Doc.of(['#ff6d04', 'thing'])]);
  const before = dataset([], ['mask_targets', targets], ['default_mask_targets', Doc.of(['0', 'bg'], ['#000000', 'bg'])]);
  const { after } = fitted('0.18.0', before);
  expect(after.get('mask_targets')).toEqual(Doc.of(['seg', Doc.of(['1', 'cat'])]));
  expect(after.get('default_mask_targets')).toEqual(Doc.of(['0', 'bg']));
  expect(loses('0.18.0', before)[0]).toContain('default_mask_targets.#000000, mask_targets.rgb.#ff6d04');
  expect(equal(fitted('0.19.1', before).after, before)).toBe(true);
});

test('fitting twice gives the same as fitting once', () => {
  const before = dataset(
    [detections(), field('when', 'DateTimeField', { created_at: date(0), read_only: true })],
    ['workspaces', []],
    ['mask_targets', Doc.of(['rgb', Doc.of(['#ff6d04', 'thing'])])],
  );
  for (const target of [
    '0.6.2',
    '0.7.3',
    '0.8.0',
    '0.9.4',
    '0.13.0',
    '0.14.3',
    '0.15.1',
    '0.16.0',
    '0.17.2',
    '0.18.0',
    '1.0.2',
  ]) {
    const { after } = fitted(target, before);
    expect(equal(fitted(target, after).after, after)).toBe(true);
    expect(loses(target, after)).toEqual([]);
  }
});

test('a group cannot go to a release without groups; other unknown media types can, with a warning', () => {
  const of = (mediaType: string) => new Doc([...dataset([]), ['media_type', mediaType]]);
  expect(fitTo('0.16.0').blocked?.(record(of('group')))).toBe('release 0.16.0 does not know groups');
  expect(fitTo('0.17.0').blocked?.(record(of('group')))).toBeUndefined();
  expect(fitTo('0.19.1').blocked?.(record(of('3d')))).toBeUndefined();
  expect(fitted('0.19.1', of('3d')).warnings).toHaveLength(1);
  expect(fitted('1.22.1', of('3d')).warnings).toEqual([]);
});
