import { BsonType, Doc, encode, ObjectId, type ReadonlyDoc, Scalar } from '../../bson/index.js';
import { authorized, type Connection } from '../../database/connection.js';
import { readDatabaseConfig } from '../../database/database-config.js';
import { leaseStore } from '../../database/lease-store.js';
import { isHeld, type Lease, Leases, thisProcess } from '../../database/leases.js';
import { findDocs, insertRaw, updateRaw } from '../../database/raw.js';
import { FiftyOneError, hintForServer, ImportError, isUnreachable, LockedError, UsageError } from '../../errors.js';
import { Guard } from '../../migrations/guard.js';
import { readRecord } from '../../migrations/read-record.js';
import { sampleCollection } from '../../migrations/sample-collection.js';
import { checkAvailable, checkedSlug, defaultName } from './dataset-name.js';
import type { ExportFolder } from './export-folder.js';
import type { ImportOptions, ImportReport } from './import-dataset.js';
import { IMPORTS, type ImportNote, importLease, noteImport, type Parts, settleImport } from './import-notes.js';
import { checkVersion, planMigration } from './migrated.js';
import { datasetDocument, hasVideos, type Identity } from './new-dataset.js';
import { sideDocuments } from './side-documents.js';
import { type Counts, type Staged, stageDataset } from './stage-dataset.js';

/** Documents up to this size fit into a guarded write. */
const MOST_GUARDED = 12_000_000;

const DUPLICATE_KEY = 11000;

/** Imports an export as a dataset of its own. */
export async function importNew(connection: Connection, folder: ExportFolder, options: ImportOptions): Promise<ImportReport> {
  const started = performance.now();
  const { db } = connection;
  const { version: databaseVersion } = await readDatabaseConfig(db);
  checkVersion(folder.path, folder.metadata, databaseVersion);
  const now = Date.now();
  const name = options.name ?? defaultName(performance.timeOrigin + performance.now());
  const slug = checkedSlug(name);
  const old = options.overwrite ? (await findDocs(db, 'datasets', { name }, { limit: 1 }))[0] : undefined;
  await checkAvailable(db, name, slug, old?.get('_id'));

  const noteId = new ObjectId();
  const samples = `samples.${noteId}`;
  const frames = hasVideos(folder.metadata) || folder.frames ? `frames.${samples}` : undefined;
  const id = old === undefined ? noteId : (old.get('_id') as ObjectId);
  const identity: Identity = { id, name, slug, persistent: options.persistent ?? false, samples, frames, now };
  const staged = planned(connection, folder, options, identity, databaseVersion);

  const leases = new Leases(leaseStore(db));
  const { host, pid, user } = thisProcess();
  const note: ImportNote = {
    _id: noteId,
    name,
    dataset: id,
    by: { host, pid, user },
    at: new Date(now),
    samples,
    parts: newParts(staged),
    ...(old === undefined ? {} : { replaced: await partsOf(connection, old), waitingTags: `${IMPORTS}.${noteId}.tags` }),
  };
  let gone = false;
  let counts: Counts | undefined;
  try {
    const lease = await authorized(connection, () => takeLease(leases, importLease(noteId), name));
    const others = old === undefined ? [] : [await takeLease(leases, `dataset ${id}`, name)];
    await noteImport(db, note);
    counts = await stageDataset({ ...staged, note, lease });
    await commit(connection, staged, [lease, ...others], old);
    await settleImport(db, note);
  } catch (error) {
    gone = isUnreachable(error);
    const committed = !gone && (await settleImport(db, note).catch(() => false));
    // what failed was the answer, or tidying up
    if (!committed || counts === undefined) throw explained(error, folder.path);
  } finally {
    if (gone) leases.stop();
    else await leases.releaseAll().catch(() => {});
  }
  return reportOf(staged, counts, started);
}

/** Everything about a dataset that can be known before its samples are read. @throws ImportError for what cannot be imported */
function planned(
  connection: Connection,
  folder: ExportFolder,
  options: ImportOptions,
  identity: Identity,
  databaseVersion: string,
): Staged {
  const warnings: string[] = [];
  const dataset = datasetDocument(folder.metadata, identity);
  const isWhole = options.maxSamples === undefined;
  const wanted = {
    views: isWhole && (options.importSavedViews ?? true),
    workspaces: isWhole && (options.importWorkspaces ?? true),
    runs: isWhole && (options.importRuns ?? true),
  };
  const sides = sideDocuments(folder.metadata, dataset, wanted, (kind, key) => folder.results.get(kind)?.has(key) ?? false);
  for (const run of sides.missing) warnings.push(`the results of run ${run} are not in the export`);
  const record = { dataset, views: sides.views, runs: sides.runs };
  const plan = planMigration(connection, record, databaseVersion, identity.now, (message) => warnings.push(message));
  if (plan !== undefined && plan.blocked.length > 0) throw new ImportError(folder.path, plan.blocked);
  if (!identity.persistent) {
    warnings.push('it is not persistent: it is deleted when the last client leaves the database, unless it is made persistent');
  }
  return { connection, folder, options, identity, sides, plan, record: plan?.after ?? record, warnings };
}

async function takeLease(leases: Leases, key: string, name: string): Promise<Lease> {
  const taken = await leases.take(key);
  if (isHeld(taken)) return taken;
  const { user, host, pid } = taken.holder;
  throw new LockedError(`${user} on ${host} (process ${pid}) is at work on dataset '${name}'`, {
    hint: 'wait until that is done',
  });
}

/** What the import writes besides the dataset document. */
function newParts({ identity, record, sides }: Staged): Parts {
  const idsOf = (docs: readonly ReadonlyDoc[]) => docs.map((doc) => doc.get('_id') as ObjectId);
  return {
    collections: [identity.samples, ...(identity.frames === undefined ? [] : [identity.frames])],
    views: idsOf(record.views),
    workspaces: idsOf(sides.workspaces),
    runs: idsOf(record.runs),
    files: sides.results.map(({ file }) => file),
  };
}

/** What the dataset has that is to be replaced. */
async function partsOf({ db }: Connection, dataset: ReadonlyDoc): Promise<Parts> {
  const record = await readRecord(db, dataset.get('_id') as ObjectId);
  const frames = dataset.get('frame_collection_name');
  const idsIn = (docs: readonly ReadonlyDoc[]) => docs.map((doc) => doc.get('_id')).filter((id) => id instanceof ObjectId);
  const runs = record?.runs ?? [];
  return {
    collections: [sampleCollection(dataset), ...(typeof frames === 'string' ? [frames] : [])],
    views: idsIn(record?.views ?? []),
    workspaces: idsIn(await findDocs(db, 'workspaces', { _dataset_id: dataset.get('_id') }, { projection: { _id: 1 } })),
    runs: idsIn(runs),
    files: runs.map((run) => run.get('results')).filter((file) => file instanceof ObjectId),
  };
}

/** The one write after which the dataset is there. */
async function commit({ db }: Connection, staged: Staged, leases: readonly Lease[], old: ReadonlyDoc | undefined): Promise<void> {
  const dataset = staged.record.dataset as Doc;
  const bytes = encode(dataset);
  for (const lease of leases) lease.check();
  const guard = new Guard(leases);
  if (old === undefined) {
    if (bytes.length > MOST_GUARDED) await insertRaw(db, 'datasets', [bytes]);
    else await updateRaw(db, 'datasets', [guard.insertion(dataset)], true);
    return;
  }
  const same = Doc.of(['_id', staged.identity.id], ['sample_collection_name', sampleCollection(old)]);
  const statement = Doc.of(['q', guard.only(same)], ['u', new Scalar(BsonType.document, bytes)]);
  const { n } = await updateRaw(db, 'datasets', [statement], true);
  if (n !== 1) {
    throw new FiftyOneError(`dataset '${staged.identity.name}' was deleted or replaced by somebody else meanwhile`, {
      hint: 'nothing was imported: try again',
    });
  }
}

function explained(error: unknown, path: string): unknown {
  const hint = hintForServer(error);
  if (hint !== undefined && !(error instanceof FiftyOneError)) {
    return new FiftyOneError(`the import of ${path} was interrupted: ${(error as Error).message}`, {
      hint: 'nothing of it is a dataset. When the server is back, run the same command again: it removes what is left, and imports anew',
      cause: error,
    });
  }
  if ((error as { code?: unknown }).code !== DUPLICATE_KEY) return error;
  const { message } = error as Error;
  if (/datasets index: name_1/.test(message))
    return new UsageError('another dataset has got this name meanwhile', { hint: 'give another name' });
  const where = /collection: \S*?\.(?=frames\.|samples\.)/.test(message) && / frames\./.test(message) ? 'frames' : 'samples';
  const key = /dup key: (.*)$/s.exec(message)?.[1]?.slice(0, 200) ?? message;
  return new ImportError(
    path,
    [`two documents of ${where} have the same ${key}`],
    'see all of them with: fiftyone datasets validate',
  );
}

function reportOf({ identity, record, sides, folder, warnings }: Staged, counts: Counts, started: number): ImportReport {
  return {
    name: identity.name,
    id: identity.id.toHexString(),
    ...counts,
    savedViews: record.views.length,
    workspaces: sides.workspaces.length,
    runs: record.runs.length,
    persistent: identity.persistent,
    from: String(folder.metadata.get('version')),
    to: String(record.dataset.get('version')),
    warnings,
    seconds: Math.round(performance.now() - started) / 1000,
  };
}
