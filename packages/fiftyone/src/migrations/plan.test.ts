import { expect, test } from 'vitest';
import { parseEjsonDoc, toEjson } from '../bson/index.js';
import { MalformedError } from '../errors.js';
import { changesOf, type PathStep, planDataset } from './plan.js';
import type { Step } from './revision.js';

const record = {
  dataset: parseEjsonDoc('{"_id":{"$oid":"6b0181a64e6b90806a793acf"},"name":"a","version":"1.0.0","tags":["x"]}'),
  runs: [],
  views: [],
};
const none = { has: () => false };
const plan = (to: string, ...steps: Step[]) => {
  const path: PathStep[] = steps.map((step, i) => ({ name: `v${i}`, summary: '', step }));
  const newId = () => {
    throw new Error('no ids in this test');
  };
  return planDataset(record, to, 'up', path, (warn) => ({
    now: { ms: 0, micros: 0 },
    others: { names: none, slugs: none },
    newId,
    warn,
  }));
};

test('every step sees what the steps before it made of the record, and the stored one stays as it is', () => {
  const stored = toEjson(record.dataset);
  const seen: string[] = [];
  const step: Step = {
    loses: ({ dataset }) => {
      seen.push(toEjson(dataset.get('tags') ?? null));
      return [];
    },
    edit: ({ dataset }) => void (dataset.get('tags') as string[]).push('y'),
  };
  const { after } = plan('1.2.0', step, step);
  expect(seen).toEqual(['["x"]', '["x","y"]']);
  expect(toEjson(after.dataset)).toContain('"version":"1.2.0","tags":["x","y","y"]');
  expect(toEjson(record.dataset)).toBe(stored);
});

test('what blocks a step is known before anything else is planned', () => {
  const { blocked, stages, after } = plan('1.2.0', { blocked: () => 'no way' }, { edit: ({ dataset }) => void dataset.clear() });
  expect(blocked).toEqual(['no way']);
  expect(stages).toHaveLength(1);
  expect(after).toBe(record);
});

test('everything that blocks is told, also behind the first', () => {
  const blocked = (reason: string): Step => ({ blocked: () => reason });
  const malformed: Step = {
    blocked: () => {
      throw new MalformedError('tags', 'null', 'a list');
    },
  };
  expect(plan('1.2.0', {}, blocked('no way'), malformed, {}, blocked('nor here')).blocked).toEqual(['no way', 'nor here']);
});

test('a malformed record blocks, naming the step and the place', () => {
  const edit = () => {
    throw new MalformedError('sample_fields', 'null', 'a list');
  };
  expect(plan('1.2.0', { edit }).blocked).toEqual(['v0: sample_fields is null, expected a list']);
});

test('an error that is no finding about the record is not swallowed', () => {
  const edit = () => {
    throw new RangeError('a bug');
  };
  expect(() => plan('1.2.0', { edit })).toThrow('a bug');
});

test('a version below 0.6.2 is not stored', () => {
  expect(plan('0.6.0').after.dataset.get('version')).toBe('1.0.0');
  expect(plan('0.6.2').after.dataset.get('version')).toBe('0.6.2');
});

test('changes of a side collection are told apart by _id', () => {
  const doc = (id: number, value: number) => parseEjsonDoc(`{"_id":${id},"v":${value}}`);
  const changes = changesOf([doc(1, 0), doc(2, 0), doc(3, 0)], [doc(2, 0), doc(3, 1), doc(4, 0)]);
  expect(changes.inserted.map(toEjson)).toEqual([toEjson(doc(4, 0))]);
  expect(changes.replaced.map(toEjson)).toEqual([toEjson(doc(3, 1))]);
  expect(changes.deleted.map(toEjson)).toEqual(['{"$numberInt":"1"}']);
});
