import { expect, test } from 'vitest';
import type { FileRecord } from './catalogue.js';
import { toDelete } from './retention.js';

const NOW = new Date('2026-06-01');
const file = (version: string, days: number, yanked?: string) =>
  ({
    _id: `x-${version}.whl`,
    version,
    uploaded: new Date(NOW.getTime() - days * 86_400_000),
    ...(yanked === undefined ? {} : { yanked }),
  }) as FileRecord;

test('what is new, young or in use stays', () => {
  const files = [file('1.9', 100), file('1.10', 90), file('1.2', 1), file('1.3', 80), file('1.4', 80)];
  expect(toDelete(files, { versions: 2, days: 30, inUse: ['1.3'] }, NOW)).toEqual(['x-1.4.whl']);
});

test('a yanked version does not count as one of the newest', () => {
  expect(toDelete([file('1.0', 100), file('2.0', 100, 'bad')], { versions: 1, days: 0 }, NOW)).toEqual(['x-2.0.whl']);
});

test('at least one version stays', () => {
  expect(() => toDelete([], { versions: 0, days: 0 }, NOW)).toThrow('has to stay');
});
