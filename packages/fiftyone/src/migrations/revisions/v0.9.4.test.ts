import { expect, test } from 'vitest';
import { parseEjsonDoc } from '../../bson/index.js';
import { v0_9_4 } from './v0.9.4.js';

test('going below 0.9.4 loses the keys of fields that are stored under another name, and no others', () => {
  const dataset = parseEjsonDoc(`{
    "sample_fields": [{"name": "id", "db_field": "_id"}, {"name": "gt", "db_field": "gt"}, {"name": "ref", "db_field": "_ref"}],
    "frame_fields": [{"name": "k", "db_field": "other"}, {"name": "l"}]
  }`);
  expect(v0_9_4.down.loses?.({ dataset, runs: [], views: [] })).toEqual(['2 custom db_fields: ref (_ref), frames.k (other)']);
});
