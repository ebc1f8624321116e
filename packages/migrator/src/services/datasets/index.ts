import type { DatasetOutcome, MigrationReport } from 'fiftyone';
import { migrateAll, migrateDatabase, migrateDatasets, verify } from 'fiftyone';
import { type Connection, compareBase, findDocs, readDatabaseConfig, type Value, WorkLog } from 'fiftyone/engine';
import { releaseWithDatasetsAt } from '../../releases.js';
import type { Place, Service, ServiceOptions, ServicePlan, ServiceReport } from '../../service.js';

/** Collections that the clients of FiftyOne make. */
const KNOWN = new Set([
  ...['config', 'datasets', 'views', 'workspaces', 'runs', 'fs.files', 'fs.chunks', 'delegated_ops', 'execution_store'],
  ...['ontologies', 'tags', 'annotation_runs', 'brain_runs', 'evaluations'],
]);
const PREFIXES = /^(samples|frames|patches|clips|to_patches|migrations|media|system)\./;

/** Before this version a dataset stores none. */
const WITHOUT_VERSION = '0.6.1';

/** The datasets of FiftyOne: exactly what `fiftyone migrate --all` migrates. */
export const datasets: Service = {
  name: 'datasets',
  database: 'fiftyone',
  owner: async (connection) => {
    const named = await collectionsOfDatasets(connection);
    return (collection) => KNOWN.has(collection) || PREFIXES.test(collection) || named.has(collection);
  },
  versionAt: ({ openSource }) => openSource,
  async status({ connection: { db } }) {
    const { version, stored } = await readDatabaseConfig(db);
    const [isUsed, unfinished] = await Promise.all([
      db.collection('datasets').findOne({}, { projection: { _id: 1 } }),
      new WorkLog(db).unfinished(),
    ]);
    const state = stored || isUsed !== null ? 'ready' : 'new';
    const [left] = unfinished.values();
    return {
      service: 'datasets',
      state,
      version: state === 'new' ? null : version,
      release: state === 'new' ? null : (releaseWithDatasetsAt(version)?.number ?? null),
      ...(left ? { unfinished: { from: left.from, to: left.to } } : {}),
      reasons: [],
    };
  },
  plan,
  apply,
  revert,
  async verify({ connection }) {
    const { version, findings, datasets } = await verify(connection);
    const all = datasets.flatMap(({ name, findings }) =>
      findings.map((finding) => ({
        ...finding,
        problem: `dataset ${name === null ? 'without a name' : `'${name}'`}: ${finding.problem}`,
      })),
    );
    return { service: 'datasets', version, findings: [...findings, ...all] };
  },
};

async function collectionsOfDatasets({ db }: Connection): Promise<Set<unknown>> {
  const keys = ['sample_collection_name', 'frame_collection_name'];
  const docs = await findDocs(db, 'datasets', {}, { projection: Object.fromEntries(keys.map((key) => [key, 1])) });
  return new Set(docs.flatMap((doc) => keys.map((key) => doc.get(key))));
}

async function plan({ connection }: Place, to: string, options: ServiceOptions = {}): Promise<ServicePlan> {
  const report = await migrateAll(connection, { ...options, target: to, dryRun: true });
  const { database, datasets } = report;
  const from = database?.from ?? null;
  const failed = datasets.filter(({ result }) => result === 'failed');
  const problems = failed.map(({ name, reasons }) => `dataset '${name}': ${reasons.join('; ')}`);
  const hint = failed.find((outcome) => outcome.hint !== undefined)?.hint;
  const isSame = database?.result === 'unchanged' && datasets.every(({ result }) => result === 'unchanged');
  const direction = isSame ? 'none' : from !== null && compareBase(to, from) < 0 ? 'down' : 'up';
  return {
    service: 'datasets',
    from,
    to,
    direction,
    isNew: false,
    problems,
    touches: 'all',
    ...(hint === undefined ? {} : { hint }),
    ...wayBack(from),
    report,
  };
}

function wayBack(from: string | null): Pick<ServicePlan, 'back'> {
  if (from === null) return {};
  const release = releaseWithDatasetsAt(from)?.number;
  return { back: release ? `fiftyone-migrator migrate ${release} --include datasets` : `fiftyone migrate --all -v ${from}` };
}

async function apply({ connection }: Place, { from, to }: ServicePlan, options: ServiceOptions = {}): Promise<ServiceReport> {
  const report = await migrateAll(connection, { ...options, target: to });
  return { service: 'datasets', from, to, ...outcomeOf(report), report };
}

function outcomeOf({
  database,
  datasets,
  stopped,
}: MigrationReport): Pick<ServiceReport, 'result' | 'reasons' | 'hint' | 'error'> {
  const failed = datasets.filter(({ result }) => result === 'failed');
  const [first] = failed;
  if (first) {
    const reasons = failed.map(({ name, reasons }) => `dataset '${name}': ${reasons.join('; ')}`);
    const { hint, error } = first;
    return { result: 'failed', reasons, ...(hint === undefined ? {} : { hint }), ...(error === undefined ? {} : { error }) };
  }
  if (stopped !== undefined) return { result: 'stopped', reasons: [stopped] };
  const isSame = database?.result !== 'migrated' && datasets.every(({ result }) => result === 'unchanged');
  return { result: isSame ? 'unchanged' : 'migrated', reasons: [] };
}

/** Every dataset goes back to the version that it had, which need not be that of the database. What was begun is finished first. */
async function revert({ connection }: Place, plan: ServicePlan, options: ServiceOptions = {}): Promise<ServiceReport> {
  const { db } = connection;
  const facts = { service: 'datasets', from: plan.to, to: plan.from ?? plan.to };
  const touched = (plan.report?.datasets ?? []).filter(({ result }) => result === 'planned');
  const unfinished = await new WorkLog(db).unfinished();
  const left = (await storedNow(connection, touched)).filter(({ id }) => unfinished.get(id)?.to === plan.to);
  const reports = [
    await migrateDatasets(
      connection,
      left.map(({ name }) => name),
      { ...options, target: plan.to },
    ),
  ];
  const from = plan.report?.database?.from;
  const isMoved = from !== undefined && (await readDatabaseConfig(db)).version !== from;
  const database = isMoved ? await migrateDatabase(connection, { ...options, target: from }) : undefined;
  const now = await storedNow(connection, touched);
  for (const version of new Set(touched.map(({ from }) => from))) {
    const names = new Set(touched.filter(({ from }) => from === version).flatMap(({ name, renamedFrom }) => [name, renamedFrom]));
    const back = now.filter((dataset) => names.has(dataset.name) && dataset.version !== version).map(({ name }) => name);
    reports.push(await migrateDatasets(connection, back, { ...options, target: version ?? WITHOUT_VERSION }));
  }
  const stopped = reports.find((report) => report.stopped !== undefined)?.stopped;
  const report: MigrationReport = {
    ...(database === undefined ? {} : { database }),
    datasets: reports.flatMap(({ datasets }) => datasets),
    notRun: reports.flatMap(({ notRun }) => notRun),
    ...(stopped === undefined ? {} : { stopped }),
  };
  return { ...facts, ...outcomeOf(report), report };
}

interface StoredNow {
  readonly id: string;
  readonly name: string;
  readonly version: Value;
}

/** What has become of datasets that a plan is about: they may have new names by now. */
async function storedNow({ db }: Connection, outcomes: readonly DatasetOutcome[]): Promise<StoredNow[]> {
  const names = outcomes.flatMap(({ name, renamedFrom }) => [name, renamedFrom]).filter((name) => typeof name === 'string');
  const docs = await findDocs(db, 'datasets', { name: { $in: names } }, { projection: { name: 1, version: 1 } });
  return docs.map((doc) => ({ id: String(doc.get('_id')), name: String(doc.get('name')), version: doc.get('version') ?? null }));
}
