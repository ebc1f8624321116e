import { type ObjectId, type ReadonlyDoc, toEjson } from '../../bson/index.js';
import type { Connection } from '../../database/connection.js';
import { readDatabaseConfig } from '../../database/database-config.js';
import { leaseStore } from '../../database/lease-store.js';
import { findDocs } from '../../database/raw.js';
import { DatasetNotFoundError, MalformedError } from '../../errors.js';
import { shellWord } from '../../shell-word.js';
import { isVersion, missingVersion } from '../../version.js';
import { limited } from '../limited.js';
import { migrateDatasets } from '../migrate.js';
import { recordReader } from '../read-record.js';
import type { DatasetOutcome } from '../report.js';
import { compareNames, openRun, type Row } from '../run.js';
import { type Begun, WORK } from '../work.js';
import type { Finding, VerifiedDataset, VerifyReport } from './finding.js';
import { findPending, type Owners, pendingAt } from './pending.js';
import { recordFindings, type Surroundings } from './record-findings.js';
import { missingResults } from './results.js';

/** How many datasets are looked at at once. */
const CONCURRENCY = 4;

/**
 * Looks whether every dataset is what its version says: nothing is pending or unfinished, what it names is there and names it
 * back, and schema and documents agree. Reads only.
 *
 * @param names these datasets only; all by default
 * @throws DatasetNotFoundError
 */
export async function verify(connection: Connection, names?: readonly string[]): Promise<VerifyReport> {
  const { db } = connection;
  const { version } = await readDatabaseConfig(db);
  const run = await openRun(connection, { dryRun: true }, version);
  const rows = names?.map((name) => rowNamed(run.rows, name)) ?? [...run.rows].sort((a, b) => compareNames(a.name, b.name));
  const behind = rows.filter((row) => !row.problem && row.name !== null && (row.version ?? missingVersion) !== version);
  const { datasets: outcomes } = await migrateDatasets(
    connection,
    behind.map(({ name }) => name as string),
    { dryRun: true, target: version },
  );
  const outcomeOf = new Map(behind.map((row, i) => [row, outcomes[i]]));
  const [surroundings, busy] = await Promise.all([readSurroundings(connection), leaseStore(db).list()]);
  const read = recordReader(db);
  const inTurn = limited(CONCURRENCY);
  const look = async (row: Row): Promise<VerifiedDataset> => {
    const facts = { name: row.name, version: typeof row.version === 'string' ? row.version : null };
    const holder = busy.find(({ _id }) => _id === `dataset ${row.id}`)?.holder;
    if (holder) return { ...facts, findings: [atWork(holder)] };
    if (row.problem) return { ...facts, findings: [{ problem: row.problem.message, next: row.problem.hint ?? '' }] };
    const left = run.unfinished.get(String(row.id));
    const findings = left ? [unfinished(row, left)] : versionFindings(row, outcomeOf.get(row));
    const record = await read(row.id);
    if (record === undefined) return { ...facts, findings: [{ problem: 'it was deleted meanwhile', next: 'nothing' }] };
    const { collections, datasetsOf, owners } = surroundings;
    const at = row.version ?? missingVersion;
    const isKnown = typeof at === 'string' && isVersion(at) && left === undefined;
    try {
      const links = [...recordFindings(record, { collections, datasetsOf }), ...(await missingResults(db, record))];
      const pending = isKnown ? await findPending(db, pendingAt(record.dataset, at, owners)) : [];
      return { ...facts, findings: [...findings, ...links, ...pending] };
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      const malformed = { problem: error.message, next: 'correct the document of the dataset by hand' };
      return { ...facts, findings: [...findings, malformed] };
    }
  };
  const datasets = await Promise.all(rows.map((row) => inTurn(() => look(row))));
  return { version, datasets, findings: names ? [] : strayNotes(run.unfinished, run.rows) };
}

function rowNamed(rows: readonly Row[], name: string): Row {
  const row = rows.find((candidate) => candidate.name === name);
  if (!row) throw new DatasetNotFoundError(name);
  return row;
}

type Around = Surroundings & { readonly owners: Owners };

/** What there is besides one dataset. */
async function readSurroundings({ db }: Connection): Promise<Around> {
  const projection = { name: 1, sample_collection_name: 1, frame_collection_name: 1 };
  const [collections, datasets] = await Promise.all([
    db.listCollections({}, { nameOnly: true }).toArray(),
    findDocs(db, 'datasets', {}, { projection }),
  ]);
  const namesBy = new Map<string, string[]>();
  const idsBy = new Map<string, ObjectId[]>();
  for (const dataset of datasets) {
    const [samples, frames] = ['sample_collection_name', 'frame_collection_name'].map((key) => String(dataset.get(key) ?? ''));
    add(namesBy, samples as string, nameOf(dataset));
    for (const name of new Set([samples, frames])) add(idsBy, name as string, dataset.get('_id') as ObjectId);
  }
  return {
    collections: new Set(collections.map(({ name }) => name)),
    datasetsOf: (samples) => namesBy.get(samples) ?? [],
    owners: (collection) => idsBy.get(collection) ?? [],
  };
}

function add<T>(lists: Map<string, T[]>, key: string, item: T): void {
  lists.set(key, [...(lists.get(key) ?? []), item]);
}

function nameOf(dataset: ReadonlyDoc): string {
  const name = dataset.get('name') ?? null;
  return typeof name === 'string' ? name : toEjson(name);
}

function atWork({ user, host, pid }: { user: string; host: string; pid: number }): Finding {
  return { problem: `${user} on ${host} (process ${pid}) is at work on it`, next: 'look again when that is done' };
}

function unfinished({ name, version }: Row, { from, to, keepUnknown }: Begun): Finding {
  const way = `from ${from ?? 'no version'} to ${to}`;
  const isThere = (version ?? null) !== from;
  if (isThere) {
    const next = `tidy up with: fiftyone migrate -n ${shellWord(name ?? '')}`;
    return { problem: `a migration ${way} has left its note of work`, collection: WORK, next };
  }
  const command = `fiftyone migrate -v ${to} -n ${shellWord(name ?? '')}${keepUnknown ? ' --keep-unknown' : ''}`;
  return { problem: `a migration ${way} was interrupted`, next: `finish it with: ${command}` };
}

function versionFindings({ name }: Row, outcome: DatasetOutcome | undefined): Finding[] {
  if (outcome === undefined) return [];
  const command = `fiftyone migrate -n ${shellWord(name ?? '')}`;
  if (outcome.result === 'failed') {
    const problem = `it cannot be brought to ${outcome.to ?? 'the version of the database'}: ${outcome.reasons.join('; ')}`;
    return [{ problem, next: outcome.hint ?? `correct that; ${command} --dry-run shows all of it` }];
  }
  if (outcome.steps.length === 0) return [];
  return [{ problem: `pending: ${outcome.steps.join(', ')}`, next: `migrate it with: ${command}` }];
}

function strayNotes(notes: ReadonlyMap<string, Begun>, rows: readonly Row[]): Finding[] {
  const known = new Set(rows.map(({ id }) => String(id)));
  const stray = [...notes.keys()].filter((id) => !known.has(id));
  if (stray.length === 0) return [];
  const problem = 'migrations of datasets that are gone were not finished';
  const next = 'nothing needs them: delete these documents in mongosh';
  return [{ problem, collection: WORK, documents: stray.length, next }];
}
