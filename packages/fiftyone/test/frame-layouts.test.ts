import type { Db } from 'mongodb';
import { expect, test } from 'vitest';
import { type Doc, decode, parseEjsonDoc } from '../src/bson/index.js';
import { applyEdit } from '../src/migrations/bulk-edits.js';
import type { BulkEdit, Step, StepContext } from '../src/migrations/revision.js';
import { v0_6_2 } from '../src/migrations/revisions/v0.6.2.js';
import { v0_6_5 } from '../src/migrations/revisions/v0.6.5.js';
import { v0_7_2 } from '../src/migrations/revisions/v0.7.2.js';
import { differences } from './support/differences.js';
import { freshDatabase } from './support/fresh-database.js';
import { snapshotOf } from './support/golden.js';
import { type Snapshot, snapshot } from './support/snapshot.js';

const record = (mediaType: string) => ({
  dataset: parseEjsonDoc(`{"sample_collection_name": "samples.d", "media_type": "${mediaType}"}`),
  runs: [],
  views: [],
});

const id = (n: number) => `{"$oid": "${String(n).padStart(24, '0')}"}`;
const polyline = (points: string) => `{"_cls": "Polyline", "points": ${points}, "closed": true}`;

const frames = (start: number, count: number) =>
  Array.from(
    { length: count },
    (_, i) => `{"_id": ${id(start + i)}, "frame_number": ${i + 1}, "gt": ${polyline(`[[0.1, ${i}], [2, 3.5]]`)}, "z": ${i}}`,
  );

function database(collections: Record<string, string[]>): Snapshot {
  const lists = Object.entries(collections).map(([name, docs]) => `"${name}": [${docs.join(', ')}]`);
  return snapshotOf(parseEjsonDoc(`{"collections": {${lists.join(', ')}}}`));
}

/** Videos in the layout before 0.6.2: twelve frames, so that numbers as text are not in the order of numbers, two, none and no `frames`. */
const videos = database({
  'samples.d': [
    `{"_id": ${id(1)}, "media_type": "video", "frames": {${Array.from({ length: 12 }, (_, i) => `"${i + 1}": ${id(100 + i)}`)}}, "a": 1}`,
    `{"_id": ${id(2)}, "frames": {"1": ${id(200)}, "2": ${id(201)}}, "poly": ${polyline('[[0.5, 0.5]]')}}`,
    `{"_id": ${id(3)}, "frames": {}, "b": {"$numberLong": "5"}}`,
    `{"_id": ${id(4)}, "b": 2}`,
  ],
  'frames.samples.d': [...frames(100, 12), ...frames(200, 2)],
});

const images = database({
  'samples.d': [
    `{"_id": ${id(1)}, "p": ${polyline('[[0.1, 0.2], [3, 4]]')}, "": 1, "$x": 2, "a.b": 3, "10": 4, "2": 5, "__proto__": 6}`,
    `{"_id": ${id(2)}, "list": {"_cls": "Polylines", "polylines": [${polyline('[[1, 2]]')}, null, ${polyline('[]')}]}}`,
    `{"_id": ${id(3)}, "deep": {"p": ${polyline('[[1, 2]]')}}, "s": {"$symbol": "s"}, "u": {"$undefined": true}}`,
    `{"_id": ${id(4)}, "p": {"_cls": "Polyline"}, "q": ${polyline('null')}}`,
  ],
});

/** Applies an edit, to every document or only to those with an even id: the server writes a document whole or not at all. */
async function apply(db: Db, edit: BulkEdit, half: boolean): Promise<void> {
  const even = { $expr: { $in: [{ $substrCP: [{ $toString: '$_id' }, 23, 1] }, ['0', '2', '4', '6', '8']] } };
  const collection = db.collection(edit.collection);
  if (!half || edit.kind === 'drop-index' || edit.kind === 'create-index') return await applyEdit(db, edit);
  if (edit.kind === 'merge') {
    const [stages, merge] = [edit.pipeline.slice(0, -1), edit.pipeline.slice(-1)];
    await collection.aggregate([...stages, { $match: even }, ...merge]).toArray();
  } else {
    const update = edit.update as Parameters<typeof collection.updateMany>[1];
    await collection.updateMany({ $and: [edit.filter, even] }, update);
  }
}

async function outcome(before: Snapshot, edits: readonly BulkEdit[], interruptedAt?: number): Promise<Snapshot> {
  const { db } = await freshDatabase(before);
  if (interruptedAt !== undefined) {
    for (const [i, edit] of edits.slice(0, interruptedAt + 1).entries()) await apply(db, edit, i === interruptedAt);
  }
  for (const edit of edits) await apply(db, edit, false);
  return snapshot(db);
}

function edits(mediaType: string, ...steps: Step[]): BulkEdit[] {
  return steps.flatMap((step) => step.bulk?.(record(mediaType), {} as StepContext) ?? []);
}

const up = (mediaType: string) => edits(mediaType, v0_6_2.up, v0_6_5.up, v0_7_2.up);
const down = (mediaType: string) => edits(mediaType, v0_7_2.down, v0_6_5.down, v0_6_2.down);

test.each([
  ['video', videos],
  ['image', images],
] as const)('a dataset with media of type %s is as before after going up to 0.6.2 and down again', async (mediaType, before) => {
  const after = await outcome(before, edits(mediaType, v0_6_2.up));
  expect(differences(before, after)).not.toEqual([]);
  expect(differences(before, await outcome(after, edits(mediaType, v0_6_2.down)))).toEqual([]);
});

test('samples of videos list their frames again, in the order of numbers, when a dataset goes from 0.7.2 to before 0.6.2', async () => {
  const after = await outcome(videos, up('video'));
  const back = await outcome(after, down('video'));
  expect(differences(videos, back, { order: false })).toEqual([
    `samples.d/${String(3).padStart(24, '0')}.frames: missing, expected {}`,
  ]);
  const references = decode(back.collections.get('samples.d')?.[0] as Uint8Array).get('frames') as Doc;
  expect([...references.keys()]).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12']);
});

test.each([
  ['up', 'video', videos],
  ['up', 'image', images],
  ['down', 'video', videos],
  ['down', 'image', images],
] as const)(
  'going %s with media of type %s ends the same when interrupted in any edit and begun again',
  async (direction, mediaType, old) => {
    const before = direction === 'up' ? old : await outcome(old, up(mediaType));
    const path = direction === 'up' ? up(mediaType) : down(mediaType);
    const expected = await outcome(before, path);
    for (const [i, edit] of path.entries()) {
      expect(differences(expected, await outcome(before, path, i)), edit.summary).toEqual([]);
    }
  },
);

async function refused(before: Snapshot, path: readonly BulkEdit[]): Promise<string[]> {
  const { db } = await freshDatabase(before);
  const checks = path.flatMap((edit) => edit.refuses ?? []);
  const counts = await Promise.all(checks.map(({ collection, filter }) => db.collection(collection).countDocuments(filter)));
  return checks.flatMap(({ problem }, i) => (counts[i] ? [`${counts[i]} x ${problem}`] : []));
}

test('polylines with several shapes are refused on the way below 0.6.2, those with one or none are not', async () => {
  const several = 'a polyline has several shapes, but releases before 0.6.2 can store only one,';
  const shapes = ['[[[1, 2]], [[3, 4]]]', '[[], []]', '[[[1, 2], [3, 4]]]', '[[1, 2], [3, 4]]', '[[]]', '[]', 'null'];
  const docs = shapes.map(
    (points, i) => `{"_id": ${id(i)}, "_sample_id": ${id(1)}, "frame_number": 1, "gt": ${polyline(points)}}`,
  );
  expect(await refused(database({ 'samples.d': docs }), down('image'))).toEqual([`2 x ${several}`]);
  expect(await refused(database({ 'frames.samples.d': docs }), down('video'))).toEqual([`2 x ${several}`]);
});

test('frames without a whole number are refused on the way below 0.6.2', async () => {
  const numbers = ['1', '1.0', '{"$numberLong": "7"}', '1.5', '"1"', 'null', '{"$numberDouble": "NaN"}'];
  const docs = numbers.map((number, i) => `{"_id": ${id(i)}, "_sample_id": ${id(1)}, "frame_number": ${number}}`);
  const path = down('video');
  expect(await refused(database({ 'frames.samples.d': [...docs, `{"_id": ${id(8)}, "_sample_id": ${id(1)}}`] }), path)).toEqual([
    '5 x frame_number is missing or no whole number',
  ]);
});

test('samples whose frames are no ids by number, and lists of polylines that are none, are refused on the way up to 0.6.2', async () => {
  const samples = database({
    'samples.d': [`["a"]`, '3', 'null', '{"_cls": "_Frames"}', '{}', `{" 1": ${id(1)}}`, `{"x": ${id(1)}}`, '{"1": 2}'].map(
      (frames, i) => `{"_id": ${id(i)}, "frames": ${frames}}`,
    ),
  });
  expect(await refused(samples, up('video'))).toEqual([
    '2 x frames is no document',
    '2 x frames is no document of ids by frame number',
  ]);
  const lists = ['{"_cls": "Polylines", "polylines": null}', '{"_cls": "Polylines"}', '{"_cls": "Polylines", "polylines": []}'];
  const docs = lists.map((list, i) => `{"_id": ${id(i)}, "gt": ${list}}`);
  expect(await refused(database({ 'samples.d': docs }), up('image'))).toEqual(['1 x polylines is no list']);
});
