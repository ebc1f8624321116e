import { expect, test } from 'vitest';
import { HashIndex, hashOf } from './hash-index.js';

test('numbers are found by their hash, also if others have the same', () => {
  const index = new HashIndex();
  const texts = Array.from({ length: 20_000 }, (_, i) => `text ${i}`);
  // a hash that thousands share
  const hash = (text: string) => hashOf(text) % 5;
  for (const [i, text] of texts.slice(0, 2000).entries()) index.add(hash(text), i);
  for (const [i, text] of texts.slice(0, 2000).entries()) expect(index.find(hash(text), (n) => texts[n] === text)).toBe(i);
  expect(index.find(hash('absent'), (n) => texts[n] === 'absent')).toBeUndefined();
});

test('hashes of texts that are nearly the same are spread', () => {
  const hashes = new Set(Array.from({ length: 100_000 }, (_, i) => hashOf(`/data/images/${i}.jpg`)));
  expect(hashes.size).toBeGreaterThan(99_900);
  const low = new Set([...hashes].map((hash) => hash & 0xffff));
  expect(low.size).toBeGreaterThan(45_000);
});
