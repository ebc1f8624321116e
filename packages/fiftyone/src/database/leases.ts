import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { Long } from 'mongodb';
import { batched } from '../batched.js';
import { FiftyOneError } from '../errors.js';
import { type Holder, LEASE_MS, type LeaseId, type LeaseStore, type SeenLease, type StoredLease } from './lease-store.js';

const HEARTBEAT_MS = 2_500;

/** How many leases go into one round trip. */
const BATCH = 200;

/** A lease that this process holds. Its fencing number is greater than that of everyone who held it before. */
export interface Lease {
  readonly key: string;
  readonly fence: Long;
  /** When it ends, by the server's clock, if no further heartbeat gets there. Writes carry it, see `inTime`. */
  readonly expires: Date;
  /** @throws LostLeaseError when it may have been taken over: nothing must be written any more */
  check(): void;
  /** Gives it back. Only for a holder all of whose writes have ended; otherwise let it end by itself. */
  release(): Promise<void>;
}

/** The lease is not ours any more; somebody else goes on with the work. */
export class LostLeaseError extends FiftyOneError {
  constructor(key: string) {
    super(
      `lost the lease of ${key}: for ${LEASE_MS / 1000} s no heartbeat of this process reached the server, or an admin ended it`,
      {
        hint: 'another process may have taken over; run the command again to see what is left',
      },
    );
  }
}

/** The clock of a process. */
export interface Clock {
  /** Milliseconds that only go forwards. */
  now(): number;
  /** Runs something again and again. @returns what ends that */
  every(ms: number, run: () => void): () => void;
}

const processClock: Clock = {
  now: () => performance.now(),
  every(ms, run) {
    const timer = setInterval(run, ms).unref();
    return () => clearInterval(timer);
  },
};

/**
 * The leases of one run: taken one by one, kept alive together, on the server's clock.
 *
 * A dead process keeps its leases from others for ten seconds at most.
 */
export class Leases {
  readonly holder: Holder = { run: randomUUID(), ...thisProcess() };
  readonly #held = new Map<string, HeldLease>();
  #stopHeartbeat: (() => void) | undefined;

  constructor(
    readonly store: LeaseStore,
    readonly clock: Clock = processClock,
  ) {}

  /** Takes a lease that is free or has ended, or returns who holds it: another run, or another task of this one. */
  readonly take = batched<string, Lease | StoredLease>(BATCH, (keys) => this.#takeAll(keys));

  /** Gives a lease back. */
  readonly release = batched<HeldLease, undefined>(BATCH, (leases) => this.#releaseAll(leases));

  async #takeAll(keys: readonly string[]): Promise<(Lease | StoredLease)[]> {
    const asked = this.clock.now();
    const claim = randomUUID();
    const seen = await this.store.take([...new Set(keys)], this.holder, claim);
    const byKey = new Map(seen.map((lease) => [lease._id, lease]));
    return keys.map((key) => {
      const lease = byKey.get(key) as SeenLease;
      const isNew = lease.claim === claim && !this.#held.get(key)?.fence.equals(lease.fence);
      return isNew ? this.#hold(lease, asked) : lease;
    });
  }

  #hold(seen: SeenLease, asked: number): Lease {
    const lease = new HeldLease(this, seen, asked);
    this.#held.get(lease.key)?.end();
    this.#held.set(lease.key, lease);
    this.#stopHeartbeat ??= this.clock.every(HEARTBEAT_MS, () => void this.#beat());
    return lease;
  }

  async #releaseAll(leases: readonly HeldLease[]): Promise<undefined[]> {
    for (const lease of leases) lease.end();
    try {
      await this.store.release(leases);
    } finally {
      for (const lease of leases) if (this.#held.get(lease.key) === lease) this.#held.delete(lease.key);
      if (this.#held.size === 0) this.stop();
    }
    return leases.map(() => undefined);
  }

  /** Ends the heartbeat, as if the process had died: the leases end by themselves. */
  stop(): void {
    this.#stopHeartbeat?.();
    this.#stopHeartbeat = undefined;
  }

  /** Gives back every lease. */
  async releaseAll(): Promise<void> {
    await Promise.all([...this.#held.values()].map(this.release));
  }

  async #beat(): Promise<void> {
    const asked = this.clock.now();
    const leases = [...this.#held.values()].filter((lease) => !lease.ended);
    if (leases.length === 0) return;
    try {
      const kept = new Map((await this.store.beat(leases)).map((lease) => [lease._id, lease]));
      for (const lease of leases) {
        const seen = kept.get(lease.key);
        if (seen) lease.prolong(seen, asked);
        else lease.end();
      }
    } catch {
      // the next beat tries again; until then the leases run towards their end
    }
  }
}

class HeldLease implements Lease, LeaseId {
  readonly key: string;
  readonly fence: Long;
  expires: Date;
  /** On this process's own clock. */
  #goodUntil: number;

  constructor(
    readonly leases: Leases,
    seen: SeenLease,
    asked: number,
  ) {
    this.key = seen._id;
    this.fence = seen.fence;
    this.expires = seen.expires;
    this.#goodUntil = asked + left(seen);
  }

  get _id(): string {
    return this.key;
  }

  get ended(): boolean {
    return this.#goodUntil === Number.NEGATIVE_INFINITY;
  }

  /** @param asked when the server was asked: it read its clock after that, so the lease does not end earlier */
  prolong(seen: SeenLease, asked: number): void {
    // answers of heartbeats may overtake each other
    if (this.ended || asked + left(seen) <= this.#goodUntil) return;
    this.#goodUntil = asked + left(seen);
    this.expires = seen.expires;
  }

  end(): void {
    this.#goodUntil = Number.NEGATIVE_INFINITY;
  }

  check(): void {
    if (this.leases.clock.now() >= this.#goodUntil) throw new LostLeaseError(this.key);
  }

  async release(): Promise<void> {
    this.end();
    await this.leases.release(this);
  }
}

/** How long a lease is good for still; never longer than after a heartbeat, whatever the server's clock did meanwhile. */
function left({ expires, now }: SeenLease): number {
  return Math.min(expires.getTime() - now.getTime(), LEASE_MS);
}

/** Whether it is ours, or somebody else's. */
export function isHeld(lease: Lease | StoredLease): lease is Lease {
  return 'check' in lease;
}

/** This process, as others see it. */
export function thisProcess(): Omit<Holder, 'run'> {
  return { host: hostname(), pid: process.pid, user: userName() };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
