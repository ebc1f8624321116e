import { isHeld, type Lease, Leases } from '../../src/database/leases.js';
import { isUnreachable } from '../../src/errors.js';
import type { Host } from './host.js';
import { tableStore } from './lease-table.js';
import { type Edit, type Server, TookTooLongError, TooLateError, type Write } from './server.js';

/** The rules of a runner, as the engine keeps them, so that a test can break one. */
export const RUNNER_RULES = {
  checks: true,
  /** A write that came too late is repeated, not taken for done. */
  repeatsLate: true,
  /** Before it gives a lease back it waits for all its edits, also when one of them has failed. */
  waitsForEdits: true,
  /** Of several edits that failed it is the one whose connection was cut that counts: it may still go on. */
  noticesEveryCut: true,
  /** When the server cannot be reached it keeps its leases from others until they end by themselves. */
  keepsWhenCut: true,
  /** A run that ends without giving back its leases ends their heartbeat. */
  stopsHeartbeat: true,
};
export type RunnerRules = typeof RUNNER_RULES;

/** The longest that the server may be at work on one edit. */
const LONGEST_MS = 4000;
const POLL_MS = 1000;
const MOST_ATTEMPTS = 10;

/** What a runner is to do. */
export interface Job {
  readonly server: Server;
  readonly rules: RunnerRules;
  readonly keys: readonly string[];
  readonly target: number;
}

/** One run of `fiftyone migrate`: every dataset, one version further at a time. @throws CutError when the server cannot be reached */
export async function run(host: Host, job: Job): Promise<void> {
  const leases = new Leases(tableStore(job.server.table, host.send), host);
  host.runs.add(leases.holder.run);
  const task = new Run(host, job, leases);
  let waiting = job.keys;
  while (waiting.length > 0 && !task.cut) {
    const isDone = await Promise.all(waiting.map((key) => task.migrateOne(key)));
    waiting = waiting.filter((_, i) => !isDone[i]);
    if (waiting.length > 0) await host.sleep(POLL_MS);
  }
  if (!task.cut) return await leases.releaseAll();
  if (job.rules.stopsHeartbeat) leases.stop();
  throw task.cut;
}

class Run {
  cut: unknown;
  readonly #writing = new Set<Write>();

  constructor(
    readonly host: Host,
    readonly job: Job,
    readonly leases: Leases,
  ) {}

  /** @returns whether the dataset is at its target */
  async migrateOne(key: string): Promise<boolean> {
    let lease: Lease | undefined;
    try {
      const taken = await this.leases.take(key);
      if (!isHeld(taken)) {
        if (this.host === this.host.audit.healthy) this.host.audit.waits(key);
        return false;
      }
      lease = taken;
      return await this.#move(lease);
    } catch (error) {
      if (isUnreachable(error)) this.cut = error;
      else if (error instanceof TypeError) throw error;
      else this.host.audit.counts.lost++;
      return false;
    } finally {
      if (!this.cut || !this.job.rules.keepsWhenCut) await lease?.release().catch(() => {});
    }
  }

  async #move(lease: Lease): Promise<boolean> {
    const { host, job } = this;
    const write = { key: lease.key, fence: lease.fence };
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const before = await host.send(() => job.server.read(lease.key));
      if (before.version >= job.target) return true;
      await this.#edit(lease, before.version);
      this.#check(lease, write);
      if (await host.send(() => job.server.commit(write, before, host.audit))) return before.version + 1 === job.target;
      host.audit.counts.refusedCommits++;
    }
    return false;
  }

  async #edit(lease: Lease, version: number): Promise<void> {
    const ranges = Array.from({ length: this.job.server.ranges }, (_, range) => this.#editRange(lease, version, range));
    if (!this.job.rules.waitsForEdits) await Promise.all(ranges);
    const results = await Promise.allSettled(ranges);
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    const cut = this.job.rules.noticesEveryCut ? errors.find(isUnreachable) : undefined;
    if (errors.length > 0) throw cut ?? errors[0];
  }

  async #editRange(lease: Lease, version: number, range: number): Promise<void> {
    const { host, job } = this;
    // most edits take a moment, some as long as they may, or longer
    const most = host.random.chance(0.3) ? 1.3 * LONGEST_MS : 300;
    for (let takes = host.random.between(10, most); ; ) {
      const { key, fence } = lease;
      const edit: Edit = { key, fence, version, range, expires: lease.expires.getTime(), longest: LONGEST_MS };
      this.#check(lease, edit);
      this.#writing.add(edit);
      try {
        return await host.call<void>((reply) => job.server.beginEdit(edit, takes, host.audit, (error) => reply(error as never)));
      } catch (error) {
        if (error instanceof TookTooLongError) takes /= 2;
        else if (!(error instanceof TooLateError)) throw error;
        else if (!job.rules.repeatsLate) return;
        else {
          host.audit.counts.late++;
          await host.sleep(500);
        }
      } finally {
        this.#writing.delete(edit);
      }
    }
  }

  #check(lease: Lease, write: Write): void {
    if (this.job.rules.checks) lease.check();
    const others = [...this.#writing].filter(({ fence }) => !fence.equals(lease.fence));
    this.host.audit.believes(this.host, write, others);
  }
}
