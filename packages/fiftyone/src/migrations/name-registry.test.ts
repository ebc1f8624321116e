import { expect, test } from 'vitest';
import { ObjectId } from '../bson/index.js';
import { NameRegistry } from './name-registry.js';

const [a, b] = [new ObjectId(), new ObjectId()];

test('a dataset is not in the way of itself', () => {
  const registry = new NameRegistry();
  registry.enter(a, 'My data', 'my-data');
  expect(registry.others(a).names.has('My data')).toBe(false);
  expect(registry.others(b).slugs.has('my-data')).toBe(true);
});

test('two datasets with one name are in the way of each other', () => {
  const registry = new NameRegistry();
  registry.enter(a, 'x', undefined);
  registry.enter(b, 'x', undefined);
  expect(registry.others(a).names.has('x')).toBe(true);
  expect(registry.count('x')).toBe(2);
});

test('a renamed dataset frees its old name', () => {
  const registry = new NameRegistry();
  registry.enter(a, 'old', 'old');
  registry.enter(a, 'new', 'new');
  expect(registry.others(b).names.has('old')).toBe(false);
  expect(registry.others(b).names.has('new')).toBe(true);
});
