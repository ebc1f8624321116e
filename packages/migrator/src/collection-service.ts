import type { Finding, MigrationReport } from 'fiftyone';
import {
  authorized,
  type Connection,
  compareBase,
  findPending,
  type KeptIndex,
  leaseStore,
  migrateRecords,
  pendingAt,
  type Realm,
  type Revision,
  WorkLog,
} from 'fiftyone/engine';
import { FIRST_RELEASE, isBeforeMigrator } from './releases.js';
import type { DatabaseRole, Place, Service, ServiceOptions, ServicePlan, ServiceReport, ServiceStatus } from './service.js';
import { checkVersion, serviceRealm } from './service-realm.js';
import { readService, SERVICES, serviceId, serviceRecord } from './service-record.js';

/** A service that is a few collections, and revisions of them. */
export interface CollectionServiceDefinition {
  readonly name: string;
  readonly database: DatabaseRole;
  readonly collections: readonly string[];
  /** The indexes that its first release has; revisions make and drop the others. */
  readonly indexes: readonly KeptIndex[];
  readonly revisions: readonly Revision[];
}

/** Makes a service that the engine of datasets migrates: planned, resumed, verified and written to the journal like a dataset. */
export function collectionService(definition: CollectionServiceDefinition): Service {
  const { name, database, collections, revisions } = definition;
  const realm = serviceRealm(revisions);
  const own = new Set(collections);
  const about = { name, own, realm, definition };
  return {
    name,
    database,
    owner: async () => (collection) =>
      own.has(collection) || collection === SERVICES || /^(migrations|system)\./.test(collection),
    versionAt: (release) => (isBeforeMigrator(release) ? undefined : release.number),
    status: (place) => statusOf(about, place),
    plan: (place, to, options) => planOf(about, place, to, options),
    apply: (place, plan, options) => apply(about, place, plan, options),
    revert: (place, plan, options) => revert(about, place, plan, options),
    verify: async (place) => {
      const { version } = await statusOf(about, place);
      return { service: name, version, findings: await findingsOf(about, place) };
    },
    extend: (added) => collectionService({ ...definition, revisions: [...revisions, ...added] }),
  };
}

interface About {
  readonly name: string;
  readonly own: ReadonlySet<string>;
  readonly realm: Realm;
  readonly definition: CollectionServiceDefinition;
}

async function statusOf({ name, own, realm }: About, { connection, isKnown }: Place): Promise<ServiceStatus> {
  const { db } = connection;
  const record = await readService(db, serviceId(name));
  const facts = { service: name, version: null, release: null, reasons: [] };
  if (record === undefined) {
    const reasons = await strangers(connection, own, isKnown);
    return { ...facts, state: reasons.length > 0 ? 'foreign' : 'new', reasons };
  }
  const version = record.dataset.get('version') ?? null;
  checkVersion(name, version);
  const left = (await new WorkLog(db, '', realm).unfinished()).get(String(serviceId(name)));
  const unfinished = left && left.from === version ? { unfinished: { from: left.from, to: left.to } } : {};
  return { ...facts, state: 'ready', version, release: version, ...unfinished };
}

/** What tells that somebody else has made what is there: collections that nobody here knows, or data without a stamp. */
async function strangers(connection: Connection, own: ReadonlySet<string>, isKnown: Place['isKnown']): Promise<string[]> {
  const { db } = connection;
  const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map((collection) => collection.name).sort();
  const reasons: string[] = [];
  for (const collection of names) {
    if (own.has(collection)) {
      const any = await db.collection(collection).findOne({}, { projection: { _id: 1 } });
      if (any !== null) reasons.push(`collection ${collection} has documents, but no version is stored`);
    } else if (!(await isKnown(collection))) reasons.push(`collection ${collection} is not known`);
  }
  return reasons;
}

async function planOf(about: About, place: Place, to: string, options: ServiceOptions = {}): Promise<ServicePlan> {
  const { name, realm } = about;
  const { state, version, reasons } = await statusOf(about, place);
  const facts = { service: name, from: version, to, isNew: state === 'new', problems: [] };
  if (state === 'foreign') {
    const problems = [`this product did not make what is in ${place.connection.address}: ${reasons.join('; ')}`];
    return { ...facts, direction: 'none', problems, hint: `it is left untouched; leave the service out with: --exclude ${name}` };
  }
  if (state === 'new') return { ...facts, direction: 'up' };
  const report = await migrateRecords(place.connection, realm, [name], { ...options, target: to, dryRun: true });
  const [outcome] = report.datasets;
  const problems = outcome?.result === 'failed' ? outcome.reasons : [];
  const direction = version === to ? 'none' : compareBase(to, version as string) < 0 ? 'down' : 'up';
  return {
    ...facts,
    direction,
    problems,
    ...(outcome?.hint === undefined ? {} : { hint: outcome.hint }),
    back: realm.command(name, version as string),
    report,
  };
}

async function apply(about: About, place: Place, plan: ServicePlan, options: ServiceOptions = {}): Promise<ServiceReport> {
  if (plan.isNew) await authorized(place.connection, () => bear(about, place));
  return await migrated(about, place, plan.from, plan.to, options);
}

/** A new service starts at the first release and goes the way of all others from there: whoever dies in between leaves a service. */
async function bear({ name, definition }: About, { connection: { db } }: Place): Promise<void> {
  for (const { collection, name: index, fields, unique } of definition.indexes) {
    const key = Object.fromEntries(fields.map((field) => [field, 1 as const]));
    await db.collection(collection).createIndex(key, { name: index, ...(unique ? { unique } : {}) });
  }
  const record = serviceRecord(name, FIRST_RELEASE);
  const { _id, ...fields } = Object.fromEntries(record);
  await db.collection(SERVICES).updateOne({ _id: _id as never }, { $setOnInsert: fields }, { upsert: true });
}

async function migrated(
  { name, realm }: About,
  { connection }: Place,
  from: string | null,
  to: string,
  options: ServiceOptions,
): Promise<ServiceReport> {
  const report = await migrateRecords(connection, realm, [name], { ...options, target: to });
  return { service: name, from, to, report, ...outcomeOf(report) };
}

function outcomeOf({
  datasets: [outcome],
  stopped,
}: MigrationReport): Pick<ServiceReport, 'result' | 'reasons' | 'hint' | 'error'> {
  if (outcome === undefined || outcome.result === 'planned') return { result: 'stopped', reasons: [stopped ?? 'not begun'] };
  const { result, reasons, hint, error } = outcome;
  return { result, reasons, ...(hint === undefined ? {} : { hint }), ...(error === undefined ? {} : { error }) };
}

async function revert(about: About, place: Place, plan: ServicePlan, options: ServiceOptions = {}): Promise<ServiceReport> {
  const { unfinished, version, state } = await statusOf(about, place);
  const facts = { service: about.name, from: version, to: plan.from ?? FIRST_RELEASE };
  if (state !== 'ready') return { ...facts, result: 'unchanged', reasons: ['nothing was done'] };
  if (unfinished) {
    const finished = await migrated(about, place, unfinished.from, unfinished.to, options);
    if (finished.result === 'failed' || finished.result === 'stopped') return finished;
  }
  const back = await migrated(about, place, version, facts.to, options);
  if (plan.isNew && (back.result === 'migrated' || back.result === 'unchanged')) await unbear(about, place);
  return back;
}

/** A service that was new has no stamp again, unless somebody has begun to use it. */
async function unbear({ name, own }: About, { connection: { db } }: Place): Promise<void> {
  for (const collection of own) if ((await db.collection(collection).findOne({}, { projection: { _id: 1 } })) !== null) return;
  await db.collection(SERVICES).deleteOne({ _id: serviceId(name) as never, version: FIRST_RELEASE });
}

async function findingsOf(about: About, place: Place): Promise<Finding[]> {
  const { name, realm } = about;
  const { db } = place.connection;
  const { state, version, unfinished, reasons } = await statusOf(about, place);
  if (state === 'new') return [];
  if (state === 'foreign')
    return [{ problem: `this product did not make it: ${reasons.join('; ')}`, next: `leave it out with: --exclude ${name}` }];
  const held = (await leaseStore(db).list()).find(({ _id }) => _id === `${realm.noun} ${serviceId(name)}`);
  if (held) {
    const { user, host, pid } = held.holder;
    return [{ problem: `${user} on ${host} (process ${pid}) is at work on it`, next: 'look again when that is done' }];
  }
  if (unfinished) {
    const way = `from ${unfinished.from ?? 'no version'} to ${unfinished.to}`;
    return [{ problem: `a migration ${way} was interrupted`, next: `finish it with: ${realm.command(name, unfinished.to)}` }];
  }
  const record = await readService(db, serviceId(name));
  return record
    ? await findPending(
        db,
        pendingAt(record.dataset, version as string, () => [], realm.revisions),
      )
    : [];
}
