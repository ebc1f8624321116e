import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { budget } from './budget.js';

describe('a budget', () => {
  test('is never exceeded, in whatever pieces it is used', async () => {
    const spend = budget(100);
    let [spent, most] = [0, 0];
    const task = (need: number) => async () => {
      spent += need;
      most = Math.max(most, spent);
      await setImmediate();
      spent -= need;
    };
    const needs = Array.from({ length: 200 }, (_, i) => (i * 37) % 61);
    await Promise.all(needs.map((need) => spend(need, task(need))));
    expect(most).toBeLessThanOrEqual(100);
    expect(most).toBeGreaterThan(60);
  });

  test('lets alone through what needs more than there is', async () => {
    const spend = budget(10);
    let running = 0;
    const task = async () => {
      expect(++running).toBe(1);
      await setImmediate();
      running--;
    };
    await Promise.all([spend(50, task), spend(10, task), spend(20, task)]);
  });

  test('gives back what a failed task had', async () => {
    const spend = budget(10);
    await expect(spend(10, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await spend(10, async () => 1)).toBe(1);
  });
});
