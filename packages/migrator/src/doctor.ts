import { listBackups } from 'fiftyone/backup';
import { bytes, count, duration } from 'fiftyone/cli-support';
import { type Connection, leaseStore } from 'fiftyone/engine';
import type { Document } from 'mongodb';
import { freeIn } from './backup/room.js';
import { type Databases, placesIn } from './deployment.js';
import { deploymentStatus, type MigratorOptions } from './migrator.js';
import type { DatabaseRole, Service, ServiceStatus } from './service.js';

/** Something that was looked at. `failed` is in the way of a migration, `warning` may be. */
export interface Check {
  readonly about: string;
  readonly state: 'ok' | 'warning' | 'failed';
  readonly text: string;
}

const ok = (about: string, text: string): Check => ({ about, state: 'ok', text });
const warning = (about: string, text: string): Check => ({ about, state: 'warning', text });
const failed = (about: string, text: string): Check => ({ about, state: 'failed', text });

/** What a migration does to a database. The role readWrite has all of it. */
const NEEDED = [
  ...['find', 'insert', 'update', 'remove', 'listCollections', 'listIndexes'],
  ...['createCollection', 'dropCollection', 'createIndex', 'dropIndex'],
];

/** Looks at everything that a migration depends on. Reads only. */
export async function examine(databases: Databases, services: readonly Service[], options: MigratorOptions): Promise<Check[]> {
  const checks: Check[] = [];
  for (const role of ['fiftyone', 'cas'] as const) {
    const connection = databases[role];
    if (connection !== undefined) checks.push(...(await checkDatabase(role, connection)));
  }
  for (const status of await deploymentStatus(databases, { ...options, services })) checks.push(...checkService(status));
  checks.push(...(await checkForeign(databases, services)));
  return checks;
}

async function checkDatabase(role: DatabaseRole, connection: Connection): Promise<Check[]> {
  const { db, client, address } = connection;
  const about = role === 'cas' ? 'database of CAS' : 'database of FiftyOne';
  const admin = client.db('admin');
  const begun = performance.now();
  await db.command({ ping: 1 });
  const took = performance.now() - begun;
  const { version } = await admin.command({ buildInfo: 1 });
  const fcv = await admin.command({ getParameter: 1, featureCompatibilityVersion: 1 }).then(
    ({ featureCompatibilityVersion: found }) => found.version as string,
    () => undefined,
  );
  const server = `MongoDB ${version}, ${fcv === undefined ? 'whose feature compatibility version this login may not ask for' : `feature compatibility version ${fcv}`}`;
  const isBehind = fcv !== undefined && !version.startsWith(`${fcv}.`);
  return [
    ok(about, `${address}, which answers in ${took.toFixed(0)} ms`),
    isBehind ? warning(about, `${server}: a later server may refuse it`) : ok(about, server),
    await checkRights(about, connection),
    ...(await checkReplicaSet(about, connection)),
    ...(await checkDisk(about, connection)),
    ...(await checkWork(about, connection)),
  ];
}

async function checkRights(about: string, { db }: Connection): Promise<Check> {
  const { authInfo } = await db.command({ connectionStatus: 1, showPrivileges: true });
  const { authenticatedUsers: users, authenticatedUserPrivileges: privileges } = authInfo as Document;
  if (users.length === 0) return ok(about, 'no login was used: either the server asks for none, or it will refuse everything');
  const { db: loginDb, user } = users[0];
  const may = new Set<string>(
    (privileges as Document[])
      .filter(({ resource }) => isOn(resource, db.databaseName))
      .flatMap(({ actions }) => actions as string[]),
  );
  const missing = NEEDED.filter((action) => !may.has(action) && !may.has('anyAction'));
  const who = `user '${user}' of ${loginDb}`;
  return missing.length === 0
    ? ok(about, `${who} may do all that a migration needs`)
    : failed(about, `${who} may not: ${missing.join(', ')}; the role readWrite on ${db.databaseName} may`);
}

function isOn(resource: Document, database: string): boolean {
  if (resource.anyResource === true) return true;
  return resource.collection === '' && (resource.db === '' || resource.db === database);
}

async function checkReplicaSet(about: string, { db, client }: Connection): Promise<Check[]> {
  const { setName, isWritablePrimary } = await db.command({ hello: 1 });
  if (setName === undefined) return [ok(about, 'a server by itself: no replica set, no oplog')];
  if (isWritablePrimary !== true) return [failed(about, `replica set ${setName}, whose primary was not found`)];
  const oplog = client.db('local').collection('oplog.rs');
  const ends = async (order: 1 | -1) =>
    (
      await oplog
        .find({}, { projection: { wall: 1 } })
        .sort({ $natural: order })
        .limit(1)
        .toArray()
    )[0];
  try {
    const [first, last] = [await ends(1), await ends(-1)];
    const seconds = (timeOf(last) - timeOf(first)) / 1000;
    const [stats] = await oplog.aggregate([{ $collStats: { storageStats: {} } }]).toArray();
    const size = stats?.storageStats?.maxSize as number;
    return [ok(about, `replica set ${setName}, whose oplog holds ${bytes(size)} and reaches back ${duration(seconds)}`)];
  } catch {
    return [warning(about, `replica set ${setName}; this login may not look into its oplog`)];
  }
}

function timeOf(entry: Document | undefined): number {
  return (entry?.wall as Date | undefined)?.getTime() ?? 0;
}

async function checkDisk(about: string, { db }: Connection): Promise<Check[]> {
  const stats = await db.stats().catch(() => undefined);
  const total = Number(stats?.fsTotalSize);
  if (stats === undefined || !(total > 0)) return [warning(about, 'the server does not tell how full its disk is')];
  const free = total - Number(stats.fsUsedSize);
  const size = Number(stats.dataSize) + Number(stats.indexSize);
  const text = `${bytes(size)} of data; ${bytes(free)} of ${bytes(total)} left on the disk of the server`;
  // a large migration may write every document anew
  return [free < size ? warning(about, text) : ok(about, text)];
}

async function checkWork(about: string, { db }: Connection): Promise<Check[]> {
  const leases = await leaseStore(db).list();
  const restores = await db.collection('migrations.restores').countDocuments({ state: { $exists: true } });
  return [
    ...leases.map(({ _id, holder: { user, host, pid } }) =>
      warning(about, `${user} on ${host} (process ${pid}) is at work on ${_id}`),
    ),
    ...(restores > 0
      ? [warning(about, 'a restore was interrupted: the same restore goes on, or the next migration takes it back')]
      : []),
    ...(leases.length + restores === 0 ? [ok(about, 'nobody is at work on it')] : []),
  ];
}

function checkService({ service, state, version, release, unfinished, reasons }: ServiceStatus): Check[] {
  if (state === 'foreign')
    return [failed(service, `this product did not make it: ${reasons.join('; ')}; leave it out with: --exclude ${service}`)];
  if (state === 'new') return [ok(service, 'new: nothing is there yet')];
  const at = `at ${version}${release === null || release === version ? '' : ` (release ${release})`}`;
  if (unfinished === undefined) return [ok(service, at)];
  const way = `from ${unfinished.from ?? 'no version'} to ${unfinished.to}`;
  return [warning(service, `${at}; a migration ${way} was interrupted, and the same command finishes it`)];
}

/** Collections that nobody knows do not belong here, though nothing touches them. */
async function checkForeign(databases: Databases, services: readonly Service[]): Promise<Check[]> {
  const placeOf = placesIn(databases, services);
  const checks: Check[] = [];
  for (const role of ['fiftyone', 'cas'] as const) {
    const connection = databases[role];
    const service = services.find(({ database }) => database === role);
    if (connection === undefined || service === undefined) continue;
    const { isKnown } = placeOf(service);
    const names = (await connection.db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
    const known = await Promise.all(names.map(isKnown));
    const unknown = names.filter((_, i) => !known[i]).sort();
    if (unknown.length > 0)
      checks.push(
        warning(
          role === 'cas' ? 'database of CAS' : 'database of FiftyOne',
          `${count(unknown.length, 'collection')} of nobody that is known, which nothing touches: ${unknown.slice(0, 10).join(', ')}${unknown.length > 10 ? ', …' : ''}`,
        ),
      );
  }
  return checks;
}

/** Looks at the folder of backups. */
export async function examineBackups(folder: string): Promise<Check[]> {
  const backups = await listBackups(folder);
  const broken = backups.filter(({ state }) => state === 'unfinished' || state === 'damaged');
  const free = await freeIn(folder);
  return [
    ok('backups', `${count(backups.length - broken.length, 'backup')} in ${folder}, where ${bytes(free)} are left`),
    ...broken.map(({ name, state }) => warning('backups', `${name} is ${state}`)),
  ];
}
