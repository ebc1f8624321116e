import { expect, test } from 'vitest';
import { enterpriseReleases, FIRST_RELEASE, newestRelease, releaseNumbered, releaseWithDatasetsAt } from './releases.js';

test('the releases begin with the first one of the migrator and end with this one', () => {
  expect(enterpriseReleases[0]).toEqual({ number: FIRST_RELEASE, openSource: '1.11.0' });
  expect(newestRelease).toEqual({ number: '2.25.1', openSource: '1.22.1' });
});

test.each([
  ['2.15.0', '2.15.0', '1.12.0'],
  ['2.18.1', '2.18.1', '1.15.0'],
  ['2.13.0', '2.13.0', '1.10.0'],
  ['0.6.7', '0.6.7', '0.14.3'],
])('release %s is %s with datasets at %s', (given, number, openSource) => {
  expect(releaseNumbered(given)).toEqual({ number, openSource });
});

test('a number that no release has is refused with its neighbours', () => {
  expect(() => releaseNumbered('2.15.7')).toThrow('nearest: 2.15.0, 2.16.0');
});

test('a version of datasets belongs to the first release that has it', () => {
  expect(releaseWithDatasetsAt('1.15.0')).toEqual({ number: '2.18.0', openSource: '1.15.0' });
  expect(releaseWithDatasetsAt('1.12.7')).toBeUndefined();
});
