import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Doc, decode, numberOf, type ReadonlyDoc, toEjson } from '../src/bson/index.js';
import type { Connection } from '../src/database/connection.js';
import { findDocs } from '../src/database/raw.js';
import { Dataset } from '../src/datasets/dataset.js';
import type { Reading } from '../src/datasets/sample-collection.js';
import { MalformedError, UnsupportedStageError, ViewNotFoundError } from '../src/errors.js';
import { setValues } from '../src/values/set-values.js';
import { values } from '../src/values/values.js';
import { listSavedViews, loadSavedView, type SavedView, stagesOf } from '../src/views/saved-views.js';
import { Kwargs, parseStage, type Stage } from '../src/views/stage.js';
import { type View, viewOf } from '../src/views/view.js';
import { isDifferent, type RecordedView, readRecordedViews, restoreRecordedViews } from './support/recorded-views.js';

const recorded = await readRecordedViews();

let client: MongoClient;
const name = `views-${process.pid}`;

beforeAll(async () => {
  client = await MongoClient.connect(inject('mongodbUri'));
  await restoreRecordedViews(client.db(name), recorded);
});

afterAll(async () => {
  await client.db(name).dropDatabase();
  await client.close();
});

async function dataset(of: string): Promise<Dataset> {
  const db = client.db(name);
  const [doc] = await findDocs(db, 'datasets', { name: of });
  return new Dataset({ db } as Connection, doc as Doc);
}

async function read({ collection, pipeline }: Reading): Promise<Doc[]> {
  const cursor = client
    .db(name)
    .collection(collection)
    .aggregate([...pipeline], { raw: true });
  return (await cursor.toArray()).map((bytes) => decode(bytes as unknown as Uint8Array));
}

const lines = (docs: readonly Doc[]) => docs.map(toEjson);

async function loaded(python: string, of?: string): Promise<{ recorded: RecordedView; view: View }> {
  const found = recorded.views.find(
    (view) => view.python === python && (of === undefined || view.dataset === of),
  ) as RecordedView;
  return { recorded: found, view: await loadSavedView(await dataset(found.dataset), found.name) };
}

describe('a saved view shows what the real client exports', () => {
  test.each(recorded.views.filter((view) => !isDifferent(view)))('$name: $python', async (expected) => {
    const view = await loadSavedView(await dataset(expected.dataset), expected.name);
    expect(lines(await read(view.samples('all')))).toEqual(lines(expected.samples));
    const frames = view.frames();
    expect(frames && lines(await read(frames))).toEqual(expected.frames && lines(expected.frames));
    expect((await read(view.samples('active'))).map((doc) => String(doc.get('_id')))).toEqual(expected.ids);
  });
});

describe('where the real client exports something else', () => {
  const flat = recorded.views.filter(({ dataset, python }) => dataset !== 'groups' && /group_by\(.*flat=True/.test(python));
  test.each(flat)('samples have no key `_group`, groups are in order: $python', async (expected) => {
    const view = await loadSavedView(await dataset(expected.dataset), expected.name);
    const bare = (docs: readonly Doc[]) => lines(docs.map((doc) => new Doc([...doc].filter(([key]) => key !== '_group')))).sort();
    expect(lines(await read(view.samples('all'))).sort()).toEqual(bare(expected.samples));
    expect(expected.samples.some((doc) => doc.has('_group'))).toBe(true);
  });

  test('a flat view of groups has them by their value, and in them the order that was asked for', async () => {
    const { view } = await loaded("ds.group_by('word', order_by='score', flat=True, reverse=True)");
    const words = (await read(view.samples('all'))).map((doc) => `${doc.get('word')}${numberOf(doc.get('score'))}`);
    expect(words.join(' ')).toBe('x2.25 x1.5 x0.75 x0 y2.5 y1.75 y1 y0.25 z2.75 z2 z1.25 z0.5');
  });

  const ofLabels = recorded.views.filter(({ dataset, python }) => dataset === 'labels' && python.startsWith('ds.match_labels('));
  test.each(ofLabels)('samples have no key left over from looking for labels: $python', async (expected) => {
    const view = await loadSavedView(await dataset('labels'), expected.name);
    expect(expected.samples.every((doc) => doc.has('__nested'))).toBe(true);
    const bare = expected.samples.map((doc) => new Doc([...doc].filter(([key]) => key !== '__nested')));
    expect(lines(await read(view.samples('all')))).toEqual(lines(bare));
  });

  test('labels of frames are found in fields with one label', async () => {
    const { recorded, view } = await loaded("ds.match_labels(filter=F('label') == 'sun', fields='frames.weather')");
    expect(recorded.samples).toHaveLength(0);
    expect(await read(view.samples('all'))).toHaveLength(4);
  });

  test('groups come back although the field that they are made by is not selected', async () => {
    const { recorded, view } = await loaded("ds.group_by('word').select_fields('gt').flatten()");
    expect(recorded.samples).toHaveLength(0);
    const samples = await read(view.samples('all'));
    expect(samples).toHaveLength(12);
    expect(samples.some((sample) => sample.has('word'))).toBe(false);
  });

  test('samples that are appended keep their frames', async () => {
    const { recorded, view } = await loaded("ds.match_frames(F('speed') > 5).concat(ds.limit(1))");
    expect(lines(await read(view.samples('all')))).toEqual(lines(recorded.samples));
    const frames = await read(view.frames() as Reading);
    expect(lines(frames.slice(0, 6))).toEqual(lines(recorded.frames as Doc[]));
    expect(frames).toHaveLength(12);
  });

  test.each([
    ["ds.select_fields('word')", ['weather', 'objs', 'note', 'speed']],
    ["ds.select_fields('frames.speed')", ['speed']],
    ['ds.select_fields()', []],
  ])('selected fields of groups leave their frames: %s', async (python, fields) => {
    const { recorded, view } = await loaded(python, 'groups');
    expect(lines(await read(view.samples('all')))).toEqual(lines(recorded.samples));
    const frames = await read(view.frames() as Reading);
    expect(frames).toHaveLength(21);
    const always = ['_id', '_sample_id', 'frame_number', 'created_at', 'last_modified_at', '_dataset_id'];
    expect(new Set(frames.flatMap((frame) => [...frame.keys()]))).toEqual(new Set([...always, ...fields]));
  });

  test('groups by a value are exported with all of their samples', async () => {
    const { recorded, view } = await loaded("ds.group_by('scene')");
    expect((await read(view.samples('active'))).map((doc) => String(doc.get('_id')))).toEqual(recorded.ids);
    expect(recorded.samples).toHaveLength(7);
    expect(await read(view.samples('all'))).toHaveLength(13);
    expect(await read(view.frames() as Reading)).toHaveLength(21);
  });
});

describe('a view of a generated dataset that is not there', () => {
  const generated = recorded.views.filter(({ python }) => /\.to_/.test(python));

  test.each(generated)('is made while it is read: $name: $python', async (expected) => {
    const view = await viewOf(await dataset(expected.dataset), await forgetful(expected));
    const samples = await read(view.samples('all'));
    expect(samples.map(comparable)).toEqual(expected.samples.map(comparable));
    expect(new Set(samples.map((doc) => String(doc.get('_id')))).size).toBe(samples.length);
    const frames = view.frames();
    const ids = new Map(expected.samples.map((doc, i) => [String(doc.get('_id')), String(samples[i]?.get('_id'))]));
    const pointed = expected.frames?.map((doc) => new Doc(doc).set('_sample_id', ids.get(String(doc.get('_sample_id'))) ?? null));
    const found = frames && (await read(frames)).map((doc) => new Doc(doc).set('_sample_id', String(doc.get('_sample_id'))));
    expect(found && lines(found)).toEqual(pointed && lines(pointed));
  });

  test.each(generated)('has a document like that of the original: $name: $python', async (expected) => {
    const ours = (await viewOf(await dataset(expected.dataset), await forgetful(expected))).doc;
    const theirs = (await loadSavedView(await dataset(expected.dataset), expected.name)).doc;
    const kind = (doc: ReadonlyDoc) => String(doc.get('sample_collection_name')).replace(/[0-9a-f]{24}$/, '');
    expect(kind(ours)).toBe(kind(theirs));
    for (const key of ['media_type', 'frame_collection_name']) expect(ours.get(key) ?? null).toEqual(theirs.get(key) ?? null);
    for (const key of ['sample_fields', 'frame_fields']) expect(schema(ours, key)).toEqual(schema(theirs, key));
  });

  test('is an error if only the original can make it', async () => {
    const unknown = stageText('ToEvaluationPatches', ['eval_key', 'other']);
    await expect(viewOf(await dataset('images'), [unknown])).rejects.toThrow("the evaluation 'other' is missing");
    const sampled = stageText('ToFrames', ['config', { sample_frames: true }]);
    await expect(viewOf(await dataset('videos'), [sampled])).rejects.toThrow(UnsupportedStageError);
  });

  test('is not one that was made of another dataset', async () => {
    const [made] = (
      await client
        .db(name)
        .collection('datasets')
        .find({ sample_collection_name: /^patches/ })
        .toArray()
    ).map((doc) => doc.name);
    const stage = (id: string) => stageText('ToPatches', ['field', 'gt'], ['_state', { dataset_id: id, name: made }]);
    const images = await dataset('images');
    expect((await viewOf(images, [stage(String(images.doc.get('_id')))])).doc.get('name')).toBe(made);
    expect((await viewOf(images, [stage('0'.repeat(24))])).doc.get('name')).not.toBe(made);
  });
});

/** The stages of a view without the names of the datasets that they have made. */
async function forgetful({ dataset: of, name }: RecordedView): Promise<Stage[]> {
  const saved = (await listSavedViews(await dataset(of))).find((view) => view.name === name) as SavedView;
  return stagesOf(saved.doc).map((stage) => {
    const kwargs = new Map([...stage.kwargs.values].filter(([key]) => key !== '_state'));
    return { name: stage.name, kwargs: new Kwargs(stage.name, kwargs) };
  });
}

/** What does not differ from one generated dataset to the next. The original sometimes puts fields in alphabetical order. */
function comparable(doc: Doc): string {
  const isNew = !doc.has('_frame_id') && (doc.has('support') || !doc.has('created_at'));
  const left = [...doc].filter(
    ([key]) =>
      !['_rand', '_dataset_id', ...(doc.has('support') ? ['last_modified_at'] : []), ...(isNew ? ['_id'] : [])].includes(key),
  );
  return toEjson(new Doc(doc.has('frame_number') || doc.has('type') ? left.sort(([a], [b]) => (a < b ? -1 : 1)) : left));
}

function schema(doc: ReadonlyDoc, key: string): string[] {
  const times = (field: Doc): Doc =>
    new Doc(field).set('created_at', null).set('fields', (field.get('fields') as Doc[]).map(times));
  return (doc.get(key) as Doc[]).map((field) => toEjson(times(field))).sort();
}

describe('views', () => {
  test('the saved views of a dataset are listed in the order in which they were saved', async () => {
    const views = await listSavedViews(await dataset('groups'));
    expect(views.slice(0, 2).map(({ name }) => name)).toEqual(['groups 000', 'groups 001']);
    expect(views[0]?.doc.get('slug')).toBe('groups-000');
    expect(await listSavedViews(await dataset('vectors'))).toEqual([]);
  });

  test('a view that is not saved is an error that lists those that are', async () => {
    const error = await loadSavedView(await dataset('vectors'), 'mine').catch((error) => error);
    expect(error).toBeInstanceOf(ViewNotFoundError);
    expect(error.message).toBe("Dataset 'vectors' has no saved view 'mine'");
    expect(error.hint).toBe('it has no saved views');
    await expect(loadSavedView(await dataset('groups'), 'mine')).rejects.toMatchObject({
      hint: expect.stringContaining('groups 000'),
    });
  });

  test('a stage that is not known is an error that names it', async () => {
    const stage = stageText('SortBySimilarity', ['query', 'a cat']);
    await expect(viewOf(await dataset('images'), [stage])).rejects.toThrow(UnsupportedStageError);
    await expect(viewOf(await dataset('images'), [stage])).rejects.toThrow('SortBySimilarity');
  });

  test.each([
    ['not JSON', '{'],
    ['no document', '[]'],
    ['no arguments', '{"_cls": "fiftyone.core.stages.Limit"}'],
    ['arguments that are no pairs', '{"_cls": "fiftyone.core.stages.Limit", "kwargs": [["limit"]]}'],
  ])('a stage that is %s is malformed', (_, text) => {
    expect(() => parseStage(text)).toThrow(MalformedError);
  });

  test.each([
    ['Limit', 'limit', 'three'],
    ['Select', 'sample_ids', 'abc'],
    ['MatchTags', 'bool', 'yes'],
    ['SelectFields', 'field_names', [true]],
    ['Flatten', 'stages', null],
    ['SelectGroups', 'group_ids', null],
  ])('an argument that cannot be is malformed: %s', async (name, kwarg, value) => {
    await expect(viewOf(await dataset('images'), [stageText(name, [kwarg, value])])).rejects.toThrow(MalformedError);
  });

  test('groups by a value are one sample each, and all of them for an export', async () => {
    const view = await viewOf(await dataset('images'), [
      stageText('GroupBy', ['field_or_expr', 'word'], ['order_by', 'score'], ['reverse', true]),
      stageText('SelectFields', ['field_names', ['gt']]),
    ]);
    expect((await read(view.samples('active'))).map((doc) => doc.get('filepath'))).toEqual(
      ['b/09', 'a/10', 'b/11'].map((path) => `/srv/media/images/${path}.jpg`),
    );
    const all = await read(view.samples('all'));
    expect(all).toHaveLength(12);
    expect(all[0]?.get('filepath')).toBe('/srv/media/images/b/09.jpg');
    expect(all[0]?.has('word')).toBe(false);
  });

  test('values of a field that a view leaves out are an error, others are as shown', async () => {
    const { view } = await loaded("ds.exclude_fields('gt').select_fields('word')");
    expect((await values(view, 'word')).slice(0, 3)).toEqual(['x', 'y', 'z']);
    expect(await values(view, 'id')).toHaveLength(12);
    await expect(values(view, 'gt.detections.label')).rejects.toThrow("does not show the field 'gt'");
    await expect(values(view, 'score')).rejects.toThrow("does not show the field 'score'");
    const { view: ofFrames } = await loaded("ds.select_fields('frames.speed')", 'videos');
    expect((await values(ofFrames, 'frames.speed'))[0]).toEqual([1.5, 3, 4.5, 6, 7.5, 9]);
    await expect(values(ofFrames, 'frames.objs.detections.label')).rejects.toThrow("does not show the field 'frames.objs'");
  });

  test('values cannot be set in patches, whether they are stored or not', async () => {
    const { recorded, view } = await loaded("ds.to_patches('gt')");
    const unstored = await viewOf(await dataset('images'), await forgetful(recorded));
    for (const patches of [view, unstored]) {
      await expect(
        setValues(
          patches,
          'gt.label',
          recorded.samples.map(() => 'x'),
        ),
      ).rejects.toThrow('set them in its dataset');
    }
  });

  test('names and strings that look like keys or variables are only data', async () => {
    const view = await viewOf(await dataset('images'), [
      stageText('SetField', ['field', 'word'], ['expr', { $literal: '$x' }]),
      stageText('MapValues', ['field', 'word'], ['map', { $x: '$$ROOT' }]),
    ]);
    expect((await read(view.samples('all')))[0]?.get('word')).toBe('$$ROOT');
  });
});

function stageText(name: string, ...kwargs: [string, unknown][]): Stage {
  return parseStage(JSON.stringify({ _cls: `fiftyone.core.stages.${name}`, kwargs }));
}
