import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Doc, ObjectId, parseEjsonDoc, type ReadonlyDoc, type Scalar } from '../../bson/index.js';
import { MalformedError } from '../../errors.js';
import type { DatasetRecord, Draft, StepContext } from '../revision.js';
import { v0_20_0 } from './v0.20.0.js';

const RUN = '000000000000000000000061';
const BEFORE = 'fiftyone.brain.similarity.SimilarityConfig';

function draft(dataset: object, runs: object[] = []): Draft {
  const doc = (value: object) => parseEjsonDoc(JSON.stringify(value));
  return { dataset: doc({ _id: { $oid: '0000000000000000000000d5' }, name: 'ds', ...dataset }), runs: runs.map(doc), views: [] };
}

function context(warnings: string[] = []): StepContext {
  const others = { names: new Set<string>(), slugs: new Set<string>() };
  return { now: { ms: 0, micros: 0 }, others, newId: () => new ObjectId(), warn: (message) => warnings.push(message) };
}

function golden(name: string, state: 'before' | 'after') {
  const text = readFileSync(new URL(`../../../test/fixtures/revisions/${name}.json`, import.meta.url), 'utf8');
  const collections = (parseEjsonDoc(text).get(state) as Doc).get('collections') as Doc;
  return (collection: string) => collections.get(collection) as Doc[];
}

function textOf(chunks: readonly ReadonlyDoc[], file: ObjectId): string {
  const chunk = chunks.find((doc) => file.equals(doc.get('files_id') as ObjectId)) as ReadonlyDoc;
  return Buffer.from((chunk.get('data') as Scalar).bytes.subarray(5)).toString();
}

describe('results', () => {
  test.each([
    ['up', 'v0_20_0-up-4'],
    ['down', 'v0_20_0-down-3'],
  ] as const)('going %s they are rewritten to the byte', (direction, name) => {
    const [before, after] = [golden(name, 'before'), golden(name, 'after')];
    const record: DatasetRecord = { dataset: before('datasets')[0] as Doc, runs: before('runs'), views: [] };
    const [edit, ...others] = v0_20_0[direction].files?.(record) ?? [];
    expect(others).toEqual([]);
    const run = after('runs').find((doc) => edit?.run.equals(doc.get('_id') as ObjectId));
    const expected = textOf(after('fs.chunks'), run?.get('results') as ObjectId);
    expect(edit?.rewrite(textOf(before('fs.chunks'), edit.file as ObjectId))).toBe(expected);
  });

  test.each(['not json', '[1]', '{"$oid": 5}', ''])('%j is left alone', (text) => {
    const record = draft({ brain_methods: { s: { $oid: RUN } } }, [{ _id: { $oid: RUN }, config: { cls: BEFORE }, results: 1 }]);
    expect(v0_20_0.up.files?.(record)[0]?.rewrite(text)).toBeUndefined();
  });

  test('results with two keys are rewritten once', () => {
    const record = draft({ brain_methods: { s: { $oid: RUN }, t: { $oid: RUN } } }, [
      { _id: { $oid: RUN }, config: { cls: BEFORE }, results: 1 },
    ]);
    expect(v0_20_0.up.files?.(record)).toHaveLength(1);
  });
});

test('a brain run without a document is announced and the others are changed', () => {
  const edited = draft({ brain_methods: { gone: { $oid: '000000000000000000000099' }, s: { $oid: RUN } } }, [
    { _id: { $oid: RUN }, config: { cls: BEFORE } },
  ]);
  const warnings: string[] = [];
  v0_20_0.up.edit?.(edited, context(warnings));
  expect(warnings).toEqual(["Brain run 'gone' of dataset 'ds' has no document 000000000000000000000099; its key stays"]);
  const [run] = edited.runs as [Doc];
  expect((run.get('config') as Doc).get('method')).toBe('sklearn');
});

test('the losses name paths of tag groups and methods that are not the usual one', () => {
  const groups = [
    { name: 'tags', paths: ['tags', 'mine'] },
    { name: 'label tags', paths: ['other'] },
  ];
  const record = draft({ app_config: { sidebar_groups: groups }, brain_methods: { s: { $oid: RUN } } }, [
    { _id: { $oid: RUN }, config: { cls: BEFORE, method: 'special' } },
  ]);
  expect(v0_20_0.up.loses?.(record)).toEqual(['2 App sidebar tag paths: mine, other', '1 brain run method: special of s']);
  expect(v0_20_0.up.loses?.(draft({}))).toEqual([]);
});

test.each([
  [{ brain_methods: { s: 'x' } }, 'brain_methods.s is a string, expected an ObjectId'],
  [{ app_config: 'x' }, 'app_config is a string, expected a document'],
  [{ app_config: { sidebar_groups: [null] } }, 'app_config.sidebar_groups[0] is null, expected a document'],
  [{ sample_fields: [5] }, 'sample_fields[0] is a number, expected a document'],
])('%j is malformed', (dataset, message) => {
  expect(() => v0_20_0.up.edit?.(draft(dataset), context())).toThrow(new MalformedError(...parts(message)));
});

test('a collection without a name is malformed', () => {
  const record = draft({ sample_fields: [{}], sample_collection_name: '' });
  expect(() => v0_20_0.up.bulk?.(record, context())).toThrow(
    'sample_collection_name is empty, expected the name of a collection',
  );
});

function parts(message: string): [string, string, string] {
  const [where, found, expected] = message.split(/ is |, expected /) as [string, string, string];
  return [where, found, expected];
}
