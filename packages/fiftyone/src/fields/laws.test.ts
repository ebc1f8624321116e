import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Doc, decode, encode, ObjectId, Scalar, type Value } from '../bson/index.js';
import { Classification, Detection, Detections, DynamicEmbeddedDocument } from '../samples/labels.js';
import { readValue } from '../samples/read-document.js';
import { coerce, EmbeddedDocument, type FieldType, InvalidValueError, inferType, NdArray, unpackArray } from './index.js';

const key = fc.string({ unit: 'grapheme', minLength: 1 }).filter((name) => !/^[$_]|[.\0]|^__proto__$|^\d+$/.test(name));
const text = fc.string({ unit: 'grapheme' });
const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  text,
  fc.double(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
  fc.date({ noInvalidDate: true, min: new Date('0001-01-01T00:00:00.000Z'), max: new Date('9999-12-31T23:59:59.999Z') }),
  fc.uint8Array({ minLength: 12, maxLength: 12 }).map((id) => new ObjectId(id)),
);
const { value } = fc.letrec<{ value: unknown; dict: unknown; label: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    tie('dict'),
    tie('label'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.double(), { maxLength: 4 }).map((items) => new NdArray(Float64Array.from(items))),
  ),
  dict: fc.dictionary(key, tie('value'), { maxKeys: 3 }).map((dict) => ({ ...dict })),
  label: fc.oneof(
    fc.record({ label: text, confidence: fc.double() }).map((attributes) => new Classification(attributes)),
    fc.dictionary(key, tie('value'), { maxKeys: 2 }).map((attributes) => new DynamicEmbeddedDocument({ x: attributes })),
    fc
      .array(fc.record({ label: text, bounding_box: fc.array(fc.double(), { minLength: 4, maxLength: 4 }), n: leaf }), {
        maxLength: 3,
      })
      .map((all) => new Detections({ detections: all.map((attributes) => new Detection(attributes)) })),
  ),
}));

/** What a value is once it is stored, as far as JavaScript tells: defaults of labels, and which list an array was, do not count. */
function seen(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(seen);
  if (typeof given === 'bigint' && BigInt(Number(given)) === given) return Number(given);
  if (given instanceof Scalar) return seen(unpackArray(given));
  if (given instanceof NdArray) return ['array', ...given.data];
  if (given instanceof ObjectId) return given.toHexString();
  if (given instanceof Date || typeof given !== 'object' || given === null) return given;
  const entries = Object.entries(given).filter(([, item]) => !isDefault(item));
  const own = given instanceof EmbeddedDocument ? [['class', given.constructor.name]] : [];
  return [...own, ...entries.map(([name, item]) => [name, seen(item)]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))];
}

function isDefault(item: unknown): boolean {
  if (item === null || item === undefined || (Array.isArray(item) && item.length === 0)) return true;
  return typeof item === 'object' && (item.constructor ?? Object) === Object && Object.keys(item).length === 0;
}

/** The only values that their own field refuses are integers that no double is equal to, beside numbers that are no integers. */
function coerced(type: FieldType, value: unknown): Value | undefined {
  try {
    return coerce(type, value, 'f');
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidValueError);
    expect((error as Error).message).toMatch(/Reason: \d{16,19} could not be converted to float/);
    return undefined;
  }
}

test.each([false, true])('what a field is inferred from can be stored in it and comes back (dynamic: %s)', (dynamic) => {
  let stored = 0;
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), (values) => {
      let type: ReturnType<typeof inferType>;
      try {
        type = inferType(values, 'f', { dynamic });
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidValueError);
        return;
      }
      if (type === undefined) return;
      for (const each of values) {
        const value = coerced(type, each);
        if (value === undefined) continue;
        const bytes = encode(Doc.of(['v', value]));
        expect(seen(readValue(decode(bytes).get('v') ?? null))).toEqual(seen(each));
        stored++;
      }
    }),
    { numRuns: 1500 },
  );
  expect(stored).toBeGreaterThan(400);
});

test('the order of values does not matter for the type of their field', () => {
  const typed = (values: unknown[]) => {
    try {
      return inferType(values, 'f', { dynamic: true });
    } catch {
      return 'refused';
    }
  };
  fc.assert(
    fc.property(fc.array(leaf, { maxLength: 4 }), (values) => {
      expect(typed([...values].reverse())).toEqual(typed(values));
      expect(typed([[...values].reverse()])).toEqual(typed([values]));
    }),
    { numRuns: 2000 },
  );
});
