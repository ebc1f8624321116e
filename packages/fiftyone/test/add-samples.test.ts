import { readFile } from 'node:fs/promises';
import { gunzipSync, inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { BsonType, Doc, millisecondsOf, ObjectId, parseEjsonDoc, Scalar, toEjson, type Value } from '../src/bson/index.js';
import { findDocs } from '../src/database/raw.js';
import * as fo from '../src/index.js';
import { recordedSamples } from './support/label-samples.js';
import { sameDatabase, sdkDatabase } from './support/sdk-database.js';

const recorded = parseEjsonDoc(
  gunzipSync(await readFile(new URL('fixtures/added-samples.json.gz', import.meta.url))).toString('utf8'),
);

/** Without what is new in every run: ids, times, what is random; arrays as they are inside of their compression. */
function comparable(value: Value, id: string): string {
  const text = (each: Value): Value => {
    if (each instanceof Doc) return new Doc([...each].filter(([key]) => key !== '_rand').map(([key, item]) => [key, text(item)]));
    if (Array.isArray(each)) return each.map(text);
    if (each instanceof ObjectId) return each.toHexString() === '6b0181a64e6b90806a793acf' ? each : 'id';
    if (typeof each === 'string') return each.replace(id, 'ID');
    if (!(each instanceof Scalar)) return each;
    const ms = millisecondsOf(each);
    if (ms !== undefined) return ms < Date.UTC(2025) ? each : 'now';
    return each.type === BsonType.binary ? inflateSync(each.bytes.subarray(5)).toString('latin1') : each;
  };
  return toEjson(text(value)).replaceAll('},{', '},\n{');
}

/** The order of the default fields is random in the real client. */
function withSortedFields(doc: Doc): Doc {
  const sorted = new Doc(doc);
  const nameOf = (field: Value) => String((field as Doc).get('name'));
  for (const key of ['sample_fields', 'frame_fields']) {
    sorted.set(
      key,
      [...(doc.get(key) as Value[])].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)),
    );
  }
  return sorted;
}

test.each([...recorded.keys()])(
  'a dataset called %s is, byte for byte, what the real client makes of the same samples',
  async (name) => {
    const { db, fo: database } = await sdkDatabase();
    const dataset = await database.createDataset(name, { persistent: true });
    const ids = await dataset.addSamples(recordedSamples()[name] as fo.Sample[], {
      dynamic: ['image', 'video', 'threed'].includes(name),
    });
    const expected = recorded.get(name) as Doc;
    const [doc] = (await findDocs(db, 'datasets', { name })) as [Doc];
    const original = expected.get('dataset') as Doc;
    const originalId = String(original.get('_id'));
    const id = dataset.id.toHexString();
    expect(comparable(withSortedFields(doc), id)).toBe(comparable(withSortedFields(original), originalId));
    expect(toEjson(dataset.doc)).toBe(toEjson(doc));
    for (const kind of ['samples', 'frames'] as const) {
      const collection = kind === 'samples' ? dataset.samples('all').collection : dataset.frames()?.collection;
      const stored = collection === undefined ? null : await findDocs(db, collection);
      expect(comparable(stored, id)).toBe(comparable(expected.get(kind) as Value, originalId));
      if (collection === undefined) continue;
      const indexes = await db.collection(collection).indexes();
      const seen = indexes.map(({ name, key, unique }) => ({ name, key: Object.entries(key), unique: unique ?? false }));
      expect(seen).toEqual(JSON.parse(relaxed((expected.get('indexes') as Doc).get(kind) as Value)));
    }
    const samples = await findDocs(db, dataset.samples('all').collection);
    expect(samples.map((sample) => String(sample.get('_id')))).toEqual(ids);
  },
);

function relaxed(value: Value): string {
  return toEjson(value).replace(/\{"\$numberInt":"(\d+)"\}/g, '$1');
}

test('numbers for sorting at random are where the real client has them', async () => {
  const { db, fo: database } = await sdkDatabase();
  const dataset = await database.createDataset();
  await dataset.addSamples(Array.from({ length: 50 }, (_, i) => new fo.Sample({ filepath: `/${i}.jpg` })));
  const numbers = (await db.collection(dataset.samples('all').collection).find().toArray()).map(({ _rand }) => _rand);
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0.999);
  expect(Math.max(...numbers)).toBeLessThan(1);
  expect(new Set(numbers).size).toBe(50);
});

test('integers and other numbers of one field make doubles, wherever the first of them is', async () => {
  const { db, fo: database } = await sdkDatabase();
  const dataset = await database.createDataset();
  const samples = [1, null, 2.5].map((score, i) => new fo.Sample({ filepath: `/${i}.jpg`, score }));
  await dataset.addSamples(samples);
  expect(dataset.schema.get('score')?.ftype).toBe('FloatField');
  const stored = await findDocs(db, dataset.samples('all').collection);
  expect(stored.map((doc) => (doc.has('score') ? toEjson(doc.get('score') as Value) : 'absent'))).toEqual([
    '{"$numberDouble":"1.0"}',
    'absent',
    '{"$numberDouble":"2.5"}',
  ]);
  expect(samples[0]?.id).toBe(String(stored[0]?.get('_id')));
});

test('samples that cannot be stored are named, and nothing is written', async () => {
  const { db, fo: database } = await sdkDatabase();
  const dataset = await database.createDataset('d');
  await dataset.addSamples([new fo.Sample({ filepath: '/0.jpg', n: 1 })]);
  const before = toEjson(dataset.doc);
  const refused = async (fields: Record<string, unknown>, message: string, options: fo.AddSamplesOptions = {}) => {
    const good = new fo.Sample({ filepath: '/1.jpg' });
    await expect(dataset.addSamples([good, new fo.Sample({ filepath: '/2.jpg', ...fields })], options)).rejects.toThrow(message);
  };
  await refused({ n: 1.5 }, "Invalid value for field 'samples[1].n'. Reason: 1.5 is not an integer");
  await refused({ n: 'x' }, "'x' could not be converted to int");
  await refused({ m: 1 }, "Dataset 'd' has no field 'm'", { expandSchema: false });
  await refused({ _m: 1 }, "Field names cannot start with '_'");
  await refused({ m: Symbol('x') }, "Invalid value for field 'm'");
  await refused({ filepath: '/2.mp4' }, "Sample media type 'video' does not match dataset media type 'image'");
  await refused({ g: new fo.Group().element('left') }, "samples[0] needs an element of a group in field 'g'");
  await refused({ filepath: '' }, 'a sample needs a filepath');
  const gt = new fo.Detections({ detections: [new fo.Detection({ bounding_box: [0, 0, 1, 'x' as never] })] });
  await refused({ gt }, "field 'samples[1].gt.detections[0].bounding_box[3]'");
  const framed = new fo.Sample({ filepath: '/3.jpg' });
  framed.frames.set(1, new fo.Frame({ x: 1 }));
  await expect(dataset.addSamples([framed])).rejects.toThrow('only videos have frames');
  await dataset.reload();
  expect(await dataset.count()).toBe(1);
  expect(await db.collection(dataset.samples('all').collection).countDocuments()).toBe(1);
  expect([...dataset.schema.keys()].filter((name) => name !== 'gt')).toEqual([
    'id',
    'filepath',
    'tags',
    'metadata',
    'created_at',
    'last_modified_at',
    'n',
  ]);
  expect(before).toContain('"media_type":"image"');
});

test('fields that samples set by themselves cannot be given', () => {
  for (const name of ['id', 'created_at', 'last_modified_at', 'frames', 'toString', '__proto__']) {
    const fields = JSON.parse(`{"filepath":"/1.jpg","${name}":1}`);
    expect(() => new fo.Sample(fields)).toThrow(`'${name}'`);
  }
  expect(() => new fo.Frame({ frame_number: 1 })).toThrow("'frame_number'");
});

test('groups need a slice, one field and one media type for each slice', async () => {
  const { fo: database } = await sdkDatabase();
  const dataset = await database.createDataset();
  const group = new fo.Group();
  const element = (slice: string, filepath: string) => new fo.Sample({ filepath, group: group.element(slice) });
  await expect(dataset.addSamples([new fo.Sample({ filepath: '/1.jpg', group })])).rejects.toThrow('the group names no slice');
  const mixed = [element('left', '/1.jpg'), element('left', '/1.mp4')];
  await expect(dataset.addSamples(mixed)).rejects.toThrow("does not match media type 'image' of slice 'left'");
  await dataset.addSamples([element('left', '/1.jpg'), element('right', '/1.mp4')]);
  await expect(dataset.addSamples([element('right', '/2.jpg')])).rejects.toThrow(
    "does not match media type 'video' of slice 'right'",
  );
  await expect(dataset.addSamples([new fo.Sample({ filepath: '/1.jpg' })])).rejects.toThrow('needs an element of a group');
  await dataset.addSamples([element('new', '/2.pcd')]);
  expect(dataset.groupMediaTypes).toEqual({ left: 'image', right: 'video', new: 'point-cloud' });
  expect([dataset.mediaType, dataset.groupField, dataset.groupSlice, await dataset.count()]).toEqual([
    'group',
    'group',
    'left',
    1,
  ]);
  dataset.groupSlice = 'new';
  expect(await dataset.count()).toBe(1);
  expect(() => {
    dataset.groupSlice = 'nope';
  }).toThrow("has no group slice 'nope'");
});

test('what an iterator gives is added as it comes, with progress', async () => {
  const { fo: database } = await sdkDatabase();
  const dataset = await database.createDataset();
  async function* samples() {
    for (let i = 0; i < 2500; i++) yield new fo.Sample({ filepath: `/${i}.jpg`, i });
  }
  const seen: number[] = [];
  await dataset.addSamples(samples(), { onProgress: ({ done }) => seen.push(done) });
  expect(seen).toEqual([1000, 2000, 2500]);
  expect(await dataset.count()).toBe(2500);
});

test('two processes that add samples with new fields at once lose none of them', async () => {
  const database = await sdkDatabase();
  await database.fo.createDataset('d');
  const others = await Promise.all(Array.from({ length: 4 }, () => sameDatabase(database)));
  const datasets = await Promise.all(others.map((other) => other.loadDataset('d')));
  await Promise.all(
    datasets.map(async (dataset, n) => {
      for (let i = 0; i < 5; i++) await dataset.addSamples([new fo.Sample({ filepath: `/${n}-${i}.jpg`, [`f${n}_${i}`]: i })]);
    }),
  );
  const dataset = await database.fo.loadDataset('d');
  expect([...dataset.schema.keys()].filter((name) => name.startsWith('f')).length).toBe(21);
  expect(await dataset.count()).toBe(20);
});

test('labels may get more attributes later, which keep their first type', async () => {
  const { fo: database } = await sdkDatabase();
  const dataset = await database.createDataset();
  const sample = (attributes: Record<string, unknown>) =>
    new fo.Sample({ filepath: '/1.jpg', gt: new fo.Detections({ detections: [new fo.Detection(attributes)] }) });
  await dataset.addSamples([sample({})]);
  await dataset.addSamples([sample({ hidden: 1 })]);
  await dataset.addSamples([sample({ n: 1, s: 'a' })], { dynamic: true });
  const declared = () => dataset.schema.get('gt')?.fields[0]?.fields.map(({ name }) => name);
  expect(declared()?.slice(-3)).toEqual(['index', 'n', 's']);
  await expect(dataset.addSamples([sample({ n: 1.5 })])).rejects.toThrow('1.5 is not an integer');
  await dataset.addSampleField('gt.detections.color', fo.simpleType('StringField'));
  expect(declared()?.at(-1)).toBe('color');
});

test('a sample that is larger than a document of the server can be is named', async () => {
  const { fo: database } = await sdkDatabase();
  const dataset = await database.createDataset();
  const noise = Uint8Array.from({ length: 17 * 2 ** 20 }, () => Math.random() * 256);
  const large = new fo.Sample({ filepath: '/2.jpg', seg: new fo.Segmentation({ mask: new fo.NdArray(noise, [17, 2 ** 20]) }) });
  await expect(dataset.addSamples([new fo.Sample({ filepath: '/1.jpg' }), large])).rejects.toThrow(/samples\[1\] has 17\.\d MB/);
  expect(await dataset.count()).toBe(0);
});

test('a field is deleted from the samples, in labels as well, and from the schema', async () => {
  const { db, fo: database } = await sdkDatabase();
  const dataset = await database.createDataset('d');
  const detections = [new fo.Detection({ label: 'a', color: 'red' }), new fo.Detection({ label: 'b' })];
  const samples = [
    new fo.Sample({ filepath: '/1.jpg', score: 1, gt: new fo.Detections({ detections }) }),
    new fo.Sample({ filepath: '/2.jpg', score: 2 }),
    new fo.Sample({ filepath: '/3.jpg', gt: new fo.Detections() }),
  ];
  await dataset.addSamples(samples, { dynamic: true });
  await dataset.deleteSampleField('score');
  await dataset.deleteSampleField('gt.detections.color');
  const stored = await findDocs(db, dataset.samples('all').collection);
  expect(stored.map(toEjson).join()).not.toMatch(/score|color/);
  expect(stored.map(toEjson).join()).toContain('"label":"b"');
  const again = await database.loadDataset('d');
  expect([...again.schema.keys()]).not.toContain('score');
  expect(again.schema.get('gt')?.fields[0]?.fields.map(({ name }) => name)).not.toContain('color');
  await expect(dataset.deleteSampleField('score')).rejects.toThrow("Dataset 'd' has no field 'score'");
  await expect(dataset.deleteSampleField('filepath')).rejects.toThrow("Cannot delete default field 'filepath'");
  await expect(dataset.deleteSampleField('gt.detections.label')).rejects.toThrow('Cannot delete default field');
});
