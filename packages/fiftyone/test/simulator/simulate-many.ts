import { type Mutation, type Outcome, simulate } from './simulate.js';

/** So many schedules share the turns of the event loop that each of them has to wait for. */
const AT_ONCE = 20;

/** What came of many schedules. */
export interface Sum {
  readonly schedules: number;
  readonly counts: Outcome['counts'];
  readonly failed: readonly Outcome[];
}

/** Runs schedules with seeds from `first` on. @param mostFailed after so many that failed it ends */
export async function simulateMany(first: number, schedules: number, mutation: Mutation = {}, mostFailed = 10): Promise<Sum> {
  const counts = { commands: 0, takeOvers: 0, commits: 0, lost: 0, late: 0, cut: 0, refusedCommits: 0 };
  const failed: Outcome[] = [];
  let done = 0;
  while (done < schedules && failed.length < mostFailed) {
    const seeds = Array.from({ length: Math.min(AT_ONCE, schedules - done) }, (_, i) => first + done + i);
    for (const outcome of await Promise.all(seeds.map((seed) => simulate(seed, mutation)))) {
      for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += outcome.counts[name];
      if (outcome.violations.length > 0) failed.push(outcome);
    }
    done += seeds.length;
  }
  return { schedules: done, counts, failed };
}
