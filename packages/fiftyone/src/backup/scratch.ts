import { randomBytes } from 'node:crypto';
import type { Db } from 'mongodb';
import { authorized, type Connection } from '../database/connection.js';
import { LEASES, leaseStore } from '../database/lease-store.js';
import { isHeld, Leases } from '../database/leases.js';
import { FiftyOneError } from '../errors.js';

/** Scratch databases are called so, and by twelve hexadecimal digits. */
const PREFIX = 'fiftyone-scratch-';
const NAME = /^fiftyone-scratch-[0-9a-f]{12}$/;

/** Who uses a scratch database holds this lease in it. */
const LEASE = 'scratch';

/** A database for a while. */
export interface Scratch {
  readonly db: Db;
  /** @throws LostLeaseError when others may have taken it for one that nobody uses any more */
  readonly check: () => void;
}

/**
 * Uses a database beside the others, which is dropped afterwards.
 *
 * @param name what it is called, for users who may write only there. What a scratch that nobody uses has left in it goes
 * @throws FiftyOneError when a database of this name is no scratch, or in use
 */
export async function withScratch<T>(connection: Connection, use: (scratch: Scratch) => Promise<T>, name?: string): Promise<T> {
  const db = connection.client.db(name ?? `${PREFIX}${randomBytes(6).toString('hex')}`);
  const leases = new Leases(leaseStore(db));
  return await authorized(
    connection,
    async () => {
      await checkIsScratch(db);
      const lease = await leases.take(LEASE);
      if (!isHeld(lease)) throw new FiftyOneError(`the database ${db.databaseName} is in use`, { hint: 'try again' });
      await dropLeftovers(db);
      try {
        return await use({ db, check: () => lease.check() });
      } finally {
        leases.stop();
        await db.dropDatabase().catch(() => {});
      }
    },
    `use a user who may write to any database, or at least to ${name ?? `those called ${PREFIX}…`}`,
  );
}

/** Whoever makes one takes the lease first of all: what has anything but no leases is somebody's. */
async function checkIsScratch(db: Db): Promise<void> {
  const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
  if (names.length === 0 || (names.includes(LEASES) && (await db.collection(LEASES).findOne({ _id: LEASE as never })) !== null))
    return;
  throw new FiftyOneError(`the database ${db.databaseName} is no scratch database: it has ${names.length} collections`, {
    hint: 'name one that is not there, since it is dropped afterwards',
  });
}

async function dropLeftovers(db: Db): Promise<void> {
  const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
  for (const name of names.filter((name) => name !== LEASES && !name.startsWith('system.'))) await db.dropCollection(name);
}

/** Drops the scratch databases of those who died. Those that this user may not see stay. @returns their names */
export async function dropDeadScratches({ client }: Connection): Promise<string[]> {
  const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
  const dropped: string[] = [];
  for (const { name } of databases) {
    if (!NAME.test(name)) continue;
    const db = client.db(name);
    // whoever has just made it takes the lease first of all
    const leases = new Leases(leaseStore(db));
    const lease = await leases.take(LEASE);
    if (!isHeld(lease)) continue;
    leases.stop();
    await db.dropDatabase();
    dropped.push(name);
  }
  return dropped;
}
