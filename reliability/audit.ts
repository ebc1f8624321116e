import type { Db, Document } from 'mongodb';
import { LEASES } from '../packages/fiftyone/src/database/lease-store.js';
import { WORK } from '../packages/fiftyone/src/migrations/work.js';
import { datasetsOf } from '../packages/fiftyone/test/support/dataset-parts.js';
import type { Snapshot } from '../packages/fiftyone/test/support/snapshot.js';

/** A lease as it was from this moment on. */
interface LeaseState {
  readonly at: number;
  readonly run: string;
  readonly expires: number;
}

interface Write {
  readonly user: string;
  /** When the server began with it, and when it was done; in milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
  readonly collection: string;
  readonly id: string | undefined;
}

export interface AuditResult {
  readonly writes: number;
  /** How often a lease went from one runner to another without having been given back. */
  readonly overtaken: number;
  readonly wrong: readonly string[];
}

/**
 * Who wrote what when, by the server's own records: the profile has every operation with its login, the oplog every change of
 * a lease and of a dataset's version. Needs a replica set with a login per process.
 */
export class Audit {
  private constructor(
    readonly db: Db,
    readonly input: Snapshot,
  ) {}

  static async begin(db: Db, input: Snapshot): Promise<Audit> {
    await db.createCollection('system.profile', { capped: true, size: 64 * 2 ** 20 });
    await db.command({ profile: 2 });
    return new Audit(db, input);
  }

  async end(target: string): Promise<AuditResult> {
    await this.db.command({ profile: 0 });
    const profile = await this.db
      .collection('system.profile')
      .find({ op: { $in: ['update', 'insert', 'remove'] } })
      .toArray();
    const { leases, overtaken } = await this.#leases();
    const users = usersOf(profile);
    const writes = profile
      .filter(hasEffect)
      .map(writeOf)
      .filter(({ collection }) => !/^(migrations\.(leases|journal)|system\.)/.test(collection));
    const late = writes.filter((write) => !this.#isCovered(write, leases, users));
    const wrong = late.map(
      ({ user, from, collection, id }) => `${user} wrote to ${collection} ${id ?? ''} at ${from} without a lease`,
    );
    return { writes: writes.length, overtaken, wrong: [...wrong, ...(await this.#versions(target))] };
  }

  /** Whether the writer held the lease of what it wrote to when the write began; where that is not clear, any lease. */
  #isCovered(write: Write, leases: ReadonlyMap<string, readonly LeaseState[]>, users: ReadonlyMap<string, string>): boolean {
    const keys = this.#keysOf(write) ?? [...leases.keys()];
    return keys.some((key) => {
      // the profile tells times by the millisecond
      const before = (leases.get(key) ?? []).filter(({ at }) => at <= write.from + 1);
      const state = before.at(-1);
      return state !== undefined && users.get(state.run) === write.user && state.expires >= write.from - 1;
    });
  }

  #keysOf({ collection, id }: Write): string[] | undefined {
    if (collection === 'config') return ['database'];
    if ((collection === 'datasets' || collection === WORK) && id !== undefined) return [`dataset ${id}`];
    const owners = datasetsOf(this.input).filter((dataset) => {
      const samples = dataset.get('sample_collection_name') as string;
      return [samples, `frames.${samples}`, dataset.get('frame_collection_name')].includes(collection);
    });
    return owners.length === 0 ? undefined : owners.map((dataset) => `dataset ${dataset.get('_id')}`);
  }

  async #oplog(collection: string): Promise<Document[]> {
    const ns = `${this.db.databaseName}.${collection}`;
    return await this.db.client
      .db('local')
      .collection('oplog.rs')
      .find({ ns, op: { $in: ['i', 'u'] } })
      .sort({ $natural: 1 })
      .toArray();
  }

  async #leases(): Promise<{ leases: Map<string, LeaseState[]>; overtaken: number }> {
    const leases = new Map<string, LeaseState[]>();
    let overtaken = 0;
    for (const { op, o, o2, wall } of await this.#oplog(LEASES)) {
      const key: string = op === 'i' ? o._id : o2._id;
      const states = leases.get(key) ?? [];
      const last = states.at(-1);
      const run = o.holder?.run ?? o.diff?.u?.holder?.run ?? o.diff?.sholder?.u?.run ?? last?.run;
      const expires = o.expires ?? o.diff?.u?.expires ?? o.diff?.i?.expires;
      if (last !== undefined && run !== last.run && last.expires > 0) overtaken++;
      states.push({ at: wall.getTime(), run, expires: expires?.getTime() ?? last?.expires ?? 0 });
      leases.set(key, states);
    }
    return { leases, overtaken };
  }

  /** Every dataset that was not at the target gets there in one change of its version. */
  async #versions(target: string): Promise<string[]> {
    const changes = new Map<string, string[]>();
    for (const { op, o, o2 } of await this.#oplog('datasets')) {
      const version = o.version ?? o.diff?.u?.version ?? o.diff?.i?.version;
      if (op === 'u' && version !== undefined) changes.set(String(o2._id), [...(changes.get(String(o2._id)) ?? []), version]);
    }
    return datasetsOf(this.input).flatMap((dataset) => {
      const found = changes.get(String(dataset.get('_id'))) ?? [];
      const wanted = dataset.get('version') === target ? [] : [target];
      return found.join() === wanted.join() ? [] : [`dataset ${dataset.get('name')} went to ${found.join(', ') || 'nowhere'}`];
    });
  }
}

/** Which login a run used: the operations that take leases name the run. */
function usersOf(profile: readonly Document[]): Map<string, string> {
  const users = new Map<string, string>();
  for (const { ns, user, command } of profile) {
    const run = ns.endsWith(LEASES) ? /"run":"([^"]+)"/.exec(JSON.stringify(command))?.[1] : undefined;
    if (run !== undefined) users.set(run, user);
  }
  return users;
}

function hasEffect({ nModified, nUpserted, ninserted, ndeleted }: Document): boolean {
  return [nModified, nUpserted, ninserted, ndeleted].some((count) => count > 0);
}

function writeOf({ ns, user, ts, millis, command }: Document): Write {
  const id = command?.q?._id;
  const until = ts.getTime();
  const collection = ns.slice(ns.indexOf('.') + 1);
  return { user, from: until - millis, until, collection, id: id?._bsontype === 'ObjectId' ? String(id) : undefined };
}
