import { expect, test } from 'vitest';
import { parseEjsonDoc, toEjson } from '../../bson/index.js';
import type { StepContext } from '../revision.js';
import { v0_7_2 } from './v0.7.2.js';

test('a field frames that a failed attempt of the real client left in the schema is not added again', () => {
  const text = '{"media_type":"video","sample_fields":[{"name":"frames","ftype":"x"}]}';
  const dataset = parseEjsonDoc(text);
  v0_7_2.down.edit?.({ dataset, runs: [], views: [] }, {} as StepContext);
  expect(toEjson(dataset)).toBe(text);
});
