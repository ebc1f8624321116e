import type { MigrationReport } from 'fiftyone';
import {
  authorized,
  compareBase,
  Doc,
  isVersion,
  type KeptIndex,
  migrateRecords,
  ObjectId,
  type Revision,
  type StepContext,
} from 'fiftyone/engine';
import { FIRST_RELEASE, isBeforeMigrator } from './releases.js';
import type { DatabaseRole, Place, Service, ServiceOptions, ServicePlan, ServiceReport } from './service.js';
import { findingsOf } from './service-findings.js';
import { checkVersion, serviceRealm } from './service-realm.js';
import { SERVICES, serviceId, serviceRecord } from './service-record.js';
import { type About, statusOf } from './service-status.js';

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
  const about = { name, own, realm };
  return {
    name,
    database,
    owner: async () => (collection) =>
      own.has(collection) || collection === SERVICES || /^(migrations|system)\./.test(collection),
    versionAt: (release) => (isBeforeMigrator(release) ? undefined : release.number),
    status: (place) => statusOf(about, place),
    plan: (place, to, options) => planOf(about, place, to, options),
    apply: (place, plan, options) => apply(about, definition, place, plan, options),
    revert: (place, plan, options) => revert(about, place, plan, options),
    verify: async (place) => {
      const { version } = await statusOf(about, place);
      return { service: name, version, findings: await findingsOf(about, place) };
    },
    extend: (added) => collectionService({ ...definition, revisions: [...revisions, ...added] }),
  };
}

async function planOf(about: About, place: Place, to: string, options: ServiceOptions = {}): Promise<ServicePlan> {
  const { name, realm } = about;
  const { state, version, reasons } = await statusOf(about, place);
  const facts = {
    service: name,
    from: version,
    to,
    isNew: state === 'new',
    problems: [],
    touches: touchedBy(about, version, to),
  };
  if (state === 'foreign') {
    const problems = [`this product did not make what is in ${place.connection.address}: ${reasons.join('; ')}`];
    return { ...facts, direction: 'none', problems, hint: `it is left untouched; leave the service out with: --exclude ${name}` };
  }
  if (state === 'new') return { ...facts, ...planNew(about, place) };
  checkVersion(name, version);
  const report = await migrateRecords(place.connection, realm, [name], { ...options, target: to, dryRun: true });
  const [outcome] = report.datasets;
  const problems = outcome?.result === 'failed' ? outcome.reasons : [];
  const direction = version === to ? 'none' : compareBase(to, version) < 0 ? 'down' : 'up';
  return {
    ...facts,
    direction,
    problems,
    ...(outcome?.hint === undefined ? {} : { hint: outcome.hint }),
    back: realm.command(name, version),
    report,
  };
}

function planNew({ name }: About, { connection: { settings } }: Place): Pick<ServicePlan, 'direction' | 'problems' | 'hint'> {
  if (settings.disableMigrations) return { direction: 'none', problems: [] };
  if (settings.databaseAdmin) return { direction: 'up', problems: [] };
  const problems = [`Cannot make service '${name}' without admin privileges`];
  return { direction: 'none', problems, hint: 'assume them with: export FIFTYONE_DATABASE_ADMIN=true' };
}

/** The collections that the way edits, and that of the version. */
function touchedBy({ realm }: About, from: string | null, to: string): string[] {
  if (from === null || !isVersion(from)) return [SERVICES];
  const { path } = realm.pathBetween(from, to, false);
  const record = { dataset: new Doc(), runs: [], views: [] };
  const edits = path.flatMap(({ step }) => step.bulk?.(record, NO_CONTEXT) ?? []);
  return [...new Set([SERVICES, ...edits.map((edit) => (edit.kind === 'merge' ? edit.into : edit.collection))])];
}

const NO_CONTEXT: StepContext = {
  now: { ms: 0, micros: 0 },
  others: { names: new Set(), slugs: new Set() },
  newId: () => new ObjectId(),
  warn: () => {},
};

async function apply(
  about: About,
  definition: CollectionServiceDefinition,
  place: Place,
  plan: ServicePlan,
  options: ServiceOptions = {},
): Promise<ServiceReport> {
  if (plan.isNew && plan.direction === 'none')
    return { service: plan.service, from: null, to: plan.to, result: 'unchanged', reasons: ['migrations are switched off'] };
  if (plan.isNew) await authorized(place.connection, () => bear(definition, place));
  return await migrated(about, place, plan.from, plan.to, options);
}

/** A new service starts at the first release and goes the way of all others from there: whoever dies in between leaves a service. */
async function bear({ name, indexes }: CollectionServiceDefinition, { connection: { db } }: Place): Promise<void> {
  for (const { collection, name: index, fields, unique } of indexes) {
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
