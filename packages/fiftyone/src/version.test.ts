import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { UsageError } from './errors.js';
import { baseOf, compareBase, compatibleVersions, isCompatible, openSourceVersion, parseVersion } from './version.js';

interface CompatTable {
  client: string;
  compatible_versions: string;
  rows: { version: string; compatible: boolean; base: string }[];
}

const file = new URL('../test/fixtures/revisions/runner-compat.json', import.meta.url);
const recorded = JSON.parse(readFileSync(file, 'utf8')) as CompatTable;

test('the SDK stands for the client that the fixtures were recorded with', () => {
  expect([openSourceVersion, compatibleVersions]).toEqual([recorded.client, recorded.compatible_versions]);
});

describe('as recorded from the real client', () => {
  test.each(recorded.rows)('$version: compatible is $compatible', (row) => {
    expect(isCompatible(row.version)).toBe(row.compatible);
    if (row.base.startsWith('InvalidVersion: ')) {
      expect(() => parseVersion(row.version)).toThrow(row.base.slice('InvalidVersion: '.length));
    } else {
      expect(baseOf(row.version)).toBe(row.base);
    }
  });
});

test.each(['1.0.0rc1', '1.0.0.dev3', '1.0.0.post1', '1.0.0+x', 'v1.0.0', '1.0', '1', ' 1.0.0 '])(
  '%j compares equal to 1.0.0',
  (version) => {
    expect(compareBase(version, '1.0.0')).toBe(0);
  },
);

test('numbers are compared as numbers, and an epoch is above all', () => {
  expect(compareBase('0.9.4', '0.11.2')).toBeLessThan(0);
  expect(compareBase('1.13.0', '1.4.0')).toBeGreaterThan(0);
  expect(compareBase('1!0.5', '99.0')).toBeGreaterThan(0);
});

test('what is no version is refused with a hint', () => {
  expect(() => parseVersion('abc')).toThrow(UsageError);
  expect(() => compareBase('1.0', 'abc')).toThrow("Invalid version: 'abc'");
  expect(() => parseVersion('1.0;drop')).toThrow(
    expect.objectContaining({ exitCode: 2, hint: expect.stringContaining('1.22.1') }),
  );
});
