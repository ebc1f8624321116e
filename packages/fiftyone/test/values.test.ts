import { Binary, BSONRegExp, Decimal128, Long, MinKey, Timestamp } from 'bson';
import { expect, onTestFinished, test } from 'vitest';
import { Doc, decode, equal, int32, millisecondsOf, Scalar, type Value } from '../src/bson/index.js';
import { Dataset } from '../src/datasets/dataset.js';
import { fieldPath } from '../src/values/field-path.js';
import { setValues } from '../src/values/set-values.js';
import { iterateValues, values } from '../src/values/values.js';
import { parseStage, type Stage } from '../src/views/stage.js';
import { viewOf } from '../src/views/view.js';
import { freshDatabase } from './support/fresh-database.js';
import { connectAsAdmin } from './support/migrated.js';
import { type Answer, recordedAnswers, sourceOf, told, understood } from './support/recorded-values.js';

const RECORDED =
  'table video-table primitives image_all_labels video_frames group_mixed custom_embedded views_runs threed unicode_names thumbs'.split(
    ' ',
  );

/** Where the real client fails or is wrong; see docs/differences.md. */
function isWrongThere({ dataset, path, options, error }: Answer, samples: Dataset): boolean {
  if (error !== undefined) return !/has no (frame )?field/.test(error);
  const { steps, scope, field } = fieldPath(samples.doc, path);
  const levels = steps.reduce((sum, { unwound }) => sum + unwound.length, scope === 'frames' ? 1 : 0);
  const isNested = field?.subfield === 'ListField';
  const marked = steps.findLastIndex(({ unwound }) => unwound.includes(true));
  return (
    // an undeclared id in a label is given a name that is not stored
    (dataset === 'table' && /^cl(\[\])?$/.test(path)) ||
    // ids are null with brackets
    (field?.ftype === 'ObjectIdField' && path.endsWith('[]')) ||
    // three lists in each other are not unwound to two, and lists of lists neither
    (options.unwind === -1 && (levels > 2 || isNested)) ||
    (isNested && path.endsWith('[]')) ||
    // what has no list gets that of the one before it
    (path.endsWith('[]') && marked >= 0 && levels > 2)
  );
}

test.each(RECORDED)('%s: the answers are those of the real client', async (name) => {
  const database = await freshDatabase(await sourceOf(name));
  const connection = await connectAsAdmin(database);
  const wrong: string[] = [];
  let compared = 0;
  for (const answer of recordedAnswers(name)) {
    const { dataset, path, options, result, error } = answer;
    const doc = await database.db.collection('datasets').findOne({ name: dataset }, { raw: true });
    const samples = new Dataset(connection, decode(doc as unknown as Uint8Array));
    const { unwind, missing_value: missingValue, _raw: raw } = options;
    if (raw || isWrongThere(answer, samples)) continue;
    const ours = await values(samples, path, {
      ...(unwind === undefined ? {} : { unwind }),
      ...(missingValue === undefined ? {} : { missingValue }),
    }).then(told, (failure: Error) => failure.message.replace(`Dataset '${dataset}'`, 'Dataset'));
    const theirs = error?.match(/Dataset has no .*/)?.[0] ?? understood(result);
    compared++;
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) {
      wrong.push(`${path} ${JSON.stringify(options)}\n  ours   ${JSON.stringify(ours)}\n  theirs ${JSON.stringify(theirs)}`);
    }
  }
  await connection.close();
  expect(compared).toBeGreaterThan(150);
  expect(wrong.join('\n')).toBe('');
});

async function opened(name: string) {
  const database = await freshDatabase(await sourceOf('table'));
  const connection = await connectAsAdmin(database);
  onTestFinished(() => connection.close());
  const doc = await database.db.collection('datasets').findOne({ name }, { raw: true });
  return { database, samples: new Dataset(connection, decode(doc as unknown as Uint8Array)) };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test('what the real client gets wrong', async () => {
  const { samples } = await opened('table');
  expect(await values(samples, 'lli', { unwind: -1 })).toEqual([[1, 2, 3], null, null, null]);
  expect(await values(samples, 'lli[][]')).toEqual([1, 2, 3]);
  expect(await values(samples, 'gt.detections[].id')).toEqual(await values(samples, 'gt.detections.id[]', { unwind: true }));
  expect(await values(samples, 'arr[]', { missingValue: 0 })).toHaveLength(3);
  expect(await values(samples, 'filepath[]', { unwind: -1 })).toEqual(await values(samples, 'filepath'));
  const { samples: videos } = await opened('video-table');
  expect(await values(videos, 'frames.d.detections.label[]')).toEqual([[['l1'], null], [], [[]]]);
  expect(await values(videos, 'frames.d.detections.bounding_box', { unwind: -1 })).toEqual([[0, 0, 1, 1], [], []]);
});

test('several fields at once are a list each, in one pass', async () => {
  const { samples } = await opened('video-table');
  const paths = ['filepath', 'id', 'frames.x', 'frames[].x', 'frames.d', 'frames.d.detections.label'];
  const together = await values(samples, paths);
  for (const [i, path] of paths.entries()) expect(together[i]).toEqual(await values(samples, path));
});

test('an iterator gives the same, one after the other', async () => {
  const { samples } = await opened('table');
  for (const path of ['filepath', 'gt.detections.label', 'li[]']) {
    expect(await all(iterateValues(samples, path))).toEqual(await values(samples, path));
  }
  const [paths, ids] = await values(samples, ['filepath', 'id']);
  const pairs = await all(iterateValues(samples, ['filepath', 'id']));
  expect(pairs).toEqual(paths?.map((path, i) => [path, ids?.[i]]));
  const unwound = iterateValues(samples, ['filepath', 'li'], { unwind: true });
  await expect(all(unwound)).rejects.toThrow('cannot be gone through together: filepath, li');
});

test('raw values keep their types', async () => {
  const { samples } = await opened('table');
  const [first] = await values(samples, 'i', { raw: true });
  expect(first).toEqual(int32(7));
  expect((await values(samples, 'gt', { raw: true }))[0]).toBeInstanceOf(Doc);
  expect((await values(samples, 'dct', { raw: true }))[0]).toEqual(expect.any(Doc));
  expect([...((await values(samples, 'dct', { raw: true }))[0] as Doc).keys()]).toEqual(['a', '10', '2']);
});

test('a field that does not exist is an error that names it and the dataset', async () => {
  const { samples } = await opened('video-table');
  await expect(values(samples, 'nope')).rejects.toThrow("Dataset 'video-table' has no field 'nope'");
  await expect(values(samples, 'frames.nope.x')).rejects.toThrow("Dataset 'video-table' has no frame field 'nope'");
  await expect(values(samples, 'd..x', { allowMissing: true })).rejects.toThrow("'d..x' is not the path of a field");
  expect(await values(samples, 'nope', { allowMissing: true })).toEqual([null, null, null]);
  expect(await values(samples, '_media_type', { allowMissing: true })).toEqual(['video', 'video', 'video']);
});

test('every type that the server can hold comes out, also those that JavaScript has nothing for', async () => {
  const { database, samples } = await opened('table');
  const collection = database.db.collection(String(samples.doc.get('sample_collection_name')));
  const odd = [
    Decimal128.fromString('1.10'),
    new BSONRegExp('a', 'i'),
    new Timestamp(5n),
    new Binary(Buffer.alloc(16), 4),
    Long.fromBigInt(2n ** 62n),
    new MinKey(),
    'ünï😀'.repeat(20),
    new Date(-1),
  ];
  await collection.updateOne({ filepath: '/a/0.jpg' }, { $set: { nul: odd } });
  await collection.updateOne({ filepath: '/a/1.jpg' }, [{ $set: { nul: { $toDate: { $toLong: '9000000000000000' } } } }]);
  const [found, late] = (await values(samples, 'nul')) as [unknown[], Scalar];
  expect(found.slice(0, 4)).toEqual([expect.any(Scalar), expect.any(Scalar), expect.any(Scalar), expect.any(Scalar)]);
  expect(found.slice(4)).toEqual([2n ** 62n, expect.any(Scalar), 'ünï😀'.repeat(20), new Date(-1)]);
  expect(millisecondsOf(late)).toBe(9_000_000_000_000_000n);
  const [raw] = (await values(samples, 'nul', { raw: true })) as [Value[]];
  const stored = await collection.findOne({ filepath: '/a/0.jpg' }, { raw: true });
  expect(equal(raw, decode(stored as unknown as Uint8Array).get('nul') as Value)).toBe(true);
});

test('batches that are larger than one reply, and a caller that leaves early', async () => {
  const { database, samples } = await opened('table');
  const collection = database.db.collection(String(samples.doc.get('sample_collection_name')));
  await collection.deleteMany({});
  const many = Array.from({ length: 45_000 }, (_, i) => ({ filepath: `/x/${i}.jpg`, s: i % 7 ? 'x'.repeat(i % 100) : null }));
  await collection.insertMany(many);
  expect(await values(samples, 'filepath')).toEqual(many.map(({ filepath }) => filepath));
  const seen: number[] = [];
  await values(samples, 'id', { onProgress: ({ done }) => seen.push(done) });
  expect(seen.at(-1)).toBe(45_000);
  for await (const value of iterateValues(samples, 'filepath')) if (value === '/x/3000.jpg') break;
  expect(await values(samples, 'nope', { allowMissing: true })).toHaveLength(45_000);
});

test('frames of the slice that is shown, and of views', async () => {
  const database = await freshDatabase(await sourceOf('group_mixed'));
  const connection = await connectAsAdmin(database);
  onTestFinished(() => connection.close());
  const found = await database.db.collection('datasets').findOne({ name: 'groups' }, { raw: true });
  const dataset = new Dataset(connection, decode(found as unknown as Uint8Array));
  expect(await values(dataset, 'frames.frame_number')).toEqual([null, null, null]);
  dataset.groupSlice = 'vid';
  const numbers = (await values(dataset, 'frames.frame_number')) as number[][];
  expect(numbers.some(({ length }) => length > 0)).toBe(true);
});

test('views: their samples in their order, with values and frames as they show them', async () => {
  const { samples } = await opened('video-table');
  const view = await viewOf(samples, [
    stage('SortBy', ['field_or_expr', 'filepath'], ['reverse', true]),
    stage('Limit', ['limit', 2]),
  ]);
  expect(await values(view, 'filepath')).toEqual(['/v/2.mp4', '/v/1.mp4']);
  expect(await values(view, 'frames.frame_number')).toEqual([[2], []]);
  expect(await all(iterateValues(view, ['filepath', 'frames[].frame_number'], { unwind: -1 }))).toEqual([
    ['/v/2.mp4', [2]],
    ['/v/1.mp4', []],
  ]);
  await setValues(view, 'rank', [1, 2]);
  const fresh = await samples.connection.db.collection('datasets').findOne({ name: 'video-table' }, { raw: true });
  const dataset = new Dataset(samples.connection, decode(fresh as unknown as Uint8Array));
  expect(await values(dataset, 'rank')).toEqual([null, 2, 1]);
  await expect(setValues(view, 'rank', [1, 2, 3])).rejects.toThrow("but the view of dataset 'video-table' has 2 samples");
  await setValues(view, 'frames.x', [[7], null]);
  expect(await values(dataset, 'frames.x')).toEqual([[1, 3], [], [7]]);
});

test('nothing is set in what a view has made of parts of a dataset', async () => {
  const { samples } = await opened('table');
  const { connection, doc } = samples;
  const collection = 'patches.0123456789abcdef01234567';
  const patches = { connection, doc, isView: true, samples: () => ({ collection, pipeline: [] }), frames: () => undefined };
  await expect(setValues(patches, 'filepath', ['x', 'y'])).rejects.toThrow('set them in its dataset');
});

function stage(name: string, ...kwargs: [string, unknown][]): Stage {
  return parseStage(JSON.stringify({ _cls: `fiftyone.core.stages.${name}`, kwargs }));
}
