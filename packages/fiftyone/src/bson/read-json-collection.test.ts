import { describe, expect, test } from 'vitest';
import { type Batch, type CollectionOptions, readJsonCollection } from './read-json-collection.js';
import { bsonToJson } from './write-json.js';

async function read(text: string | Buffer, options: CollectionOptions & { piece?: number } = {}): Promise<Batch[]> {
  const bytes = Buffer.from(text as string);
  const { piece = bytes.length } = options;
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += piece) pieces.push(bytes.subarray(at, at + piece));
  const batches: Batch[] = [];
  for await (const batch of readJsonCollection(pieces, 'samples', options)) batches.push(batch);
  return batches;
}

const texts = (batches: readonly Batch[]) =>
  batches.flatMap(({ documents }) => documents.map((bson) => bsonToJson(bson).toString()));

test.each([
  ['{"samples": []}', []],
  [' { "samples" : [ ] } \n', []],
  ['{"samples": [{}]}', ['{}']],
  ['{"samples": [{"a": 1},{"b": [1.0, "é😀"]}]}', ['{"a": 1}', '{"b": [1.0, "\\u00e9\\ud83d\\ude00"]}']],
  [
    '\n{"samples":\t[ {"a" : {"$oid" : "5f5f5f5f5f5f5f5f5f5f5f5f"} }\r\n , {"a":true}\n] }\n',
    ['{"a": {"$oid": "5f5f5f5f5f5f5f5f5f5f5f5f"}}', '{"a": true}'],
  ],
  [
    '{"samples": [{"d": {"$date": "2024-02-29T12:34:56.789Z"}, "n": -12.5e-3, "l": {"$numberLong": "5"}}]}',
    ['{"d": {"$date": "2024-02-29T12:34:56.789Z"}, "n": -0.0125, "l": 5}'],
  ],
])('%s is read, wherever it is cut', async (text, expected) => {
  for (let piece = 1; piece <= Buffer.byteLength(text); piece++)
    expect(texts(await read(text, { piece, batchBytes: 100 }))).toEqual(expected);
});

describe('mistakes are refused with their place, wherever the text is cut', () => {
  test.each([
    ['', 'expected "{", at byte 0'],
    ['[]', 'expected "{", at byte 0'],
    ['{"frames": []}', 'expected the key "samples", at byte 2'],
    ['{}', 'expected the key "samples", at byte 1'],
    ['{"samples": {}}', 'expected "[", at byte 12'],
    ['{"samples": [1]}', 'expected "{", at byte 13'],
    ['{"samples": [{"a": 1}', 'expected ",", at byte 21'],
    ['{"samples": [{"a": 1},]}', 'samples[1]: expected "{", at byte 22'],
    ['{"samples": [{"a": 1} {"b": 1}]}', 'expected ",", at byte 22'],
    ['{"samples": [{"a": 1},{"b": {"c": [1, x]}}]}', 'samples[1].b.c[1]: expected a value, at byte 38'],
    ['{"samples": [{"a": "cut', 'samples[0].a: expected the end of a string, at byte 23'],
    ['{"samples": []', 'expected "}", at byte 14'],
    ['{"samples": [], "more": 1}', 'expected "}", at byte 14'],
    ['{"samples": []} x', 'expected the end, at byte 16'],
  ])('%s', async (text, message) => {
    for (let piece = 1; piece <= Math.max(1, Buffer.byteLength(text)); piece++)
      await expect(read(text, { piece, batchBytes: 100 })).rejects.toThrow(message);
  });
});

test('all documents before a mistake are given', async () => {
  const given: number[] = [];
  const reading = async () => {
    const text = `{"samples": [${'{"a": 1},'.repeat(10)}x`;
    for await (const { documents } of readJsonCollection([Buffer.from(text)], 'samples', { batchBytes: 50 }))
      given.push(documents.length);
  };
  await expect(reading()).rejects.toThrow('samples[10]: expected "{", at byte 103');
  expect(given).toEqual([5, 5]);
});

test('batches tell how far they are', async () => {
  const batches = await read('{"samples": [{"a": 1},{"a": 2},{"a": 3}]}', { batchBytes: 20 });
  expect(batches.map(({ documents, position }) => [documents.length, position])).toEqual([
    [2, 30],
    [1, 41],
  ]);
});

describe('a large document', () => {
  const large = (size: number) => `{"samples": [{"a": "${'x'.repeat(size)}", "b": 1},{"c": 2}]}`;

  test('is read from many pieces', async () => {
    const batches = await read(large(16_000_000), { piece: 65_536 });
    expect(batches.flatMap(({ documents }) => documents.map((bson) => bson.length))).toEqual([16_000_020, 12]);
  });

  test('is refused if no database takes it', async () => {
    await expect(read(large(17_000_000), { piece: 65_536 })).rejects.toThrow('samples[0]');
    await expect(read(large(100), { largestDocument: 64 })).rejects.toThrow(
      'is larger than the 64 bytes that a document may have',
    );
  });

  test('is refused if it does not end', async () => {
    const text = `{"samples": [{"a":${' '.repeat(10_000)}`;
    await expect(read(`${text}1}]}`, { largestDocument: 64, piece: 100 })).rejects.toThrow('samples[0]: does not end within');
  });
});
