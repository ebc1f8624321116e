import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { binary, Doc, double, int32, int64, ObjectId, Scalar, toEjson, type Value } from '../bson/index.js';
import {
  Attribute,
  Classification,
  Detection,
  Detections,
  DynamicEmbeddedDocument,
  Heatmap,
  Instance,
  Keypoint,
  NumericAttribute,
} from '../samples/labels.js';
import {
  coerce,
  expandSchema,
  fieldAt,
  fieldDoc,
  inferType,
  makeField,
  NdArray,
  packArray,
  readField,
  readFields,
  simpleType,
  storedPath,
  typeText,
  unpackArray,
} from './index.js';

const typeOf = (values: unknown[], dynamic = false) => {
  const type = inferType(values, 'f', { dynamic });
  return type && typeText(type);
};

test.each<[string, unknown[], string | undefined]>([
  ['integers', [null, 1, 2n], 'IntField'],
  ['integers and other numbers', [1, 2, 3.5], 'FloatField'],
  ['NaN', [Number.NaN], 'FloatField'],
  ['minus zero', [-0], 'FloatField'],
  ['numbers beyond what is exact', [2 ** 60], 'FloatField'],
  ['nothing but null', [null, undefined], undefined],
  ['text', ['a'], 'StringField'],
  ['dates', [new Date(0)], 'DateTimeField'],
  ['ids', [new ObjectId()], 'ObjectIdField'],
  ['BSON numbers', [double(1)], 'FloatField'],
  ['lists of integers and of other numbers', [[1, 2], [], [1.5]], 'ListField(FloatField)'],
  ['empty lists', [[], []], 'ListField'],
  ['lists with nulls', [[1], [null]], 'ListField'],
  ['lists of different things', [[1], ['a']], 'ListField'],
  ['lists of lists', [[[1]]], 'ListField'],
  ['objects', [{ a: 1 }, new Map(), new Doc()], 'DictField'],
  ['typed arrays', [new Float32Array(3)], 'VectorField'],
  ['arrays of two dimensions', [new NdArray(new Uint8Array(4), [2, 2])], 'ArrayField'],
  ['labels', [new Detection()], 'EmbeddedDocumentField(Detection)'],
  ['lists of labels', [[], [new Detection()]], 'ListField(EmbeddedDocumentField(Detection))'],
  [
    'lists of different labels',
    [[new Detection(), new Classification()]],
    'ListField(EmbeddedDocumentField(DynamicEmbeddedDocument))',
  ],
])('%s make one type', (_, values, expected) => {
  expect(typeOf(values)).toBe(expected);
});

test('values that no field holds together are refused, whichever comes first', () => {
  expect(() => typeOf(['a', 1])).toThrow(
    "Invalid value for field 'f'. Reason: Cannot infer one field type for values of StringField",
  );
  expect(() => typeOf([1, 'a'])).toThrow('IntField and StringField');
  expect(() => typeOf([new Detection(), new Classification()])).toThrow('Detection');
  expect(() => typeOf([() => 1])).toThrow('Cannot infer');
});

test('other attributes are declared when asked for, except those that have nothing in common', () => {
  const values = [
    new Detections({ detections: [new Detection({ n: 1, s: 'a', bad: 1, none: null }), new Detection({ n: 1.5, bad: 'x' })] }),
    new Detections({ detections: [new Detection({ instance: new Instance(), list: [[1]] })] }),
  ];
  const names = (dynamic: boolean) =>
    (inferType(values, 'f', { dynamic })?.fields[0]?.fields ?? []).map((field) => `${field.name}:${typeText(field)}`);
  const own = [
    'id:ObjectIdField',
    'tags:ListField(StringField)',
    'attributes:DictField(EmbeddedDocumentField(Attribute))',
    'label:StringField',
    'bounding_box:ListField(FloatField)',
    'mask:ArrayField',
    'mask_path:StringField',
    'confidence:FloatField',
    'index:IntField',
  ];
  expect(names(false)).toEqual(own);
  expect(names(true)).toEqual([
    ...own,
    'n:FloatField',
    's:StringField',
    'instance:EmbeddedDocumentField(Instance)',
    'list:ListField',
  ]);
});

describe('coercion', () => {
  const stored = (ftype: string, value: unknown, subfield: string | null = null) =>
    toEjson(coerce(simpleType(ftype, subfield), value, 'f'));
  test.each<[string, unknown, string]>([
    ['FloatField', 1, '{"$numberDouble":"1.0"}'],
    ['FloatField', -0, '{"$numberDouble":"-0.0"}'],
    ['FloatField', Number.NaN, '{"$numberDouble":"NaN"}'],
    ['FloatField', int32(7), '{"$numberDouble":"7.0"}'],
    ['FloatField', '1.5', '{"$numberDouble":"1.5"}'],
    ['IntField', 1, '{"$numberInt":"1"}'],
    ['IntField', 2 ** 31, '{"$numberLong":"2147483648"}'],
    ['IntField', -(2n ** 63n), '{"$numberLong":"-9223372036854775808"}'],
    ['IntField', int64(1n), '{"$numberLong":"1"}'],
    ['IntField', true, '{"$numberInt":"1"}'],
    ['IntField', '12', '{"$numberInt":"12"}'],
    ['DateField', new Date(Date.UTC(1969, 1, 3)), '{"$date":{"$numberLong":"-28684800000"}}'],
    ['DateTimeField', new Date(1), '{"$date":{"$numberLong":"1"}}'],
    ['ObjectIdField', '6b0181a64e6b90806a793acf', '{"$oid":"6b0181a64e6b90806a793acf"}'],
    ['ListField', [1, 'a', null, [1.5]], '[{"$numberInt":"1"},"a",null,[{"$numberDouble":"1.5"}]]'],
    ['DictField', { b: 1, a: { c: [null] } }, '{"b":{"$numberInt":"1"},"a":{"c":[null]}}'],
    ['FrameSupportField', [1, 3], '[{"$numberInt":"1"},{"$numberInt":"3"}]'],
    ['KeypointsField', [[0, 0.5]], '[[{"$numberDouble":"0.0"},{"$numberDouble":"0.5"}]]'],
    ['GeoPointField', [1, 2], '{"type":"Point","coordinates":[{"$numberDouble":"1.0"},{"$numberDouble":"2.0"}]}'],
    ['SomeOtherField', 1, '{"$numberInt":"1"}'],
    ['StringField', null, 'null'],
  ])('of %s', (ftype, value, expected) => {
    expect(stored(ftype, value)).toBe(expected);
  });

  test.each<[string, unknown, string]>([
    ['IntField', 1.5, '1.5 is not an integer'],
    ['IntField', Number.NaN, 'NaN is not an integer'],
    ['IntField', 2 ** 53, 'bigint'],
    ['IntField', 2n ** 63n, 'does not fit into 64 bits'],
    ['IntField', 'a', "'a' could not be converted to int"],
    ['IntField', double(1.5), '1.5 is not an integer'],
    ['FloatField', 'a', "'a' could not be converted to float"],
    ['FloatField', '', 'could not be converted to float'],
    ['FloatField', 2n ** 53n + 1n, 'could not be converted to float'],
    ['StringField', 1, 'StringField only accepts string values, not 1'],
    ['StringField', '\ud83d', 'half a surrogate pair'],
    ['BooleanField', 1, 'BooleanField only accepts boolean values'],
    ['DateField', new Date(1), 'not the beginning of a day in UTC'],
    ['DateTimeField', '2024-01-01', 'Date fields must have dates'],
    ['DateTimeField', new Date(Number.NaN), 'an invalid date'],
    ['ObjectIdField', 'abc', 'not an ObjectId'],
    ['ListField', 'abc', 'Only lists and tuples'],
    ['DictField', [1], 'Only dictionaries'],
    ['DictField', { $a: 1 }, 'cannot be a key'],
    ['VectorField', new NdArray(new Uint8Array(4), [2, 2]), 'one dimension'],
    ['ArrayField', 'x', 'only accepts arrays of numbers'],
    ['FrameSupportField', [0, 1], 'Frame numbers must be 1-based integers; found 0'],
    ['GeoPointField', [1], 'not a list of coordinates'],
    ['SomeOtherField', () => 1, 'cannot be stored'],
  ])('of %s refuses what would be lost', (ftype, value, reason) => {
    expect(() => stored(ftype, value)).toThrow(reason);
  });

  test('names the place in lists and documents', () => {
    const type = inferType([new Detections({ detections: [new Detection()] })], 'gt');
    const value = new Detections({ detections: [new Detection(), new Detection({ bounding_box: [0, 0, 'x' as never, 1] })] });
    expect(() => coerce(type as never, value, 'gt')).toThrow("field 'gt.detections[1].bounding_box[2]'");
    expect(() => stored('ListField', ['a', null], 'StringField')).toThrow("field 'f[1]'");
  });
});

test('labels are stored in the order of the real client, with what it stores when nothing is given', () => {
  const text = (value: unknown) => {
    const doc = coerce({ ftype: 'EmbeddedDocumentField', subfield: null, embeddedDocType: null, fields: [] }, value, 'f');
    return toEjson(doc).replace(/\{"\$oid":"\w+"\}/g, 'id');
  };
  expect(text(new Detection({ note: null, label: 'a', eval_id: new ObjectId() }))).toBe(
    '{"_id":id,"_cls":"Detection","attributes":{},"tags":[],"label":"a","bounding_box":[],"note":null,"_eval_id":id}',
  );
  expect(text(new Keypoint({ attributes: { w: new NumericAttribute({ value: 3 }) } }))).toBe(
    '{"_id":id,"_cls":"Keypoint","attributes":{"w":{"_cls":"NumericAttribute","value":{"$numberDouble":"3.0"}}},"tags":[],"points":[],"confidence":null}',
  );
  expect(text(new Heatmap())).toBe('{"_id":id,"_cls":"Heatmap","tags":[],"range":null}');
  expect(text(new DynamicEmbeddedDocument({ a: 1, b: new Attribute({ value: 'x' }) }))).toBe(
    '{"_cls":"DynamicEmbeddedDocument","a":{"$numberInt":"1"},"b":{"_cls":"Attribute","value":"x"}}',
  );
});

test('a label keeps its id and knows it', () => {
  const label = new Detection({ id: '6b0181a64e6b90806a793acf' });
  expect(label.id).toBe('6b0181a64e6b90806a793acf');
  expect(new Detection().id).toMatch(/^[0-9a-f]{24}$/);
  expect(() => new Detection({ id: 'x' })).toThrow("'x' is not an id");
});

describe('arrays', () => {
  test.each<[NdArray]>([
    [new NdArray(Float64Array.of(1, -0, Number.NaN))],
    [new NdArray(Uint8Array.of(0, 1, 1, 0), [2, 2], '|b1')],
    [new NdArray(BigInt64Array.of(2n ** 60n), [1, 1, 1])],
    [new NdArray(new Float32Array(), [0])],
    [new NdArray(Uint16Array.of(0x3c00), [1], '<f2')],
  ])('come back as they were', (array) => {
    expect(unpackArray(packArray(array))).toEqual(array);
  });

  test('of numpy are read', () => {
    const head = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }".padEnd(117);
    const bytes = Buffer.concat([
      Buffer.from('\x93NUMPY\x01\x00v\x00', 'latin1'),
      Buffer.from(`${head}\n`),
      Buffer.from(Float64Array.of(1, 2).buffer),
    ]);
    expect(unpackArray(binary(deflateSync(bytes)))).toEqual(new NdArray(Float64Array.of(1, 2)));
    expect(unpackArray(binary(Buffer.from('abc')))).toBeUndefined();
    expect(unpackArray(new Scalar(5, Buffer.alloc(5)))).toBeUndefined();
  });

  test('have as many elements as their shape says', () => {
    expect(() => new NdArray(new Uint8Array(3), [2, 2])).toThrow('has 4 elements, not 3');
  });
});

describe('a schema', () => {
  const now = int32(1);
  const type = inferType([new Detections()], 'gt');
  const schema = (declarations: Parameters<typeof expandSchema>[1], list: readonly Value[] = []) =>
    expandSchema(list, declarations, now);

  test('has entries with the keys of the real client', () => {
    expect(toEjson(fieldDoc(makeField('oid', simpleType('ObjectIdField'), now)))).toBe(
      '{"name":"oid","ftype":"fiftyone.core.fields.ObjectIdField","embedded_doc_type":null,"subfield":null,"fields":[],' +
        '"db_field":"_oid","description":null,"info":null,"read_only":false,"created_at":{"$numberInt":"1"}}',
    );
    const field = makeField('gt', type as never, now);
    expect(readField(fieldDoc(field))).toEqual(field);
  });

  test('finds fields by their path, and where they are stored', () => {
    const fields = readFields(schema([{ path: 'gt', type: type as never }]) as Value[]);
    expect(fieldAt(fields, 'gt.detections.label')?.ftype).toBe('StringField');
    expect(fieldAt(fields, 'gt.detections.nope')).toBeUndefined();
    expect(storedPath(fields, 'gt.detections.id')).toBe('gt.detections._id');
    expect(storedPath(fields, 'gt.detections.nope.id')).toBe('gt.detections.nope.id');
  });

  test('grows without touching what it has', () => {
    const before = schema([{ path: 'gt', type: type as never }]);
    (before[0] as Doc).set('later key', 'kept');
    const after = schema([{ path: 'gt.detections.color', type: simpleType('StringField') }], before);
    expect(fieldAt(readFields(after as Value[]), 'gt.detections.color')?.createdAt).toEqual(now);
    expect((after[0] as Doc).get('later key')).toBe('kept');
    expect(schema([{ path: 'gt', type: type as never }], after)).toBe(after);
  });

  test('refuses what it cannot hold', () => {
    const before = schema([{ path: 'n', type: simpleType('IntField') }]);
    expect(() => schema([{ path: 'n', type: simpleType('StringField') }], before)).toThrow(
      "Field 'n' exists as IntField: it cannot be declared as StringField",
    );
    expect(() => schema([{ path: 'gt.detections.x', type: simpleType('IntField') }])).toThrow("there is no field 'gt'");
    for (const name of ['_x', '$x', 'a$', '', 'a\0']) {
      expect(() => schema([{ path: name, type: simpleType('IntField') }])).toThrow('Invalid field name');
    }
  });
});
