import { expect, test } from 'vitest';
import { datasetSlug } from './slug.js';

test.each([
  ['My Data_set+v1.0 -- (ünï) x', 'my-data-set-v1-0-n-x'],
  ['!!!', ''],
  ['日本語', ''],
  ['--a- -b--', 'a-b'],
  ['a\u00a0b\tc/d', 'ab-cd'],
  [`${'😀'.repeat(98)}abcdef`, 'ab'],
  [`${'n'.repeat(99)}-xxx`, 'n'.repeat(99)],
])('the slug of %s is made of its first hundred code points', (name, slug) => {
  expect(datasetSlug(name)).toBe(slug);
});
