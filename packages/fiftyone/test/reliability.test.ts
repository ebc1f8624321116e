import { expect, inject, test } from 'vitest';
import type { Conditions } from '../../../reliability/experiment.js';
import { kills } from '../../../reliability/kills.js';

/** A few rounds of what `npm run reliability` does at length. */
function few(rounds: number): Conditions {
  return { server: { uri: inject('mongodbUri') }, rounds, seed: 7, abreast: 4, tell: console.log };
}

test('a command that is killed at any moment leaves what the next one finishes, with the same result', async () => {
  expect((await kills(few(4), { waits: false })).differences).toEqual([]);
});
