import { type Db, type Document, Long, MongoServerError } from 'mongodb';

/** The collection of leases. Clients of FiftyOne do not know it and leave it alone. */
export const LEASES = 'migrations.leases';

/** How long a lease is good for without a heartbeat. Whoever waits takes it over after that. */
export const LEASE_MS = 10_000;

/** A lease that ends later than this was written before the server's clock went back: nobody waits for it. */
export const AHEAD_MS = 4 * LEASE_MS;

/**
 * No write is made under a lease that ends later than this. So one that is free because the clock went back is out of time for twenty
 * seconds more, by when its holder has noticed.
 */
export const WRITE_AHEAD_MS = 2 * LEASE_MS;

const DUPLICATE_KEY = 11000;

/** Who holds a lease, as others see it. */
export interface Holder {
  readonly run: string;
  readonly host: string;
  readonly pid: number;
  readonly user: string;
}

/** Which lease is meant: the dataset, and which time of all the times that it was held. */
export interface LeaseId {
  readonly _id: string;
  readonly fence: Long;
}

/** A lease as it is stored; all times are the server's. */
export interface StoredLease extends LeaseId {
  readonly holder: Holder;
  /** Tells a lease that was taken by this very call from one taken by an earlier call whose answer was lost. */
  readonly claim: string;
  readonly since: Date;
  readonly heartbeat: Date;
  readonly expires: Date;
  /** An admin has taken the right to prolong it. */
  readonly revoked?: true;
}

/** A lease, and the server's clock when it was read. */
export interface SeenLease extends StoredLease {
  readonly now: Date;
}

/** Where leases are kept. Every change of a lease is one atomic operation, on the server's clock. */
export interface LeaseStore {
  /** Takes those that are free, and reads all of them, in any order. */
  take(keys: readonly string[], holder: Holder, claim: string): Promise<SeenLease[]>;
  /** Prolongs those that have not ended, and reads those that still have not. */
  beat(leases: readonly LeaseId[]): Promise<SeenLease[]>;
  /** Ends those that still have this fencing number. */
  release(leases: readonly LeaseId[]): Promise<void>;
  /** The leases that are held now. */
  list(): Promise<StoredLease[]>;
  /** Lets nobody prolong them. Each ends when it was to end, because writes that are under way count on that. */
  revoke(leases: readonly LeaseId[]): Promise<void>;
}

const FOR_LEASE_MS = { $add: ['$$NOW', LEASE_MS] };
const ENDS = { $ifNull: ['$expires', new Date(0)] };
const IS_HELD = { $and: [{ $gt: [ENDS, '$$NOW'] }, { $lte: [ENDS, { $add: ['$$NOW', AHEAD_MS] }] }] };

/** The leases of a database. */
export function leaseStore(db: Db): LeaseStore {
  // a lease that a fail-over could take back, or that was read from a secondary, would be none
  const collection = db.collection<StoredLease>(LEASES, { readPreference: 'primary', writeConcern: { w: 'majority' } });

  async function read(filter: Document): Promise<SeenLease[]> {
    const stages = [{ $match: filter }, { $set: { now: '$$NOW' } }];
    return await collection.aggregate<SeenLease>(stages, { promoteLongs: false }).toArray();
  }

  return {
    async take(keys, holder, claim) {
      const fields = { holder: { $literal: holder }, claim, since: '$$NOW', heartbeat: '$$NOW', expires: FOR_LEASE_MS };
      const fence = { $add: [{ $ifNull: ['$fence', new Long(0)] }, new Long(1)] };
      const taken = { $mergeObjects: ['$$new', { fence }] };
      const stages = [
        { $documents: keys.map((key) => ({ _id: { $literal: key }, fence: new Long(1) })) },
        { $set: fields },
        {
          $merge: {
            into: LEASES,
            on: '_id',
            whenMatched: [{ $replaceWith: { $cond: [IS_HELD, '$$ROOT', taken] } }],
            whenNotMatched: 'insert',
          },
        },
      ];
      const take = () => db.aggregate(stages, { writeConcern: { w: 'majority' } }).toArray();
      // two clients that insert the same document at once: one of them is told to try again
      await take().catch((error) => {
        if (error.code !== DUPLICATE_KEY) throw error;
        return take();
      });
      return await read({ _id: { $in: [...keys] } });
    },

    async beat(leases) {
      const prolonged = [{ $set: { heartbeat: '$$NOW', expires: FOR_LEASE_MS } }];
      await setAll(leases, prolonged, { revoked: { $exists: false }, $expr: IS_HELD });
      const fences = new Map(leases.map(({ _id, fence }) => [_id, fence]));
      const held = await read({ _id: { $in: [...fences.keys()] }, $expr: IS_HELD });
      return held.filter(({ _id, fence }) => fences.get(_id)?.equals(fence));
    },

    async release(leases) {
      // the documents stay, because a fencing number must never go back
      await setAll(leases, { $set: { expires: new Date(0) } });
    },

    async list() {
      return await collection.find({ $expr: IS_HELD }, { promoteLongs: false }).toArray();
    },

    async revoke(leases) {
      await setAll(leases, { $set: { revoked: true } });
    },
  };

  /** Those that were held as often have the same fencing number: hundreds of leases then are one statement. */
  async function setAll(leases: readonly LeaseId[], update: Document | Document[], where: Document = {}): Promise<void> {
    const fences = new Map(leases.map(({ fence }) => [String(fence), fence]));
    const statements = [...fences.values()].map((fence) => {
      const keys = leases.filter((lease) => lease.fence.equals(fence)).map(({ _id }) => _id);
      return { updateMany: { filter: { _id: { $in: keys }, fence, ...where }, update } };
    });
    await collection.bulkWrite(statements, { ordered: false });
  }
}

/**
 * An expression for the filter of a write (`$expr`): true while the lease is good for so long still, by the server's clock. A write that
 * arrives too late fails with an error: if it merely matched nothing, it would look like one that had nothing to do.
 *
 * @param expires the end of the lease, as the runner knows it
 * @param longest how long the write may take, in milliseconds: give it as `maxTimeMS` too
 */
export function inTime(expires: Date, longest: number): Document {
  const left = { $subtract: [expires, '$$NOW'] };
  return { $divide: [1, { $cond: [{ $and: [{ $gt: [left, longest] }, { $lte: [left, WRITE_AHEAD_MS] }] }, 1, 0] }] };
}

/** Whether a write failed because it came too late for its lease. Nothing of it was done: if the lease still is held, do it again. */
export function isTooLate(error: unknown): boolean {
  return error instanceof MongoServerError && /divide by zero/.test(error.message);
}
