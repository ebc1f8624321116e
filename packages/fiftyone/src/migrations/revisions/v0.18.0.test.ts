import { expect, test } from 'vitest';
import { parseEjsonDoc } from '../../bson/index.js';
import { v0_18_0 } from './v0.18.0.js';

test('going below 0.18.0 names the descriptions and info that are lost, at every depth', () => {
  const dataset =
    parseEjsonDoc(`{"app_config": {"sidebar_mode": "best", "sidebar_groups": [{"name": "tags", "expanded": false}, {"name": "labels", "expanded": null}]},
    "sample_fields": [{"name": "gt", "description": "ground truth", "info": null, "fields": [{"name": "label", "info": {"source": "x"}}]}],
    "frame_fields": [{"name": "dets", "description": "per frame"}]}`);
  expect(v0_18_0.down.loses?.({ dataset, runs: [], views: [] })).toEqual([
    "the App's sidebar mode: best",
    '1 expanded or folded sidebar group: tags',
    '2 field descriptions: gt, frames.dets',
    '1 field info: gt.label',
  ]);
});
