import { expect, test } from 'vitest';
import { MergedPaths } from './merged-paths.js';

test('of a hundred thousand paths those are found that become one, and no others', () => {
  const merged = new MergedPaths();
  for (let i = 0; i < 100_000; i++) merged.add(`/data/${i}.jpg`, `s3://bucket/${i % 99_990}.jpg`);
  const suspects = Array.from({ length: 99_990 }, (_, i) => `s3://bucket/${i}.jpg`).filter((path) => merged.isSuspect(path));
  expect(suspects).toEqual(Array.from({ length: 10 }, (_, i) => `s3://bucket/${i}.jpg`));
});

test('a path that comes again is not merged with itself', () => {
  const merged = new MergedPaths();
  for (let i = 0; i < 10; i++) merged.add('/a', '/b');
  expect(merged.hasSuspects).toBe(false);
  merged.add('/b', '/b');
  expect(merged.isSuspect('/b')).toBe(true);
});
