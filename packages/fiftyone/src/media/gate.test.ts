import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { gate } from './gate.js';
import { StoreError } from './store-error.js';

/** A server for which more than so many requests at once bring no more. */
async function widthAfter(rounds: number, best: number, most = 64): Promise<number> {
  let time = 0;
  const pass = gate({ most, first: 4, now: () => time });
  let running = 0;
  let finish: (() => void)[] = [];
  const request = () => {
    running++;
    return new Promise<void>((resolve) => finish.push(resolve)).finally(() => running--);
  };
  const all = Array.from({ length: rounds * most }, () => pass(1_000_000, request));
  while (running > 0 || finish.length > 0) {
    // what is under way takes 100 ms, or longer if it is too much
    time += 100 * Math.max(1, running / best);
    for (const done of finish.splice(0)) done();
    finish = [];
    await setImmediate();
  }
  await Promise.all(all);
  return pass.width();
}

describe('a gate', () => {
  test('never lets more through than its width, and all in the end', async () => {
    const pass = gate({ least: 3, most: 3 });
    let [running, most, done] = [0, 0, 0];
    const request = async () => {
      most = Math.max(most, ++running);
      await setImmediate();
      running--;
      done++;
    };
    await Promise.all(Array.from({ length: 50 }, () => pass(1, request)));
    expect({ most, done, width: pass.width() }).toEqual({ most: 3, done: 50, width: 3 });
  });

  test('becomes as wide as it may where that pays', async () => {
    expect(await widthAfter(60, 1000)).toBeGreaterThan(40);
  });

  test('stays near the width beyond which nothing is gained', async () => {
    const width = await widthAfter(60, 8);
    expect(width).toBeGreaterThanOrEqual(4);
    expect(width).toBeLessThanOrEqual(20);
  });

  test('halves when the server is busy, once for all that were under way', async () => {
    let time = 0;
    const pass = gate({ first: 32, now: () => time });
    const busy = () => Promise.reject(new StoreError('s3://b/k', 'busy'));
    await Promise.allSettled(Array.from({ length: 32 }, () => pass(1, busy)));
    expect(pass.width()).toBe(16);
    time += 1000;
    await Promise.allSettled([pass(1, busy)]);
    expect(pass.width()).toBe(8);
  });

  test('goes on after a failure', async () => {
    const pass = gate({ least: 1, most: 1 });
    await expect(pass(1, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await pass(1, async () => 'yes')).toBe('yes');
  });
});
