import { expect, test } from 'vitest';
import { parseEjsonDoc } from '../../bson/index.js';
import { v0_17_0 } from './v0.17.0.js';

function lossesDown(dataset: string): readonly string[] | undefined {
  return v0_17_0.down.loses?.({ dataset: parseEjsonDoc(dataset), runs: [], views: [] });
}

test('going below 0.17.0 loses what a person set in the App, not what is the default', () => {
  const defaults =
    '"grid_media_field": "filepath", "media_fallback": false, "plugins": {}, "dynamic_groups_target_frame_rate": 30';
  expect(lossesDown(`{"app_config": {${defaults}, "media_fields": ["filepath"]}}`)).toEqual([]);
  expect(
    lossesDown(`{"app_config": {${defaults}, "media_fields": ["filepath", "thumb"], "color_scheme": {"opacity": 0.5}}}`),
  ).toEqual(['2 App settings: media_fields, color_scheme']);
});

test('sidebar groups survive going below 0.17.0', () => {
  expect(lossesDown('{"app_config": {"sidebar_groups": [{"name": "tags", "paths": []}]}}')).toEqual([]);
});
