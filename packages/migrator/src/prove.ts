import { createHash } from 'node:crypto';
import { EJSON } from 'bson';
import { type OnProgress, StoppedError } from 'fiftyone';
import { dropDeadScratches, isLeftAlone, merged, type Part, type Scratch, withScratch } from 'fiftyone/backup';
import { type Connection, Doc, decode, findDocs, findRaw, toEjson, type Value } from 'fiftyone/engine';
import type { Db, Document } from 'mongodb';
import { touchedBy } from './backup/touched.js';
import { type Databases, placesIn } from './deployment.js';
import { applyPlan, type DeploymentPlan, type MigratorOptions, planDeployment } from './migrator.js';
import type { DatabaseRole, Service } from './service.js';

export interface ProveOptions {
  /** At most so many documents of each collection. Default: all */
  readonly sample?: number | undefined;
  /** The name of the scratch database. Default: one that nothing else has */
  readonly scratch?: string | undefined;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** What became of a copy that went the way of a plan and back. */
export interface Proof {
  /** How many documents were copied. */
  readonly documents: number;
  /** What is not as it was, a line each. */
  readonly differences: readonly string[];
  /** Documents that have all they had, but whose fields are in another order. */
  readonly reordered: number;
}

/** How many documents of a collection are named that are not as they were. */
const MOST_NAMED = 20;

/**
 * Copies what a plan will touch into a scratch database of the same server, goes there and back again, and compares.
 *
 * @throws FiftyOneError when the login may not make a database
 */
export async function prove(
  databases: Databases,
  plan: DeploymentPlan,
  options: MigratorOptions,
  proveOptions: ProveOptions = {},
): Promise<Proof> {
  const { services = [] } = options;
  const proof = { documents: 0, differences: [] as string[], reordered: 0 };
  for (const { role, connection, what } of await touchedBy(plan, services, databases)) {
    await dropDeadScratches(connection).catch(() => {});
    const { documents, differences, reordered } = await withScratch(
      connection,
      (scratch) => proveOne(role, connection, scratch, what.parts, plan, options, proveOptions),
      proveOptions.scratch,
    );
    proof.documents += documents;
    proof.differences.push(...differences);
    proof.reordered += reordered;
  }
  return proof;
}

async function proveOne(
  role: DatabaseRole,
  connection: Connection,
  { db, check }: Scratch,
  parts: readonly Part[],
  plan: DeploymentPlan,
  { onEvent: _, signal: __, include: ___, exclude: ____, ...options }: MigratorOptions,
  { sample, onProgress, signal }: ProveOptions,
): Promise<Proof> {
  const goOn = (what: string, done: number, unit: string) => {
    if (signal?.aborted) throw new StoppedError(`stopped by ${signal.reason ?? 'a signal'}: nothing was touched`);
    check();
    onProgress?.({ what, done, unit });
  };
  const { services = [] } = options;
  await copyAll(connection.db, db, merged(parts), sample, (done) => goOn('Copying to prove it', done, 'collections'));
  const before = await imprintOf(db);
  const names = plan.services
    .filter(({ service, direction }) => direction !== 'none' && serviceOf(services, service).database === role)
    .map(({ service }) => service);
  const there: Databases = { [role]: { ...connection, db, settings: { ...connection.settings, databaseName: db.databaseName } } };
  const way = { ...options, include: names, target: plan.target.number };
  goOn('Going there', 0, 'services');
  const copied = await planDeployment(there, way);
  const report = await applyPlan(there, copied, way);
  const failures = report.services.filter(({ result }) => result === 'failed' || result === 'stopped');
  const problems = [...failures, ...copied.services.map(({ service, problems: reasons }) => ({ service, reasons }))];
  const failed = problems.flatMap(({ service, reasons }) => reasons.map((reason) => `${service}: on the way there: ${reason}`));
  const count = [...before.collections.values()].reduce((sum, { size }) => sum + size, 0);
  if (report.result !== 'done') return { documents: count, differences: failed, reordered: 0 };
  const placeOf = placesIn(there, services);
  for (const [n, step] of [...copied.services].reverse().entries()) {
    goOn('Going back', n, 'services');
    const service = serviceOf(services, step.service);
    const back = await service.revert(placeOf(service), step, way);
    if (back.result === 'failed' || back.result === 'stopped')
      return {
        documents: count,
        differences: back.reasons.map((reason) => `${step.service}: on the way back: ${reason}`),
        reordered: 0,
      };
  }
  return { documents: count, ...(await compare(before, await imprintOf(db), connection.db, db)) };
}

function serviceOf(services: readonly Service[], name: string): Service {
  return services.find((service) => service.name === name) as Service;
}

/** The server copies by itself: no document comes by here. */
async function copyAll(from: Db, to: Db, parts: readonly Part[], sample: number | undefined, onPart: (done: number) => void) {
  const types = new Map((await from.listCollections().toArray()).map(({ name, type }) => [name, type]));
  for (const [done, { collection, filter }] of parts.entries()) {
    onPart(done);
    if (types.get(collection) !== 'collection') continue;
    const limit: Document[] = sample === undefined || isSmall(collection) ? [] : [{ $limit: sample }];
    const stages = [...(filter === undefined ? [] : [{ $match: filter }]), ...limit];
    await from
      .collection(collection)
      .aggregate([...stages, { $out: { db: to.databaseName, coll: collection } }])
      .toArray();
    const indexes = (await from.collection(collection).listIndexes().toArray()).filter(({ name }) => name !== '_id_');
    if (indexes.length > 0) await to.command({ createIndexes: collection, indexes: indexes.map(({ ns: _, ...index }) => index) });
  }
}

/** What says what there is, which a sample of would be something else. */
function isSmall(collection: string): boolean {
  return /^(config|datasets|runs|views|services|migrations\..*)$/.test(collection);
}

/** What a database has, as far as it takes to tell whether it has changed. */
interface Imprint {
  /** By collection the checksums of its documents, by the text of their ids. */
  readonly collections: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly indexes: ReadonlyMap<string, string>;
}

async function imprintOf(db: Db): Promise<Imprint> {
  const collections = new Map<string, ReadonlyMap<string, string>>();
  const indexes = new Map<string, string>();
  for (const { name, type } of await db.listCollections().toArray()) {
    if (type !== 'collection' || name.startsWith('migrations.') || isLeftAlone(name)) continue;
    const documents = new Map<string, string>();
    for await (const bytes of findRaw(db, name, {})) {
      documents.set(toEjson(decode(bytes).get('_id') ?? null), createHash('sha1').update(bytes).digest('base64'));
    }
    if (documents.size === 0) continue;
    collections.set(name, documents);
    const found = await db.collection(name).listIndexes().toArray();
    indexes.set(
      name,
      found
        .map((index) => `${index.name} ${JSON.stringify(index.key)}${index.unique ? ' unique' : ''}`)
        .sort()
        .join(', '),
    );
  }
  return { collections, indexes };
}

async function compare(before: Imprint, after: Imprint, original: Db, scratch: Db): Promise<Omit<Proof, 'documents'>> {
  const differences: string[] = [];
  let reordered = 0;
  for (const name of [...new Set([...before.collections.keys(), ...after.collections.keys()])].sort()) {
    const [was, is] = [before.collections.get(name) ?? new Map(), after.collections.get(name) ?? new Map()];
    const lines = [
      ...[...was.keys()].filter((id) => !is.has(id)).map((id) => `${name}: ${id} is not there any more`),
      ...[...is.keys()].filter((id) => !was.has(id)).map((id) => `${name}: ${id} was not there before`),
    ];
    for (const [id, sum] of was) {
      if (!is.has(id) || is.get(id) === sum) continue;
      const fields = await changedFields(original, scratch, name, id);
      if (fields.length === 0) reordered++;
      else lines.push(`${name}: ${id} is not as it was: ${fields.join(', ')}`);
    }
    differences.push(...lines.slice(0, MOST_NAMED));
    if (lines.length > MOST_NAMED) differences.push(`${name}: and ${lines.length - MOST_NAMED} documents more`);
    const [had, has] = [before.indexes.get(name), after.indexes.get(name)];
    if (had !== undefined && has !== undefined && had !== has)
      differences.push(`${name}: its indexes were ${had}, and are ${has}`);
  }
  return { differences, reordered };
}

/** The fields of a document that differ, whatever their order. */
async function changedFields(original: Db, scratch: Db, collection: string, id: string): Promise<string[]> {
  const query = EJSON.parse(`{"_id":${id}}`, { relaxed: false }) as Document;
  const read = async (db: Db) => (await findDocs(db, collection, query as never))[0];
  const [was, is] = await Promise.all([read(original), read(scratch)]);
  const keys = new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])]);
  return [...keys].filter(
    (key) => sorted(was?.get(key) ?? null) !== sorted(is?.get(key) ?? null) || was?.has(key) !== is?.has(key),
  );
}

/** The text of a value with its keys in alphabetical order. */
function sorted(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
  if (!(value instanceof Doc)) return toEjson(value);
  const entries = [...value].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${sorted(item)}`).join(',')}}`;
}
