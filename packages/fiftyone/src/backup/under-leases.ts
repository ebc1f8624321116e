import type { Connection } from '../database/connection.js';
import { authorized } from '../database/connection.js';
import { leaseStore } from '../database/lease-store.js';
import { isHeld, type Lease, Leases } from '../database/leases.js';
import { LockedError } from '../errors.js';

/**
 * Does work while nobody else works on the same.
 *
 * @param done what is done to it, for messages
 * @throws LockedError when somebody else is at work
 */
export async function underLeases<T>(
  connection: Connection,
  keys: readonly string[],
  done: string,
  work: (held: readonly Lease[]) => Promise<T>,
): Promise<T> {
  const leases = new Leases(leaseStore(connection.db));
  try {
    const taken = await authorized(connection, () => Promise.all(keys.map((key) => leases.take(key))), READ_ONLY);
    const other = taken.find((lease) => !isHeld(lease));
    if (other !== undefined && !isHeld(other)) {
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
