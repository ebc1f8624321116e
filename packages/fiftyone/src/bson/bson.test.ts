import { Decimal128, serialize } from 'bson';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  clone,
  Doc,
  decode,
  double,
  encode,
  equal,
  int64,
  ObjectId,
  parseEjsonDoc,
  Scalar,
  toEjson,
  type Value,
} from './index.js';

const bytes = (...parts: (string | number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)));

/** A document of one element, given as its BSON bytes. */
function element(type: number, payload: Uint8Array, key = 'v'): Uint8Array {
  const body = Buffer.concat([Buffer.from([type]), Buffer.from(`${key}\0`), payload, Buffer.from([0])]);
  const size = Buffer.alloc(4);
  size.writeInt32LE(body.length + 4);
  return Buffer.concat([size, body]);
}

test.each([
  ['a signalling NaN', 0x01, bytes([1, 0, 0, 0, 0, 0, 0xf0, 0x7f])],
  ['minus zero', 0x01, bytes([0, 0, 0, 0, 0, 0, 0, 0x80])],
  ['a string that is not UTF-8', 0x02, bytes([3, 0, 0, 0, 0xff, 0xfe, 0])],
  ['a small int64', 0x12, bytes([1, 0, 0, 0, 0, 0, 0, 0])],
  ['a date after the year 9999', 0x09, bytes([0, 0, 0, 0, 0, 0, 1, 1])],
  ['an old binary', 0x05, bytes([7, 0, 0, 0, 2, 3, 0, 0, 0, 1, 2, 3])],
  ['undefined', 0x06, bytes()],
  ['a regular expression with unsorted options', 0x0b, bytes('a+\0xi\0')],
  ['a DBPointer', 0x0c, bytes([2, 0, 0, 0], 'c\0', '123456789012')],
  ['code', 0x0d, bytes([2, 0, 0, 0], 'x\0')],
  ['a symbol', 0x0e, bytes([2, 0, 0, 0], 's\0')],
  ['code with scope', 0x0f, bytes([15, 0, 0, 0, 2, 0, 0, 0], 'x\0', [5, 0, 0, 0, 0])],
  ['a timestamp', 0x11, bytes([1, 2, 3, 4, 5, 6, 7, 8])],
  ['the smallest key', 0xff, bytes()],
  ['a decimal', 0x13, Decimal128.fromString('1.10').bytes],
])('%s keeps its bytes', (_, type, payload) => {
  const stored = element(type, payload);
  expect(Buffer.from(encode(decode(stored)))).toEqual(Buffer.from(stored));
});

test('keys keep their order, also integer-like, dotted, empty and special ones', () => {
  const text = '{"b":null,"10":null,"2":null,"__proto__":{"":null,"a.b":null,"$x":null},"constructor":[]}';
  expect(toEjson(decode(encode(parseEjsonDoc(text))))).toBe(text);
});

test('setting a key again keeps its place, deleting and setting moves it to the end', () => {
  const doc = Doc.of(['a', null], ['b', null]);
  doc.set('a', true);
  expect([...doc.keys()]).toEqual(['a', 'b']);
  doc.delete('a');
  doc.set('a', true);
  expect([...doc.keys()]).toEqual(['b', 'a']);
});

test('a repeated key keeps its first place and its last value', () => {
  const twice = Buffer.concat([element(0x08, bytes([0]), 'a').subarray(4, -1), element(0x0a, bytes(), 'b').subarray(4, -1)]);
  const body = Buffer.concat([twice, element(0x08, bytes([1]), 'a').subarray(4)]);
  const size = Buffer.alloc(4);
  size.writeInt32LE(body.length + 4);
  expect(toEjson(decode(Buffer.concat([size, body])))).toBe('{"a":true,"b":null}');
});

test('broken bytes are refused', () => {
  const good = encode(parseEjsonDoc('{"a":"text","b":{"c":[true,null]}}'));
  for (let cut = 0; cut < good.length; cut++) expect(() => decode(good.slice(0, cut))).toThrow(RangeError);
  expect(() => decode(element(0x42, bytes([1, 2, 3])))).toThrow('unknown BSON type');
  expect(() => encode(Doc.of(['a\0b', null]))).toThrow('NUL');
});

test('a copy is equal and shares nothing that can be changed', () => {
  const doc = parseEjsonDoc('{"a":[{"b":{"$numberInt":"1"}}]}');
  const copy = clone(doc);
  expect(equal(doc, copy)).toBe(true);
  ((copy.get('a') as Value[])[0] as Doc).set('b', null);
  expect(equal(doc, copy)).toBe(false);
});

test('numbers of different width are not equal', () => {
  expect(equal(int64(1n), double(1))).toBe(false);
  expect(equal(int64(1n), int64(1n))).toBe(true);
});

const leaf: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.string({ unit: 'grapheme' }),
  fc.uint8Array({ minLength: 12, maxLength: 12 }).map((id) => new ObjectId(id)),
  fc.double().map(double),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(int64),
);
const { doc: document } = fc.letrec<{ value: Value; doc: Doc }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, leaf, tie('doc'), fc.array(tie('value'), { maxLength: 4 })) as fc.Arbitrary<Value>,
  doc: fc
    .array(
      fc.tuple(
        fc.string().filter((key) => !key.includes('\0')),
        tie('value'),
      ),
      { maxLength: 5 },
    )
    .map((pairs) => new Doc(pairs)),
}));

test('whatever is encoded comes back, as BSON and as Extended JSON', () => {
  fc.assert(
    fc.property(document, (doc) => {
      expect(equal(decode(encode(doc)), doc)).toBe(true);
      if (!/"\$/.test(toEjson(Doc.of(['keys', [...keysOf(doc)]]))))
        expect(toEjson(parseEjsonDoc(toEjson(doc)))).toBe(toEjson(doc));
    }),
    { numRuns: 1000 },
  );
}, 60_000);

function* keysOf(value: Value): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* keysOf(item);
  if (value instanceof Doc)
    for (const [key, item] of value) {
      yield key;
      yield* keysOf(item);
    }
}

test("the bytes are those of the driver's own serializer", () => {
  const plain = { a: 1.5, b: 'ünï😀', c: [true, null, { d: new ObjectId('6b0181a64e6b90806a793acf') }], e: {} };
  const doc = decode(serialize(plain));
  expect(Buffer.from(encode(doc))).toEqual(Buffer.from(serialize(plain)));
  expect(doc.get('a')).toBeInstanceOf(Scalar);
});
