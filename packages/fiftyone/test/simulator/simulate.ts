import { AHEAD_MS } from '../../src/database/lease-store.js';
import { Audit } from './audit.js';
import { CALM, Host, type Weather } from './host.js';
import { Random } from './random.js';
import { type Job, RUNNER_RULES, type RunnerRules, run } from './runner.js';
import { SERVER_RULES, Server, type ServerRules } from './server.js';
import { Timeline } from './timeline.js';

/** What came of a schedule. */
export interface Outcome {
  readonly seed: number;
  /** What was not as it has to be; nothing, if all is well. */
  readonly violations: readonly string[];
  readonly counts: Audit['counts'];
}

/** Rules that a test breaks. */
export interface Mutation {
  readonly server?: Partial<ServerRules>;
  readonly runner?: Partial<RunnerRules>;
}

/** How long things go wrong in a schedule; then one healthy process has to bring everything to an end. */
const CHAOS_MS = 30_000;
const MOST_MS = 200_000;
const TARGET = 2;
const HOUR = 3_600_000;

/** Runs the coordinator through one schedule, of which the seed says everything. */
export async function simulate(seed: number, mutation: Mutation = {}): Promise<Outcome> {
  const random = new Random(seed);
  const timeline = new Timeline();
  const server = new Server(timeline, { ...SERVER_RULES, ...mutation.server }, random.whole(1, 3));
  const audit = new Audit(server);
  const keys = Array.from({ length: random.whole(1, 3) }, (_, i) => `dataset ${i}`);
  for (const key of keys) server.add(key);
  const job: Job = { server, rules: { ...RUNNER_RULES, ...mutation.runner }, keys, target: TARGET };
  // a clock that goes forwards and back, or back while a process sleeps, makes times good again that were over: no check of times can tell
  const clockGoesBack = random.chance(0.15);
  const storm: Weather = {
    slow: random.pick([0, 0.02, 0.2]),
    // a command of before the clock went back must not arrive when the clock is there again
    slowest: clockGoesBack ? 1000 : random.pick([3000, 12_000]),
    cut: random.pick([0, 0.02, 0.1, 0.3]),
  };
  let weather = storm;
  let touched = false;

  function host(): Host {
    const rate = random.pick([0.9, 0.999, 1, 1, 1.001, 1.1]);
    return new Host(
      timeline,
      random,
      audit,
      () => weather,
      rate,
      () => {
        touched = true;
      },
    );
  }

  function start(slot: number): void {
    const at = host();
    hosts[slot] = at;
    // the same dataset named twice is two tasks of one run
    const mine = random.chance(0.1) ? { ...job, keys: [...keys, ...keys] } : job;
    const go = (): void => {
      run(at, mine).catch((error) => {
        if (error.name !== 'MongoNetworkError') audit.fail(`a run ended with ${error.stack}`);
        // a command ends with its run; a program that uses the SDK goes on, and may try again
        const again = random.pick([() => restart(slot, 1), () => at.do(go), () => {}]);
        timeline.after(random.between(100, 5000), again);
      });
    };
    at.do(go);
  }

  function restart(slot: number, after: number): void {
    hosts[slot]?.kill();
    if (after < MOST_MS) timeline.after(after, () => weather === storm && start(slot));
  }

  const hosts: Host[] = [];
  const size = random.chance(0.2) ? random.whole(4, 8) : random.whole(2, 3);
  for (let slot = 0; slot < size; slot++) timeline.after(random.between(0, 2000), () => start(slot));

  const mishaps: (() => void)[] = [
    () =>
      random.pick(hosts)?.stop(random.between(100, random.pick([3000, 15_000, 40_000])), !clockGoesBack && random.chance(0.3)),
    () => restart(random.whole(0, hosts.length - 1), random.pick([200, 4000, MOST_MS])),
    () => server.jump(random.between(100, random.pick([5000, 20_000, HOUR])) * (clockGoesBack ? -1 : 1)),
    () => audit.command(undefined, () => server.table.revoke(server.table.held())),
    () => server.editByClient(random.pick(keys)),
  ];
  // schedules without jumps of the clock are judged more strictly
  const possible = random.chance(0.4) || clockGoesBack ? mishaps : mishaps.filter((_, i) => i !== 2);
  for (let i = random.whole(1, 8); i > 0; i--) {
    const mishap = random.pick(possible);
    timeline.after(random.between(0, random.pick([3000, 10_000, CHAOS_MS])), () => hosts.length > 0 && mishap());
  }

  timeline.after(CHAOS_MS, () => {
    weather = CALM;
    for (const each of hosts) if (random.chance(0.5)) each?.kill();
    // stopped for good, with what they hold
    for (const each of hosts) if (random.chance(0.5)) each?.stop(Number.POSITIVE_INFINITY, false);
    const healthy = host();
    audit.healthy = healthy;
    healthy.do(() => void run(healthy, job).catch((error) => audit.fail(`the healthy run ended with ${error.stack}`)));
  });

  while (timeline.now < MOST_MS && audit.violations.length === 0 && timeline.step()) {
    // lets everything that waits for a promise go on: `batched` gathers for one turn of the event loop
    for (let i = 0; touched && i < 2; i++) await new Promise(setImmediate);
    touched = false;
  }
  timeline.now += 15_000 + AHEAD_MS;
  if (audit.violations.length === 0) audit.end(TARGET);
  return { seed, violations: audit.violations, counts: audit.counts };
}
