import type { Connection } from '../database/connection.js';
import { authorized } from '../database/connection.js';
import { leaseStore, type StoredLease } from '../database/lease-store.js';
import { isHeld, type Lease, Leases } from '../database/leases.js';
import { LockedError } from '../errors.js';

/**
 * Does work while nobody else works on the same.
 *
 * @param done what is done to it, for messages
 * @param alone whether nobody else may be at work on anything in the database
 * @throws LockedError when somebody else is at work
 */
export async function underLeases<T>(
  connection: Connection,
  keys: readonly string[],
  done: string,
  work: (held: readonly Lease[]) => Promise<T>,
  alone = false,
): Promise<T> {
  const leases = new Leases(leaseStore(connection.db));
  try {
    const taken = await authorized(connection, () => Promise.all(keys.map((key) => leases.take(key))), READ_ONLY);
    const others = taken.filter((lease): lease is StoredLease => !isHeld(lease));
    if (alone) others.push(...(await leases.store.list()).filter(({ holder }) => holder.run !== leases.holder.run));
    const [other] = others;
    if (other !== undefined) {
      const { user, host, pid } = other.holder;
      throw new LockedError(`${user} on ${host} (process ${pid}) is at work on ${other._id}: nothing was ${done}`, {
        hint: 'wait for it, or see who is at work and end it with: fiftyone migrate --unlock',
      });
    }
    return await work(taken.filter(isHeld));
  } finally {
    await leases.releaseAll().catch(() => leases.stop());
  }
}

const READ_ONLY = 'use a user with the role readWrite in FIFTYONE_DATABASE_URI: it notes who is at work';
