import { Long } from 'mongodb';
import {
  AHEAD_MS,
  type Holder,
  LEASE_MS,
  type LeaseId,
  type LeaseStore,
  type SeenLease,
  type StoredLease,
} from '../../src/database/lease-store.js';

/** The rules of the store, one by one, so that a test can break one. All times are in milliseconds of the server. */
export const RULES = {
  isHeld: (lease: StoredLease | undefined, now: number) =>
    lease !== undefined && lease.expires.getTime() > now && lease.expires.getTime() <= now + AHEAD_MS,
  nextFence: (lease: StoredLease | undefined) => (lease?.fence ?? Long.ZERO).add(1),
  isMeant: (lease: StoredLease, id: LeaseId) => lease.fence.equals(id.fence),
  mayProlong: (lease: StoredLease, now: number) => !lease.revoked && RULES.isHeld(lease, now),
  revoked: (lease: StoredLease, _now: number): StoredLease => ({ ...lease, revoked: true }),
  /** What a runner gets to see of a lease that it asked for. */
  seen: (lease: StoredLease, _holder: Holder, _claim: string): StoredLease => lease,
};
export type Rules = typeof RULES;

/** The collection of leases in a fake server: each method is one command. */
export class LeaseTable {
  readonly leases = new Map<string, StoredLease>();

  constructor(
    readonly now: () => number,
    readonly rules: Rules = RULES,
  ) {}

  take(keys: readonly string[], holder: Holder, claim: string): void {
    const times = { since: this.#after(0), heartbeat: this.#after(0), expires: this.#after(LEASE_MS) };
    for (const key of keys) {
      const lease = this.leases.get(key);
      if (this.rules.isHeld(lease, this.now())) continue;
      this.leases.set(key, { _id: key, fence: this.rules.nextFence(lease), holder, claim, ...times });
    }
  }

  prolong(ids: readonly LeaseId[]): void {
    for (const lease of this.#meant(ids))
      if (this.rules.mayProlong(lease, this.now()))
        this.leases.set(lease._id, { ...lease, heartbeat: this.#after(0), expires: this.#after(LEASE_MS) });
  }

  free(ids: readonly LeaseId[]): void {
    for (const lease of this.#meant(ids)) this.leases.set(lease._id, { ...lease, expires: new Date(0) });
  }

  revoke(ids: readonly LeaseId[]): void {
    for (const lease of this.#meant(ids)) this.leases.set(lease._id, this.rules.revoked(lease, this.now()));
  }

  read(keys: readonly string[]): SeenLease[] {
    return keys.flatMap((key) => this.leases.get(key) ?? []).map((lease) => ({ ...lease, now: this.#after(0) }));
  }

  held(): SeenLease[] {
    return this.read([...this.leases.keys()]).filter((lease) => this.rules.isHeld(lease, this.now()));
  }

  #meant(ids: readonly LeaseId[]): StoredLease[] {
    return ids.flatMap((id) => {
      const lease = this.leases.get(id._id);
      return lease && this.rules.isMeant(lease, id) ? [lease] : [];
    });
  }

  #after(ms: number): Date {
    return new Date(this.now() + ms);
  }
}

/** How a command gets to the fake server, and its answer back. */
export type Send = <T>(command: () => T) => Promise<T>;

/** The store of a client of the fake server: the same commands, in the same order, as `leaseStore` gives to a real one. */
export function tableStore(table: LeaseTable, send: Send = async (command) => command()): LeaseStore {
  const { rules } = table;
  return {
    async take(keys, holder, claim) {
      await send(() => table.take(keys, holder, claim));
      const seen = await send(() => table.read(keys));
      return seen.map((lease) => ({ ...rules.seen(lease, holder, claim), now: lease.now }));
    },
    async beat(leases) {
      await send(() => table.prolong(leases));
      const held = await send(() => table.held());
      return held.filter((lease) => leases.some((id) => id._id === lease._id && rules.isMeant(lease, id)));
    },
    release: (leases) => send(() => table.free(leases)),
    list: () => send(() => table.held()),
    revoke: (leases) => send(() => table.revoke(leases)),
  };
}
