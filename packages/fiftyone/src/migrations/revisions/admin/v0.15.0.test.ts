import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Doc, parseEjsonDoc } from '../../../bson/index.js';
import { admin_v0_15_0 } from './v0.15.0.js';

function golden(n: number) {
  const text = readFileSync(new URL(`../../../../test/fixtures/revisions/admin-v0_15_0-up-${n}.json`, import.meta.url), 'utf8');
  const collections = (state: string) => (parseEjsonDoc(text).get(state) as Doc).get('collections') as Doc;
  const dropped = [...collections('before').keys()].filter((name) => !collections('after').has(name));
  const datasets = collections('before').get('datasets') as Doc[];
  return { dropped, orphans: admin_v0_15_0.orphans?.([...collections('before').keys()], datasets) };
}

test('collections of samples, frames, patches and clips that no dataset names are orphans', () => {
  const { dropped, orphans } = golden(1);
  expect(orphans).toEqual(dropped);
});

test('orphans of the configured database are found, whatever its name', () => {
  const { dropped, orphans } = golden(2);
  expect(dropped).toEqual([]);
  expect(orphans).toEqual(['samples.a']);
});

test('the second of two datasets with one name keeps its samples', () => {
  const { dropped, orphans } = golden(3);
  expect(dropped).toEqual(['samples.d2']);
  expect(orphans).toEqual([]);
});

test('a frame collection that a dataset names is no orphan', () => {
  const dataset = Doc.of(['sample_collection_name', 'samples.a'], ['frame_collection_name', 'frames.b']);
  expect(admin_v0_15_0.orphans?.(['samples.a', 'frames.b', 'frames.samples.a', 'frames.c'], [dataset])).toEqual(['frames.c']);
});
