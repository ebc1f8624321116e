import { expect, test } from 'vitest';
import { parseEjsonDoc } from '../../bson/index.js';
import { v0_13_0 } from './v0.13.0.js';

const record = (dataset: string) => ({ dataset: parseEjsonDoc(dataset), runs: [], views: [] });
const similarity = '"cls": "fiftyone.brain.similarity.SimilarityConfig"';

test('a chosen model or metric of a similarity run is lost in both directions, the defaults are not', () => {
  const chosen = record(`{"brain_methods": {"sim": {"config": {${similarity}, "model": "clip", "metric": "cosine"}}}}`);
  const losses = ['1 similarity model: clip of brain run sim', '1 similarity metric: cosine of brain run sim'];
  expect(v0_13_0.up.loses?.(chosen)).toEqual(losses);
  expect(v0_13_0.down.loses?.(chosen)).toEqual(losses);
  const defaults = record(`{"brain_methods": {"sim": {"config": {${similarity}, "model": null, "metric": "euclidean"}}}}`);
  expect(v0_13_0.down.loses?.(defaults)).toEqual([]);
});
