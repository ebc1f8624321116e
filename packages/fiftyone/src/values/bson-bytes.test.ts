import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Doc, date, double, encode, equal, int32, int64, ObjectId, Scalar, type Value } from '../bson/index.js';
import { BsonBytes, keyBytes } from './bson-bytes.js';

const leaf: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ maxLength: 60 }),
  fc.uint8Array({ minLength: 12, maxLength: 12 }).map((id) => new ObjectId(id)),
  fc.double().map(double),
  fc.integer().map(int32),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(int64),
  fc.integer().map(date),
  fc.uint8Array({ maxLength: 9 }).map((data) => new Scalar(5, Buffer.from([data.length, 0, 0, 0, 0, ...data]))),
  fc.constant(new Scalar(0x0b, Buffer.from('a+\0im\0'))),
  fc.constant(new Scalar(0x13, new Uint8Array(16))),
  fc.constant(new Scalar(0x02, Uint8Array.of(3, 0, 0, 0, 0xff, 0xfe, 0))),
);
const { doc: document } = fc.letrec<{ value: Value; doc: Doc }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, leaf, tie('doc'), fc.array(tie('value'), { maxLength: 14 })) as fc.Arbitrary<Value>,
  doc: fc
    .dictionary(
      fc.string().filter((key) => !key.includes('\0')),
      tie('value'),
      { maxKeys: 6 },
    )
    .map((entries) => new Doc(Object.entries(entries))),
}));

test('whatever is in a document is found, and is what it was', () => {
  fc.assert(
    fc.property(document, (doc) => {
      const bytes = new BsonBytes(Buffer.from(encode(doc)));
      for (const [key, value] of doc) {
        expect(bytes.find(0, keyBytes(key))).toBe(true);
        expect(equal(bytes.value(bytes.type, bytes.at), value)).toBe(true);
      }
      expect(bytes.find(0, keyBytes('not there, whatever the seed'))).toBe(false);
    }),
    { numRuns: 1000 },
  );
}, 60_000);

test('lists of doubles are read at once, others are not', () => {
  for (const items of [[], [1], [1, 2], [0.5, -0, 3], [1, 2, 3, Number.NaN], Array.from({ length: 10 }, (_, i) => i / 7)]) {
    const bytes = new BsonBytes(Buffer.from(encode(Doc.of(['v', items.map(double)]))));
    expect(bytes.find(0, keyBytes('v'))).toBe(true);
    expect(bytes.doubles(bytes.at)).toEqual(items);
  }
  for (const items of [[int32(1)], [double(1), null], Array(11).fill(double(1)), ['abc'], [date(1), date(2)]]) {
    const bytes = new BsonBytes(Buffer.from(encode(Doc.of(['v', items]))));
    bytes.find(0, keyBytes('v'));
    expect(bytes.doubles(bytes.at)).toBeUndefined();
  }
});

test('a value does not keep the batch that it came in', () => {
  const batch = Buffer.alloc(1024 * 1024);
  Buffer.from(encode(Doc.of(['v', double(1)], ['w', new ObjectId()]))).copy(batch);
  const bytes = new BsonBytes(batch);
  bytes.find(0, keyBytes('v'));
  expect((bytes.value(bytes.type, bytes.at) as Scalar).bytes.buffer.byteLength).toBe(8);
  bytes.find(0, keyBytes('w'));
  expect((bytes.value(bytes.type, bytes.at) as ObjectId).id.buffer.byteLength).toBeLessThan(10_000);
});
