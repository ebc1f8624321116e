import { parseArgs } from 'node:util';
import { simulateMany } from './simulate-many.js';

/** `npm run simulate`. @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  const options = { schedules: { type: 'string', default: '10000' }, seed: { type: 'string' } } as const;
  const { values } = parseArgs({ args: [...args], options });
  const first = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
  const started = performance.now();
  const { schedules, counts, failed } = await simulateMany(first, Number(values.schedules));
  for (const { seed, violations } of failed.slice(0, 10)) console.error(`seed ${seed}\n  ${violations.join('\n  ')}`);
  const { commands, cut, takeOvers, lost, late, commits, refusedCommits } = counts;
  console.log(`${schedules} schedules from seed ${first} in ${Math.round((performance.now() - started) / 1000)} s`);
  console.log(`${commands} commands, of which ${cut} lost or unanswered; ${late} writes refused because they came too late`);
  console.log(`${takeOvers} leases taken over, ${lost} lost by a process that was still there`);
  console.log(`${commits} commits, ${refusedCommits} refused`);
  console.log(
    `${failed.length} schedules failed${failed.length > 0 ? `; again: npm run simulate -- --schedules 1 --seed ${failed[0]?.seed}` : ''}`,
  );
  return failed.length === 0 ? 0 : 1;
}
