import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { atOnce } from './at-once.js';

describe('tasks at once', () => {
  test('are never more than said, and all are done', async () => {
    let [running, most] = [0, 0];
    const done: number[] = [];
    await atOnce([5, 1, 3, 2, 4, 1, 1], 3, async (ms, i) => {
      most = Math.max(most, ++running);
      await sleep(ms);
      running--;
      done.push(i);
    });
    expect(most).toBe(3);
    expect(done.sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('take items only when there is a place for them', async () => {
    let taken = 0;
    function* items() {
      for (;;) yield ++taken;
    }
    const run = atOnce(items(), 4, async (i) => {
      await sleep(1);
      if (i === 6) throw new Error('enough');
    });
    await expect(run).rejects.toThrow('enough');
    expect(taken).toBeLessThan(12);
  });

  test('end before a failure is told', async () => {
    let ended = false;
    const run = atOnce([0, 20], 2, async (ms) => {
      await sleep(ms);
      if (ms === 0) throw new Error('first');
      ended = true;
    });
    await expect(run).rejects.toThrow('first');
    expect(ended).toBe(true);
  });
});
