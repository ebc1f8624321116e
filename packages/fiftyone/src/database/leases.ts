import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { type Db, Long } from 'mongodb';
import { batched } from '../batched.js';
import { FiftyOneError } from '../errors.js';

/** The collection of leases. Clients of FiftyOne do not know it and leave it alone. */
export const LEASES = 'migrations.leases';

/** How long a lease is good for without a heartbeat. Whoever waits takes it over after that. */
const LEASE_MS = 10_000;
const HEARTBEAT_MS = 2_500;
const DUPLICATE_KEY = 11000;

/** How many leases go into one round trip. */
const BATCH = 200;

/** Who holds a lease, as others see it. */
export interface Holder {
  readonly run: string;
  readonly host: string;
  readonly pid: number;
  readonly user: string;
}

/** A lease as it is stored; all times are the server's. */
export interface StoredLease {
  readonly _id: string;
  readonly fence: Long;
  readonly holder: Holder;
  readonly since: Date;
  readonly heartbeat: Date;
  readonly expires: Date;
}

/** A lease that this process holds. Its fencing number is greater than that of everyone who held it before. */
export interface Lease {
  readonly key: string;
  readonly fence: Long;
  /** @throws LostLeaseError when it may have been taken over: nothing must be written any more */
  check(): void;
  release(): Promise<void>;
}

/** This process was away for longer than a lease lasts; somebody else goes on with the work. */
export class LostLeaseError extends FiftyOneError {
  constructor(key: string) {
    super(`lost the lease of ${key}: this process did not run for more than ${LEASE_MS / 1000} s`, {
      hint: 'another process may have taken over; run the command again to see what is left',
    });
  }
}

/**
 * The leases of one run: taken one by one, kept alive together, on the server's clock.
 *
 * A dead process keeps its leases from others for ten seconds at most.
 */
export class Leases {
  readonly holder: Holder = { run: randomUUID(), host: hostname(), pid: process.pid, user: userName() };
  readonly #held = new Map<string, HeldLease>();
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly db: Db) {}

  /** Takes a lease that is free or expired, or returns who holds it. */
  readonly take = batched<string, Lease | StoredLease>(BATCH, (keys) => this.#takeAll(keys));

  /** Gives a lease back. */
  readonly release = batched<HeldLease, undefined>(BATCH, (leases) => this.#releaseAll(leases));

  async #takeAll(keys: readonly string[]): Promise<(Lease | StoredLease)[]> {
    const asked = performance.now();
    const first = {
      fence: new Long(1),
      holder: { $literal: this.holder },
      since: '$$NOW',
      heartbeat: '$$NOW',
      expires: { $add: ['$$NOW', LEASE_MS] },
    };
    const taken = { $mergeObjects: ['$$new', { fence: { $add: ['$fence', new Long(1)] } }] };
    const whenMatched = [{ $replaceWith: { $cond: [{ $lte: ['$expires', '$$NOW'] }, taken, '$$ROOT'] } }];
    const take = () =>
      this.db
        .aggregate([
          { $documents: keys.map((key) => ({ _id: { $literal: key } })) },
          { $addFields: first },
          { $merge: { into: LEASES, on: '_id', whenMatched, whenNotMatched: 'insert' } },
        ])
        .toArray();
    // two clients that insert the same document at once: one of them is told to try again
    await take().catch((error) => {
      if (error.code !== DUPLICATE_KEY) throw error;
      return take();
    });
    const stored = await this.#collection.find({ _id: { $in: [...keys] } }, { promoteLongs: false }).toArray();
    const byKey = new Map(stored.map((lease) => [lease._id, lease]));
    return keys.map((key) => {
      const lease = byKey.get(key) as StoredLease;
      return lease.holder.run === this.holder.run ? this.#hold(key, lease.fence, asked) : lease;
    });
  }

  #hold(key: string, fence: Long, asked: number): Lease {
    const lease = new HeldLease(this, key, fence, asked + LEASE_MS);
    this.#held.set(key, lease);
    this.#timer ??= setInterval(() => void this.#beat(), HEARTBEAT_MS).unref();
    return lease;
  }

  async #releaseAll(leases: readonly HeldLease[]): Promise<undefined[]> {
    for (const { key } of leases) this.#held.delete(key);
    if (this.#held.size === 0) this.stop();
    // the documents stay, because a fencing number must never go back
    const free = { $set: { expires: new Date(0) } };
    const mine = {
      'holder.run': this.holder.run,
      _id: { $in: leases.map(({ key }) => key) },
      fence: { $in: leases.map(({ fence }) => fence) },
    };
    await this.#collection.updateMany(mine, free);
    return leases.map(() => undefined);
  }

  /** Ends the heartbeat, as if the process had died: the leases end by themselves. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Gives back every lease. */
  async releaseAll(): Promise<void> {
    await Promise.all([...this.#held.values()].map(this.release));
  }

  async #beat(): Promise<void> {
    const asked = performance.now();
    const leases = [...this.#held.values()];
    const mine = {
      _id: { $in: leases.map(({ key }) => key) },
      'holder.run': this.holder.run,
      $expr: { $gt: ['$expires', '$$NOW'] },
    };
    try {
      await this.#collection.updateMany(mine, [{ $set: { heartbeat: '$$NOW', expires: { $add: ['$$NOW', LEASE_MS] } } }]);
      // not `distinct`, which knows no $$NOW
      const stored = await this.#collection.find(mine, { projection: { _id: 1 } }).toArray();
      const kept = new Set(stored.map(({ _id }) => _id));
      for (const lease of leases) if (kept.has(lease.key)) lease.goodUntil = asked + LEASE_MS;
    } catch {
      // the next beat tries again; until then the leases run towards their end
    }
  }

  get #collection() {
    return this.db.collection<StoredLease>(LEASES);
  }
}

class HeldLease implements Lease {
  constructor(
    readonly leases: Leases,
    readonly key: string,
    readonly fence: Long,
    /** On this process's own monotonic clock, counted from before the server was asked. */
    public goodUntil: number,
  ) {}

  check(): void {
    if (performance.now() >= this.goodUntil) throw new LostLeaseError(this.key);
  }

  async release(): Promise<void> {
    await this.leases.release(this);
  }
}

/** Whether it is ours, or somebody else's. */
export function isHeld(lease: Lease | StoredLease): lease is Lease {
  return 'check' in lease;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}

/** The leases that are held now. */
export async function activeLeases(db: Db): Promise<StoredLease[]> {
  return await db
    .collection<StoredLease>(LEASES)
    .find({ $expr: { $gt: ['$expires', '$$NOW'] } }, { promoteLongs: false })
    .toArray();
}

/** Ends leases, whoever holds them: their holders write nothing any more. */
export async function expireLeases(db: Db, leases: readonly StoredLease[]): Promise<void> {
  const ids = leases.map(({ _id }) => _id);
  await db.collection<StoredLease>(LEASES).updateMany({ _id: { $in: ids } }, { $set: { expires: new Date(0) } });
}
