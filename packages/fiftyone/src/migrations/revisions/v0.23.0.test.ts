import { expect, test } from 'vitest';
import { ObjectId, parseEjsonDoc } from '../../bson/index.js';
import type { Draft, StepContext } from '../revision.js';
import { v0_23_0 } from './v0.23.0.js';

const RUN = { $oid: '000000000000000000000061' };

function draft(dataset: object, runs: object[] = []): Draft {
  const doc = (value: object) => parseEjsonDoc(JSON.stringify(value));
  return { dataset: doc({ _id: { $oid: '0000000000000000000000d5' }, name: 'ds', ...dataset }), runs: runs.map(doc), views: [] };
}

const context: StepContext = {
  now: { ms: 0, micros: 0 },
  others: { names: new Set(), slugs: new Set() },
  newId: () => new ObjectId(),
  warn: () => {},
};

test('the losses name custom runs, changed color settings and fields with mask target colors', () => {
  const record = draft({
    runs: { r: RUN, q: RUN },
    app_config: {
      color_scheme: {
        color_pool: ['#fff'],
        color_by: 'value',
        opacity: 0.7,
        show_skeletons: true,
        fields: [{ path: 'a', maskTargetsColors: [1] }, null, { path: 'b', maskTargetsColors: [] }],
      },
    },
  });
  expect(v0_23_0.down.loses?.(record)).toEqual([
    '2 custom runs: r, q',
    '1 color scheme setting: color_by',
    '1 mask target color list: a',
  ]);
});

test('a dataset without custom runs and with the default settings loses nothing', () => {
  const upgraded = draft({ app_config: { color_scheme: { color_pool: [] } } });
  v0_23_0.up.edit?.(upgraded, context);
  expect(v0_23_0.down.loses?.(upgraded)).toEqual([]);
});

test('a custom run that is also an evaluation keeps its document', () => {
  const edited = draft({ runs: { r: RUN }, evaluations: { e: RUN } }, [{ _id: RUN }]);
  v0_23_0.down.edit?.(edited, context);
  expect(edited.runs).toHaveLength(1);
  expect(edited.dataset.has('runs')).toBe(false);
});
