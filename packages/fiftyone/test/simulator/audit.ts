import { Long } from 'mongodb';
import { AHEAD_MS, type StoredLease } from '../../src/database/lease-store.js';
import type { Host } from './host.js';
import type { Server, Write } from './server.js';

/** Watches everything that happens in a schedule, with rules of its own. Nothing that it calls is under test. */
export class Audit {
  readonly violations: string[] = [];
  readonly counts = { commands: 0, takeOvers: 0, commits: 0, lost: 0, late: 0, cut: 0, refusedCommits: 0 };
  /** When a process other than the last healthy one has last got or prolonged a lease. */
  lastForeign = 0;
  healthy: Host | undefined;
  readonly #fences = new Map<string, Long>();
  readonly #commits = new Set<string>();

  constructor(readonly server: Server) {}

  fail(what: string): void {
    this.violations.push(`at ${Math.round(this.server.timeline.now)} ms: ${what}`);
  }

  /** Runs a command of a process, or of an admin, and looks at what it does to the leases. */
  command<T>(host: Host | undefined, run: () => T): T {
    this.counts.commands++;
    const { leases } = this.server.table;
    const before = [...leases.values()];
    try {
      return run();
    } finally {
      for (const [key, lease] of leases)
        this.#change(
          host,
          before.find(({ _id }) => _id === key),
          lease,
        );
    }
  }

  #change(host: Host | undefined, before: StoredLease | undefined, after: StoredLease): void {
    if (before === after) return;
    const isOurs = before !== undefined && host?.runs.has(before.holder.run) === true;
    const step = after.fence.subtract(before?.fence ?? Long.ZERO);
    if (step.equals(1)) {
      if (before && this.#isLive(before)) this.fail(`${after._id} was taken while it was held`);
      if (before && before.expires.getTime() > 0) this.counts.takeOvers++;
    } else if (!step.isZero()) this.fail(`the fencing number of ${after._id} went from ${before?.fence} to ${after.fence}`);
    else if (before && after.expires < before.expires && this.#isLive(before) && !isOurs)
      this.fail(`${after._id} was ended by another than its holder`);
    else if (before && after.expires > before.expires && !(isOurs && this.#isLive(before) && !before.revoked))
      this.fail(`${after._id} was prolonged after it had ended, or by another than its holder`);
    if (host !== this.healthy && after.expires.getTime() > 0) this.lastForeign = this.server.timeline.now;
  }

  #isLive({ expires }: StoredLease): boolean {
    const left = expires.getTime() - this.server.now();
    return left > 0 && left <= AHEAD_MS;
  }

  #isHeld({ key, fence }: Write): boolean {
    const lease = this.server.table.leases.get(key);
    return lease?.fence.equals(fence) === true && lease.expires.getTime() > this.server.now();
  }

  /** A write takes effect: its lease has to be held, and nobody may have written with a greater fencing number. */
  write(write: Write, what: string): void {
    const { key, fence } = write;
    if (!this.#isHeld(write)) this.fail(`${what} on ${key} with the fencing number ${fence}, whose lease has ended`);
    const greatest = this.#fences.get(key);
    if (greatest?.greaterThan(fence)) this.fail(`${what} on ${key} with ${fence} after one with ${greatest}`);
    else this.#fences.set(key, fence);
  }

  commit({ key, fence }: Write, version: number, isEdited: boolean): void {
    this.counts.commits++;
    for (const once of [`${key} to version ${version}`, `${key} under the fencing number ${fence}`]) {
      if (this.#commits.has(once)) this.fail(`a second commit of ${once}`);
      this.#commits.add(once);
    }
    if (!isEdited) this.fail(`a commit of ${key} to version ${version} before all its samples are edited`);
  }

  /** A process believes that it has a lease. Its clock may be wrong; then only the server's checks count. */
  believes(host: Host, write: Write, others: readonly Write[]): void {
    if (host.clockIsRight && this.server.jumps === 0 && !this.#isHeld(write))
      this.fail(`a process writes to ${write.key} with the fencing number ${write.fence}, which it has lost`);
    if (others.some(({ key }) => key === write.key)) this.fail(`two tasks of one process are at work on ${write.key}`);
  }

  /** The last healthy process has to wait. */
  waits(key: string): void {
    const since = Math.max(this.lastForeign, this.healthy?.started ?? 0);
    const most = 15_000 + (this.server.jumpedBack ? AHEAD_MS : 0);
    if (this.server.timeline.now - since > most) this.fail(`${key} is held for ever by a process that is gone`);
  }

  end(target: number): void {
    for (const [key, { version }] of this.server.datasets) if (version !== target) this.fail(`${key} is not done`);
    for (const lease of this.server.table.leases.values()) if (this.#isLive(lease)) this.fail(`${lease._id} is never freed`);
  }
}
