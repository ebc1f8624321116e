import { ObjectId, type ReadonlyDoc, type Value } from '../bson/index.js';
import type { Connection } from '../database/connection.js';
import { electionOf } from '../database/election.js';
import { leaseStore } from '../database/lease-store.js';
import { Leases } from '../database/leases.js';
import { findDocs } from '../database/raw.js';
import { type FiftyOneError, RefusedError } from '../errors.js';
import { parseVersion } from '../version.js';
import { type AnyMatch, anyMatch } from './any-match.js';
import type { Applier } from './apply.js';
import { type AtticEntry, entryReader } from './attic/entry.js';
import { PART_SIZES } from './bulk-edits.js';
import { COMMON, CollectionOrder } from './collection-order.js';
import { Control } from './control.js';
import { dataSize } from './data-size.js';
import { datasetsRealm } from './datasets-realm.js';
import { limited } from './limited.js';
import type { MigrateOptions } from './migrate-options.js';
import { NameRegistry } from './name-registry.js';
import type { Realm } from './realm.js';
import type { StepContext } from './revision.js';
import { afterRunCheck } from './verify/after-run.js';
import { type Begun, WorkLog } from './work.js';

/** How many datasets are under way at once, and how many bytes of data a database has in which it is only a few. */
export const WINDOW = 200;
const LARGE = 256 * 1024 * 1024;

/** A document of the collection `datasets`, as far as a run needs to know it before it plans. */
export interface Row {
  readonly id: ObjectId;
  readonly name: string | null;
  /** The stored version, when the run began. */
  readonly version: Value | undefined;
  /** Why it cannot even be planned. */
  readonly problem: FiftyOneError | undefined;
}

/** What all datasets of one run share. */
export interface Run {
  readonly realm: Realm;
  readonly connection: Connection;
  readonly options: MigrateOptions;
  readonly databaseVersion: string;
  readonly rows: readonly Row[];
  readonly names: NameRegistry;
  readonly now: StepContext['now'];
  readonly leases: Leases;
  readonly control: Control;
  /** Lets so many datasets be under way at once, in the order in which they come. */
  readonly room: ReturnType<typeof roomFor>;
  readonly read: ReturnType<Realm['reader']>;
  readonly matches: AnyMatch;
  /** What the attic has of a dataset. */
  readonly entries: (dataset: ObjectId) => Promise<readonly AtticEntry[]>;
  readonly applier: Applier;
  /** How much data the database has. */
  readonly bytes: () => Promise<number>;
  readonly order: CollectionOrder;
  /** Looks whether a plan that was applied has left anything undone. */
  readonly check: ReturnType<typeof afterRunCheck>;
  /** What one dataset finds out about the server, for all. */
  readonly server: { gone: boolean };
  /** Datasets on which runners that died have left work. */
  readonly unfinished: ReadonlyMap<string, Begun>;
}

/** Reads which datasets there are. */
export async function openRun(
  connection: Connection,
  options: MigrateOptions,
  databaseVersion: string,
  realm = datasetsRealm,
): Promise<Run> {
  if (options.target !== undefined) parseVersion(options.target);
  const docs = await findDocs(connection.db, realm.records, {}, { projection: { name: 1, slug: 1, version: 1 } });
  const names = new NameRegistry();
  for (const doc of docs)
    if (doc.get('_id') instanceof ObjectId) names.enter(doc.get('_id') as ObjectId, doc.get('name'), doc.get('slug'));
  const rows = docs.map((doc) => rowOf(doc, names, realm));
  const { db } = connection;
  const operations = (await db.listCollections({ name: COMMON }, { nameOnly: true }).toArray()).length > 0;
  const hasCollection = (name: string) => name !== COMMON || operations;
  const leases = new Leases(leaseStore(db));
  const control = new Control(db, leases.holder.run, options.signal, (by) => options.onEvent?.({ kind: 'paused', by }));
  const concurrency = options.concurrency ?? 4;
  const sizes = options.partSizes ?? PART_SIZES;
  const bytes = dataSize(db);
  const isSmall = async () => (await bytes()) < sizes.small;
  const editing = { concurrency, limited: limited(concurrency), mayGoOn: control.mayGoOn, isSmall, sizes };
  // what is written before a commit needs no wait of its own: the commit waits until all of it cannot be lost any more
  const unwaited = connection.client.db(db.databaseName, { writeConcern: { w: 1 } });
  const work = new WorkLog(unwaited, await electionOf(db), realm);
  const applier = { db: unwaited, work, hasCollection, editing };
  return {
    realm,
    connection,
    options,
    databaseVersion,
    rows,
    names,
    now: clock(),
    leases,
    control,
    room: roomFor(bytes, concurrency),
    read: realm.reader(db),
    matches: anyMatch(db),
    entries: entryReader(db, realm.attic),
    bytes,
    applier,
    order: new CollectionOrder(),
    check: afterRunCheck(db, realm.revisions),
    server: { gone: false },
    unfinished: await applier.work.unfinished(),
  };
}

/**
 * Of a large database a run takes only the datasets that it edits right away, and leaves the others to other runs; of a small
 * one many, which then share round trips.
 */
function roomFor(bytes: () => Promise<number>, concurrency: number): ReturnType<typeof limited> {
  let limit: Promise<ReturnType<typeof limited>> | undefined;
  return async (task) => {
    limit ??= bytes().then((size) => limited(size < LARGE ? WINDOW : concurrency));
    return await (await limit)(task);
  };
}

function rowOf(doc: ReadonlyDoc, names: NameRegistry, { records }: Realm): Row {
  const [id, given, version] = [doc.get('_id'), doc.get('name'), doc.get('version')];
  const name = typeof given === 'string' ? given : null;
  const label = name === null ? 'without a name' : `'${name}'`;
  const refused = (reason: string) =>
    new RefusedError(label, [reason], `correct the documents in collection ${records}: nothing was changed`);
  if (!(id instanceof ObjectId)) return { id: new ObjectId(), name, version, problem: refused('its _id is not an ObjectId') };
  if (name === null) return { id, name, version, problem: refused(`the document with _id ${id} has no name`) };
  const count = names.count(name);
  return { id, name, version, problem: count > 1 ? refused(`${count} documents have this name`) : undefined };
}

function clock(): StepContext['now'] {
  const micros = Math.round((performance.timeOrigin + performance.now()) * 1000);
  return { ms: Math.floor(micros / 1000), micros: micros % 1000 };
}

/** By code point, as the real client orders them; what has no name comes last. */
export function compareNames(a: string | null, b: string | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
