import { expect, test } from 'vitest';
import { parseEjsonDoc } from '../../bson/index.js';
import { MalformedError } from '../../errors.js';
import type { StepContext } from '../revision.js';
import { v0_7_4 } from './v0.7.4.js';

test('going below 0.7.4 loses brain runs and the times of evaluations', () => {
  const dataset = parseEjsonDoc(`{
    "evaluations": {"a": {"timestamp": {"$date": {"$numberLong": "5"}}}, "b": {"timestamp": null}},
    "brain_methods": {"10": {}, "2": {}}
  }`);
  expect(v0_7_4.down.loses?.({ dataset, runs: [], views: [] })).toEqual(['1 evaluation time: a', '2 brain runs: 10, 2']);
});

test('an evaluation without config is refused, with its place', () => {
  const dataset = parseEjsonDoc('{"evaluations": {"e": {"eval_key": "e", "pred_field": "p", "gt_field": "g"}}}');
  expect(() => v0_7_4.up.edit?.({ dataset, runs: [], views: [] }, {} as StepContext)).toThrow(
    new MalformedError('evaluations.e.config', 'missing', 'a document'),
  );
});
