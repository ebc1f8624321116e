import type { BulkEdit, Revision } from 'fiftyone/engine';
import { describe, expect, test } from 'vitest';
import { enterpriseReleases } from './releases.js';
import { collections as ofCas } from './services/cas/collections.js';
import { revisions as cas } from './services/cas/revisions/index.js';
import { collections as ofEnterprise } from './services/enterprise/collections.js';
import { revisions as enterprise } from './services/enterprise/revisions/index.js';
import { collections as ofHub } from './services/hub/collections.js';
import { revisions as hub } from './services/hub/revisions/index.js';

const NOTHING = { dataset: new Map(), runs: [], views: [] } as never;

function editsOf(revision: Revision): BulkEdit[] {
  return (['up', 'down'] as const).flatMap((direction) => revision[direction].bulk?.(NOTHING, undefined as never) ?? []);
}

describe.each([
  ['cas', cas, ofCas],
  ['enterprise', enterprise, ofEnterprise],
  ['hub', hub, ofHub],
] as const)('the revisions of %s', (_, revisions, collections) => {
  test('are named for releases, in their order', () => {
    const numbers = enterpriseReleases.map(({ number }) => number);
    const places = revisions.map(({ version }) => numbers.indexOf(version));
    expect(places.every((place) => place > 0)).toBe(true);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test('edit only collections of their own service', () => {
    const edited = revisions.flatMap(editsOf).map(({ collection }) => collection);
    expect(edited.filter((collection) => !(collections as readonly string[]).includes(collection))).toEqual([]);
  });

  test('change named fields of documents in place, so that the attic can tell them apart', () => {
    const stages = revisions.flatMap(editsOf).flatMap((edit) => (edit.kind === 'update' ? (edit.update as object[]) : []));
    expect(stages.flatMap((stage) => Object.keys(stage)).filter((key) => key !== '$set' && key !== '$unset')).toEqual([]);
  });
});
