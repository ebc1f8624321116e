import { expect, test } from 'vitest';
import { UsageError } from './errors.js';
import { allReleases, describeRelease, findReleases, openSourceVersionFor } from './releases.js';
import type { ReleaseRow } from './releases-table.js';
import { compareBase, openSourceVersion, sdkVersion } from './version.js';

const described = (query: string) => findReleases(query).map(describeRelease);

test('the numbers of the public documentation are SDK numbers', () => {
  expect(openSourceVersionFor('teams:0.6.7')).toBe('0.14.3');
  expect(openSourceVersionFor('enterprise:0.7.1')).toBe('0.15.1');
  expect(openSourceVersionFor('enterprise:v0.10')).toBe('0.18.0');
});

test('an older release is found by the number of its SDK and of its deployment', () => {
  expect(described('enterprise:0.14.4')).toEqual(['Teams 0.14.4 (SDK, deployment 1.4.4) -> open source 0.22.3 (certain)']);
  expect(described('teams:1.4.4')).toEqual(['Teams 1.4.4 (deployment, SDK 0.14.4) -> open source 0.22.3 (certain)']);
  expect(described('sdk:0.6.7')).toEqual(['Teams 0.6.7 (SDK) -> open source 0.14.3 (certain)']);
  expect(described('deployment:0.1.8')).toEqual(['Teams 0.1.8 (deployment) -> open source 0.16.6 (weakly inferred)']);
  expect(() => findReleases('deployment:0.14.4')).toThrow(UsageError);
});

test('from 2.0.0 on a release has one number, and from 2.7.0 on the name Enterprise', () => {
  expect(described('2.15.0')).toEqual(['Enterprise 2.15.0 -> open source 1.12.0 (certain)']);
  expect(described('enterprise:2.6.2')).toEqual(['Teams 2.6.2 -> open source 1.3.2 (certain)']);
  expect(openSourceVersionFor('enterprise:2.15.0')).toBe('1.12.0');
  for (const { deployment, sdk } of allReleases()) {
    if (deployment !== undefined && compareBase(deployment, '2.0.0') >= 0) expect(sdk).toBe(deployment);
  }
});

test('an open source version names the releases that belong to it', () => {
  expect(described('open-source:0.14.3')).toEqual(['Teams 0.6.7 (SDK) -> open source 0.14.3 (certain)']);
  expect(findReleases('open-source:0.18.0').map((r) => r.deployment)).toEqual(['0.3.0', '0.3.1', '1.0.0', '1.0.1']);
});

test('a number alone is looked up among all kinds of numbers', () => {
  expect(described('0.14.3')).toEqual([
    'Teams 0.6.7 (SDK) -> open source 0.14.3 (certain)',
    'Teams 0.14.3 (SDK, deployment 1.4.3) -> open source 0.22.2 (certain)',
  ]);
});

test('a destination without prefix is an open source version, as it was given', () => {
  expect(openSourceVersionFor('1.0')).toBe('1.0');
  expect(openSourceVersionFor('open-source:0.14.3')).toBe('0.14.3');
});

test('a number that nobody released is refused with its neighbours', () => {
  expect(() => openSourceVersionFor('enterprise:2.9.0')).toThrow('nearest: 2.8.2, 2.9.1');
  expect(() => findReleases('teams:0.5.0')).toThrow('nearest: 0.6.7 (SDK), 0.3.1 (deployment), 1.0.0 (deployment)');
  expect(() => findReleases('open-source:0.14.2')).toThrow('nearest: 0.14.3 (open source)');
});

test('bad versions and unknown prefixes are wrong usage', () => {
  expect(() => findReleases('abc')).toThrow("Invalid version: 'abc'");
  expect(() => openSourceVersionFor('__proto__:2.15.0')).toThrow("unknown prefix '__proto__:'");
});

test('a number that an SDK and another deployment share is refused with both meanings', () => {
  const table: readonly ReleaseRow[] = [
    ['', '1.4.4', '0.9.0', '', 'certain', 'made up'],
    ['1.4.4', '0.14.4', '0.22.3', '', 'certain', 'made up'],
  ];
  expect(() => openSourceVersionFor('enterprise:1.4.4', table)).toThrow(
    'sdk:1.4.4 is open source 0.9.0, deployment:1.4.4 is open source 0.22.3',
  );
  expect(openSourceVersionFor('sdk:1.4.4', table)).toBe('0.9.0');
});

test('every known Enterprise number has one answer', () => {
  for (const { deployment, sdk, openSource } of allReleases()) {
    for (const number of [deployment, sdk]) {
      if (number !== undefined) expect(openSourceVersionFor(`enterprise:${number}`)).toBe(openSource);
    }
  }
});

test('the table is in order, and ends with this SDK', () => {
  const deployments = allReleases().flatMap((release) => release.deployment ?? []);
  expect(deployments).toEqual([...new Set(deployments)].sort(compareBase));
  expect(allReleases().at(-1)).toMatchObject({ deployment: sdkVersion, sdk: sdkVersion, openSource: openSourceVersion });
});
