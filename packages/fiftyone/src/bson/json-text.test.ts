import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { list } from 'tar';
import { describe, expect, test } from 'vitest';
import { ByteSink } from './byte-sink.js';
import {
  binary,
  Doc,
  date,
  decode,
  double,
  encode,
  equal,
  int32,
  int64,
  ObjectId,
  parseEjsonDoc,
  Scalar,
  type Value,
} from './index.js';
import { jsonToBson, UnreadableError } from './read-json.js';
import { readJsonCollection } from './read-json-collection.js';
import type { Rewrite, Rewrites } from './rewrites.js';
import { bsonToJson, JsonWriter, UnwritableError } from './write-json.js';

const fixtures = fileURLToPath(new URL('../../test/fixtures/', import.meta.url));
const json = (doc: Doc) => bsonToJson(encode(doc)).toString();
const value = (text: string) => decode(jsonToBson(Buffer.from(`{"v": ${text}}`))).get('v') as Value;

describe('PyMongo', () => {
  // recorded by tools/real/json_texts.py 1 800; `npm run test:real 1.22.1` compares more of them
  const lines = gunzipSync(readFileSync(`${fixtures}json/pymongo.tsv.gz`))
    .toString()
    .replace(/\n$/, '')
    .split('\n');
  const cases = lines.map((line) => line.split('\t') as [string, string, string]);

  test('writes the same texts', () => {
    const dumped = cases.filter(([kind]) => kind === 'dumps');
    expect(dumped.length).toBe(800);
    for (const [, bson, text] of dumped) expect(bsonToJson(Buffer.from(bson, 'hex')).toString()).toBe(text);
  });

  test('reads texts as the same bytes, and refuses the same ones', () => {
    const loaded = cases.filter(([kind]) => kind === 'loads');
    expect(loaded.length).toBe(800);
    for (const [, quoted, bson] of loaded) {
      const text = Buffer.from(`{"v": ${JSON.parse(quoted)}}`);
      if (bson === '') expect(() => jsonToBson(text), quoted).toThrow('at byte');
      else expect(jsonToBson(text).toString('hex'), quoted).toBe(bson);
    }
  });
});

test('every JSON file of the recorded exports is read and written again byte for byte', async () => {
  const archives = [
    'image_all_labels',
    'primitives',
    'video_frames',
    'group_mixed',
    'views_runs',
    'threed',
    'unicode_names',
    'thumbs',
  ];
  let files = 0;
  for (const archive of archives) {
    for (const [path, text] of await filesOf(`${fixtures}exports/${archive}.tar.gz`)) {
      const key = /\/(samples|frames|tags)\.json$/.exec(path)?.[1];
      expect((key ? await again(key, text) : bsonToJson(jsonToBson(text))).equals(text), path).toBe(true);
      files++;
    }
  }
  expect(files).toBeGreaterThan(50);
});

/** The files of an export that are in the flavour of `json_util`. */
async function filesOf(file: string): Promise<[string, Buffer][]> {
  const files: [string, Promise<Buffer>][] = [];
  await list({
    file,
    onReadEntry: (entry) => {
      const isJson = /(metadata|samples|frames|tags)\.json$|\/(samples|frames)\/[^/]*\.json$/.test(entry.path);
      if (isJson && !entry.path.includes('/legacy/')) files.push([entry.path, entry.concat() as Promise<Buffer>]);
    },
  });
  return Promise.all(files.map(async ([path, text]) => [path, await text] as [string, Buffer]));
}

async function again(key: string, text: Buffer): Promise<Buffer> {
  const sink = new ByteSink();
  const writer = new JsonWriter(sink);
  sink.ascii(`{"${key}": [`);
  let count = 0;
  for await (const { documents } of readJsonCollection(pieces(text, 1009), key, { batchBytes: 10_000 }))
    for (const document of documents) {
      if (count++ > 0) sink.ascii(',');
      writer.document(document);
    }
  sink.ascii(']}');
  return sink.written();
}

function* pieces(text: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < text.length; at += size) yield text.subarray(at, at + size);
}

const int64s = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).filter((n) => BigInt.asIntN(32, n) !== n);
const doubles = fc.oneof(
  fc.double(),
  fc.double({ min: -1, max: 1 }),
  fc.float(),
  fc.tuple(fc.integer(), fc.integer({ min: -12, max: 12 })).map(([n, e]) => n * 10 ** e),
);
const leaf: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.string({ unit: 'binary' }),
  fc.uint8Array({ minLength: 12, maxLength: 12 }).map((id) => new ObjectId(id)),
  doubles.map(double),
  fc.integer().map(int32),
  int64s.map(int64),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(date),
  fc.integer({ min: 0, max: 253_402_300_799_999 }).map(date),
  fc.uint8Array().map(binary),
);
const { doc: documents } = fc.letrec<{ value: Value; doc: Doc }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, leaf, tie('doc'), fc.array(tie('value'), { maxLength: 12 })) as fc.Arbitrary<Value>,
  doc: fc
    .array(
      fc.tuple(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '10', '2', 'a.b', '__proto__', '$x')), tie('value')),
      { maxLength: 8 },
    )
    .map((pairs) => new Doc(pairs.filter(([key]) => !key.includes('\0')))),
}));

test('what is written is read again as the same bytes', () => {
  fc.assert(
    fc.property(documents, (doc) => {
      const bson = encode(doc);
      expect(jsonToBson(bsonToJson(bson)).equals(bson)).toBe(true);
    }),
    { numRuns: 3000 },
  );
}, 60_000);

test('binaries of every length and subtype are read as written', () => {
  for (const subtype of [0, 1, 5, 128, 255])
    for (let size = 0; size < 70; size++) {
      const data = Buffer.from(Array.from({ length: size }, (_, i) => (i * 37 + subtype) % 256));
      const bytes = Buffer.concat([int32(size).bytes, Buffer.from([subtype]), data]);
      const bson = encode(Doc.of(['v', new Scalar(0x05, bytes)], ['w', null]));
      expect(jsonToBson(bsonToJson(bson)).equals(bson)).toBe(true);
    }
});

test('the text of a double is what JavaScript finds the shortest, and is read as the same double', () => {
  fc.assert(
    fc.property(doubles, (number) => {
      const text = json(Doc.of(['v', double(number)])).slice(6, -1);
      if (Number.isFinite(number)) expect(Object.is(Number(text), number)).toBe(true);
      if (Math.abs(number) >= 1e-4 && Math.abs(number) < 1e16)
        expect(text).toBe(Number.isInteger(number) ? `${number}.0` : String(number));
      expect(value(text)).toSatisfy((read: Value) => equal(read, double(number)));
    }),
    { numRuns: 20_000 },
  );
}, 60_000);

test('numbers with more digits than a double has are rounded once', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 19n }), fc.integer({ min: 1, max: 25 }), (digits, decimals) => {
      const padded = String(digits).padStart(decimals + 1, '0');
      const text = `${padded.slice(0, -decimals)}.${padded.slice(-decimals)}`;
      expect(value(text)).toSatisfy((read: Value) => equal(read, double(Number(text))));
    }),
    { numRuns: 20_000 },
  );
}, 60_000);

// recorded from Python 3.11
test.each([
  ['AA E=', '0001'],
  ['AAE==', '0001'],
  ['AA==AA==', '00'],
  ['=AAE=', '0001'],
  ['AAECAw==x', '00010203'],
  ['AAE=AAEC', '0001'],
  ['====', ''],
  ['AAE', undefined],
  ['A', undefined],
  ['AA=E', undefined],
  ['AA=', undefined],
])('base64 may be as careless as for Python: %s', (base64, hex) => {
  const read = () =>
    Buffer.from((value(`{"$binary": {"base64": "${base64}", "subType": "00"}}`) as Scalar).bytes.subarray(5)).toString('hex');
  if (hex === undefined) expect(read).toThrow('$binary');
  else expect(read()).toBe(hex);
});

describe('what PyMongo cannot read is kept', () => {
  test('dates before the year 1 and after 9999', () => {
    for (const ms of [-62_135_596_800_001n, 253_402_300_800_000n, 2n ** 63n - 1n, -(2n ** 63n)]) {
      expect(json(Doc.of(['v', date(ms)]))).toBe(`{"v": {"$date": {"$numberLong": "${ms}"}}}`);
      expect(value(`{"$date": {"$numberLong": "${ms}"}}`)).toSatisfy((read: Value) => equal(read, date(ms)));
    }
  });

  test('a key that is there twice is written twice', () => {
    const [one, two] = [encode(Doc.of(['v', true])), encode(Doc.of(['v', null]))];
    const size = int32(one.length + two.length - 5).bytes;
    const twice = Buffer.concat([size, one.subarray(4, -1), two.subarray(4)]);
    expect(bsonToJson(twice).toString()).toBe('{"v": true, "v": null}');
  });
});

describe('texts that are not UTF-8 are refused with their place', () => {
  const bad = new Scalar(0x02, Buffer.from([3, 0, 0, 0, 0xff, 0xfe, 0]));

  test.each([
    ['a', Doc.of(['a', bad])],
    ['a.b[1].c', Doc.of(['x', null], ['a', Doc.of(['b', [null, Doc.of(['c', bad])]])])],
  ])('%s', (path, doc) => {
    expect(() => json(doc)).toThrow(`${path}: is not UTF-8`);
  });

  test.each(['ff', 'c080', 'e08080', 'eda080', 'f08080a0', 'f4908080', 'e282', 'c3'])('%s', (hex) => {
    const text = Buffer.concat([Buffer.from('{"a": [1, {"b": "x'), Buffer.from(hex, 'hex'), Buffer.from('"}]}')]);
    expect(() => jsonToBson(text)).toThrow('a[1].b: is not UTF-8, at byte 18');
  });

  test('nothing of the document is written', () => {
    const sink = new ByteSink();
    sink.ascii('before');
    expect(() => new JsonWriter(sink).document(encode(Doc.of(['a', bad])))).toThrow();
    expect(sink.written().toString()).toBe('before');
  });
});

test('broken bytes are refused', () => {
  const good = encode(parseEjsonDoc('{"a":"text","b":{"c":[true,null,{"$numberInt":"1"}]}}'));
  for (let cut = 0; cut < good.length; cut++) expect(() => bsonToJson(good.slice(0, cut))).toThrow('broken BSON');
});

test('whatever happens to bytes and texts, they are read or refused', () => {
  const edit = fc.record({
    at: fc.nat(),
    cut: fc.nat(3),
    put: fc.oneof(fc.constantFrom(...'"{}[],:\\u$0e-.\0'), fc.string({ maxLength: 2 })),
  });
  const broken = (bytes: Buffer, { at, cut, put }: { at: number; cut: number; put: string }) => {
    const place = at % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, place), Buffer.from(put), bytes.subarray(place + cut)]);
  };
  const orRefused = (make: () => Buffer) => {
    try {
      return make();
    } catch (error) {
      expect(error).toSatisfy((e) => e instanceof UnwritableError || e instanceof UnreadableError);
      return undefined;
    }
  };
  fc.assert(
    fc.property(documents, edit, edit, (doc, ...edits) => {
      const bson = encode(doc) as Buffer;
      orRefused(() => bsonToJson(edits.reduce(broken, bson)));
      const read = orRefused(() => jsonToBson(edits.reduce(broken, bsonToJson(bson))));
      if (read) expect(encode(decode(read))).toEqual(read);
    }),
    { numRuns: 3000 },
  );
}, 60_000);

describe('mistakes in a text are refused with their place', () => {
  test.each([
    ['', 'expected "{", at byte 0'],
    ['[1]', 'expected "{", at byte 0'],
    ['{"a": 1} x', 'expected the end, at byte 9'],
    ['{"a": {"b": [1, tru]}}', 'a.b[1]: expected a value, at byte 16'],
    ['{"a": {"b": 1.}}', 'a.b: expected a digit, at byte 14'],
    ['{"a": 9223372036854775808}', 'a: does not fit into 64 bits, at byte 6'],
    ['{"a": [1, 2', 'expected "," or "]", at byte 11'],
    ['{"a": {"b": {"$oid": "xx"}}}', "a.b: 'xx' is not what Extended JSON has there, at byte 12"],
    ['{"a": "\\ud83d"}', 'a: half a surrogate pair'],
    ['{"a\\u0000": 1}', 'a key must not hold a NUL character, at byte 1'],
    ['{"$oid": "5f5f5f5f5f5f5f5f5f5f5f5f"}', 'is a single value, not a document'],
  ])('%s', (text, message) => expect(() => jsonToBson(Buffer.from(text))).toThrow(message));
});

test('documents deeper than any database takes are refused', () => {
  const nested = (depth: number) => Buffer.from(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
  expect(jsonToBson(nested(200)).length).toBeGreaterThan(1000);
  expect(() => jsonToBson(nested(201))).toThrow('is nested deeper than 200 levels');
});

describe('rewrites', () => {
  const upper = (text: string) => text.toUpperCase();
  const rewrites: Rewrites = new Map<string, Rewrite>([
    ['filepath', upper],
    ['detections', new Map([['mask_path', upper]])],
    ['deep', new Map([['inner', new Map([['path', upper]])]])],
    ['_dataset_id', { set: new ObjectId('5f5f5f5f5f5f5f5f5f5f5f5f') }],
    ['tags', { append: ['new'] }],
  ]);

  test.each([
    ['a text', '{"filepath": "/a/é"}', '{"filepath": "/A/\\u00c9"}'],
    ['each text of a list', '{"filepath": ["a", 1, ["b"], {"x": "c"}]}', '{"filepath": ["A", 1, ["B"], {"x": "c"}]}'],
    ['no other values', '{"filepath": null}', '{"filepath": null}'],
    ['documents in lists', '{"detections": [{"mask_path": "m"}, 1]}', '{"detections": [{"mask_path": "M"}, 1]}'],
    ['only their own level', '{"x": {"filepath": "a"}, "mask_path": "b"}', '{"x": {"filepath": "a"}, "mask_path": "b"}'],
    ['deeper levels', '{"deep": {"inner": [{"path": "p", "path2": "p"}]}}', '{"deep": {"inner": [{"path": "P", "path2": "p"}]}}'],
  ])('change %s', (_, before, after) => {
    const ends = ', "_dataset_id": {"$oid": "5f5f5f5f5f5f5f5f5f5f5f5f"}, "tags": ["new"]}';
    const expected = after.slice(0, -1) + ends;
    expect(bsonToJson(jsonToBson(Buffer.from(before), rewrites)).toString()).toBe(expected);
    expect(bsonToJson(jsonToBson(Buffer.from(before)), rewrites).toString()).toBe(expected);
  });

  test.each([
    [
      'sets in place',
      '{"_dataset_id": {"a": [1]}, "tags": [], "x": 1}',
      '{"_dataset_id": {"$oid": "5f5f5f5f5f5f5f5f5f5f5f5f"}, "tags": ["new"], "x": 1}',
    ],
    [
      'appends to a list',
      '{"tags": ["a", "b"], "_dataset_id": 1}',
      '{"tags": ["a", "b", "new"], "_dataset_id": {"$oid": "5f5f5f5f5f5f5f5f5f5f5f5f"}}',
    ],
    [
      'makes a list',
      '{"tags": null, "_dataset_id": 1}',
      '{"tags": ["new"], "_dataset_id": {"$oid": "5f5f5f5f5f5f5f5f5f5f5f5f"}}',
    ],
    ['an empty document', '{}', '{"_dataset_id": {"$oid": "5f5f5f5f5f5f5f5f5f5f5f5f"}, "tags": ["new"]}'],
  ])('%s', (_, before, after) => {
    expect(bsonToJson(jsonToBson(Buffer.from(before), rewrites)).toString()).toBe(after);
    expect(bsonToJson(jsonToBson(Buffer.from(before)), rewrites).toString()).toBe(after);
  });
});

test('of a key that is there twice the last value is kept in the first place', () => {
  const text = '{"a": 1, "b": {"c": 1, "c": "x"}, "\\u0061": [2]}';
  expect(bsonToJson(jsonToBson(Buffer.from(text))).toString()).toBe('{"a": [2], "b": {"c": "x"}}');
  const many = Array.from({ length: 1000 }, (_, i) => `"k${i % 500}": ${i}`).join(', ');
  const last = Array.from({ length: 500 }, (_, i) => `"k${i}": ${i + 500}`).join(', ');
  expect(bsonToJson(jsonToBson(Buffer.from(`{${many}}`))).toString()).toBe(`{${last}}`);
});
