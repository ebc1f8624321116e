import { expect, test } from 'vitest';
import { allReleases } from '../../releases.js';
import { printVersions } from './versions.js';

test('one release is one line', () => {
  expect(printVersions('teams:0.6.7', false)).toBe('Teams 0.6.7 (SDK) -> open source 0.14.3 (certain)');
});

test('without a version all releases are shown, and which one this is', () => {
  const lines = printVersions(undefined, false).split('\n');
  expect(lines[0]).toMatch(/^name +deployment +SDK +open source +released +certainty +source$/);
  expect(lines).toHaveLength(allReleases().length + 4);
  expect(lines.at(-1)).toBe('This SDK: 2.25.1, open source 1.22.1');
});

test('as JSON the numbers, the certainty and the source are given', () => {
  expect(JSON.parse(printVersions('enterprise:2.15.0', true))).toEqual([
    {
      name: 'Enterprise',
      deployment: '2.15.0',
      sdk: '2.15.0',
      openSource: '1.12.0',
      released: '2026-02-04',
      certainty: 'certain',
      source: 'release notes',
      matched: ['sdk', 'deployment'],
    },
  ]);
});
