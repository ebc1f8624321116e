import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBase, openSourceVersion } from '../version.js';
import { select } from './select.js';

interface SelectionRow {
  head: string;
  destination: string;
  direction: 'up' | 'down';
  revisions: string[];
  admin_revisions: string[];
  error?: unknown;
}

const file = new URL('../../test/fixtures/revisions/runner-selection.json', import.meta.url);
const rows = JSON.parse(readFileSync(file, 'utf8')) as SelectionRow[];
const accepted = rows.filter((row) => row.error === undefined);

const named = (key: 'revisions' | 'admin_revisions') =>
  [...new Set(accepted.flatMap((row) => row[key]))].sort((a, b) => compareBase(a, b));
const datasetVersions = named('revisions');
const adminVersions = named('admin_revisions');

test('the recording knows 23 dataset revisions and 2 database revisions', () => {
  expect([rows.length, datasetVersions.length, adminVersions.length]).toEqual([784, 23, 2]);
});

describe.each([...new Set(rows.map((row) => row.head))])('from %s', (head) => {
  test('the same revisions are selected as by the real client, in the same order', () => {
    for (const row of accepted.filter((r) => r.head === head)) {
      const [dataset, admin] = [datasetVersions, adminVersions].map((list) => select(head, row.destination, list));
      expect([row.destination, dataset, admin]).toEqual([
        row.destination,
        { direction: row.direction, versions: row.revisions },
        { direction: row.direction, versions: row.admin_revisions },
      ]);
    }
  });
});

test('the real client refuses exactly what is newer than itself', () => {
  for (const { head, destination, error } of rows) {
    const newer = [head, destination].some((version) => compareBase(version, openSourceVersion) > 0);
    expect([head, destination, newer]).toEqual([head, destination, error !== undefined]);
  }
});

test('going down undoes exactly what going up did, in reverse', () => {
  const version = fc.tuple(fc.nat(2), fc.nat(25), fc.nat(5)).map((numbers) => numbers.join('.'));
  fc.assert(
    fc.property(version, version, (a, b) => {
      const there = select(a, b, datasetVersions).versions;
      expect(select(b, a, datasetVersions).versions).toEqual([...there].reverse());
    }),
  );
});
