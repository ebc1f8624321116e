import { expect, test } from 'vitest';
import { parseEjsonDoc } from '../../bson/index.js';
import type { DatasetRecord } from '../revision.js';
import { v1_13_0 } from './v1.13.0.js';

function record(dataset: object): DatasetRecord {
  return { dataset: parseEjsonDoc(JSON.stringify({ name: 'ds', ...dataset })), runs: [], views: [] };
}

test('going up the losses name the fields whose label schema goes, and not those that keep theirs', () => {
  const fields = [
    { name: 'a', schema: { type: 'x' }, fields: [{ name: 'kept', schema: { k: 1 } }] },
    {
      name: 'b',
      schema: {},
      fields: [
        { name: 's', schema: { k: 1 } },
        { name: 'empty', schema: {} },
      ],
    },
  ];
  expect(v1_13_0.up.loses?.(record({ sample_fields: fields }))).toEqual(['2 field label schemas: a, b.s']);
});

test('going down the losses name the label schemas', () => {
  expect(v1_13_0.down.loses?.(record({ label_schemas: { gt: { type: 'x' } }, active_label_schemas: ['gt'] }))).toEqual([
    '1 label schema: gt',
    '1 active label schema: gt',
  ]);
  expect(v1_13_0.down.loses?.(record({ label_schemas: {}, active_label_schemas: [] }))).toEqual([]);
});
