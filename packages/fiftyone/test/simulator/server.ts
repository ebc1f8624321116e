import type { Long } from 'mongodb';
import { type StoredLease, WRITE_AHEAD_MS } from '../../src/database/lease-store.js';
import type { Audit } from './audit.js';
import { LeaseTable, RULES } from './lease-table.js';
import type { Timeline } from './timeline.js';

/** A dataset document; whoever changes it makes a new one, so that comparing documents is comparing references. */
export interface DatasetDocument {
  readonly version: number;
  /** How often a client has edited it. */
  readonly edits: number;
}

/** The rules of the server, as the real commands have them. */
export const SERVER_RULES = {
  ...RULES,
  /** `inTime` of the store. */
  isInTime: (expires: number, longest: number, now: number) => expires - now > longest && expires - now <= WRITE_AHEAD_MS,
  /** Of `WorkLog.commit`. */
  mayCommit: (lease: StoredLease | undefined, fence: Long, now: number) =>
    lease?.fence.equals(fence) === true && lease.expires.getTime() > now,
  isUnchanged: (stored: DatasetDocument, before: DatasetDocument) => stored === before,
};
export type ServerRules = typeof SERVER_RULES;

/** A write came later than its lease allows. */
export class TooLateError extends Error {}

/** A write took longer than its `maxTimeMS`. */
export class TookTooLongError extends Error {}

/** A fake server: leases, dataset documents and which ranges of their samples are edited. */
export class Server {
  readonly table: LeaseTable;
  readonly datasets = new Map<string, DatasetDocument>();
  /** The ranges that are edited for the next version. */
  readonly edited = new Map<string, Set<number>>();
  jumps = 0;
  jumpedBack = false;
  #offset = 1_700_000_000_000;

  constructor(
    readonly timeline: Timeline,
    readonly rules: ServerRules,
    readonly ranges: number,
  ) {
    this.table = new LeaseTable(() => this.now(), rules);
  }

  now(): number {
    return this.timeline.now + this.#offset;
  }

  jump(ms: number): void {
    this.#offset += ms;
    this.jumps++;
    this.jumpedBack ||= ms < 0;
  }

  add(key: string): void {
    this.datasets.set(key, { version: 0, edits: 0 });
    this.edited.set(key, new Set());
  }

  read(key: string): DatasetDocument {
    return this.datasets.get(key) as DatasetDocument;
  }

  editByClient(key: string): void {
    const stored = this.read(key);
    this.datasets.set(key, { ...stored, edits: stored.edits + 1 });
  }

  /** Begins to edit a range, which takes some time. @throws TooLateError */
  beginEdit(edit: Edit, takes: number, audit: Audit, end: (error?: Error) => void): void {
    if (!this.rules.isInTime(edit.expires, edit.longest, this.now())) throw new TooLateError();
    const jumps = this.jumps;
    audit.write(edit, 'an edit begins');
    this.timeline.after(Math.min(takes, edit.longest), () => {
      // no command knows that the clock jumps while it runs
      if (this.jumps === jumps) audit.write(edit, 'an edit ends');
      if (takes > edit.longest) return end(new TookTooLongError());
      if (this.read(edit.key).version === edit.version) this.edited.get(edit.key)?.add(edit.range);
      end();
    });
  }

  /** @returns whether the dataset has its new version by this commit */
  commit(write: Write, before: DatasetDocument, audit: Audit): boolean {
    if (!this.rules.mayCommit(this.table.leases.get(write.key), write.fence, this.now())) return false;
    if (!this.rules.isUnchanged(this.read(write.key), before)) return false;
    audit.write(write, 'a commit');
    audit.commit(write, before.version + 1, this.edited.get(write.key)?.size === this.ranges);
    this.datasets.set(write.key, { ...before, version: before.version + 1 });
    this.edited.get(write.key)?.clear();
    return true;
  }
}

/** A write to a dataset, under a lease. */
export interface Write {
  readonly key: string;
  readonly fence: Long;
}

/** The edit of one range of samples, on the way from a version to the next. */
export interface Edit extends Write {
  readonly version: number;
  readonly range: number;
  readonly expires: number;
  readonly longest: number;
}
