import type { Db } from 'mongodb';
import { endRestores } from '../backup/end-restores.js';
import { Doc, equal, ObjectId, type ReadonlyDoc, type Value } from '../bson/index.js';
import { authorized, type Connection } from '../database/connection.js';
import { leaseStore } from '../database/lease-store.js';
import { isHeld, type Lease, Leases } from '../database/leases.js';
import { deleteRaw, findDocs } from '../database/raw.js';
import { deletePathJournal } from '../dataset-media/path-journal.js';
import { DatasetNotFoundError, LockedError } from '../errors.js';
import { listAttic, removeEntry } from '../migrations/attic/attic.js';
import { collectionName } from '../migrations/collection-name.js';
import { readRecord } from '../migrations/read-record.js';
import { deleteFile } from '../migrations/results-file.js';
import { WORK } from '../migrations/work.js';
import { globFilter } from './glob.js';
import { checkText } from './names.js';

/**
 * Deletes a dataset with everything that belongs to it: samples, frames, saved views, workspaces, runs and their results, what
 * operators and downgrades kept of it. Its document goes last, so a deletion that was interrupted is finished by the next one.
 *
 * @throws DatasetNotFoundError; LockedError while somebody migrates or imports it
 */
export async function deleteDataset(connection: Connection, name: string): Promise<void> {
  checkText('the name of a dataset', name);
  const [doc] = await findDocs(connection.db, 'datasets', { name }, { limit: 1 });
  if (doc === undefined) throw new DatasetNotFoundError(name);
  await deleteStored(connection, doc);
}

/** Deletes the datasets whose names match a pattern, such as `test-*`. @returns their names */
export async function deleteDatasets(connection: Connection, glob: string): Promise<string[]> {
  checkText('the pattern', glob);
  return await deleteAll(connection, { ...globFilter(glob), sample_collection_name: /^samples\./ });
}

/** Deletes the datasets that are not persistent, whoever uses them. @returns their names */
export async function deleteNonPersistentDatasets(connection: Connection): Promise<string[]> {
  return await deleteAll(connection, { persistent: false });
}

async function deleteAll(connection: Connection, filter: object): Promise<string[]> {
  const docs = await findDocs(connection.db, 'datasets', filter);
  for (const doc of docs) await deleteStored(connection, doc);
  return docs.map((doc) => String(doc.get('name')));
}

/** Deletes the dataset of a document. @throws LockedError while somebody migrates or imports it */
export async function deleteStored(connection: Connection, doc: ReadonlyDoc): Promise<void> {
  const { db } = connection;
  const id = doc.get('_id');
  await endRestores(connection);
  const leases = new Leases(leaseStore(db));
  await authorized(connection, async () => {
    const lease = await leases.take(`dataset ${id}`);
    try {
      if (!isHeld(lease)) throw locked(String(doc.get('name')), lease.holder);
      await deleteParts(db, doc, lease);
      await deleteRaw(db, 'datasets', Doc.of(['_id', id as Value]));
    } finally {
      await leases.releaseAll();
    }
  });
}

function locked(name: string, { user, host, pid }: { user: string; host: string; pid: number }): LockedError {
  return new LockedError(`dataset '${name}' is being worked on by ${user} (process ${pid} on ${host}): it was not deleted`, {
    hint: 'try again when that is done; who is at work says: fiftyone migrate --unlock',
  });
}

/** Collections whose documents name their dataset, and how. */
const OWNED = {
  views: '_dataset_id',
  workspaces: '_dataset_id',
  tags: '_dataset_id',
  delegated_ops: 'dataset_id',
  execution_store: 'dataset_id',
};

async function deleteParts(db: Db, doc: ReadonlyDoc, lease: Lease): Promise<void> {
  const id = doc.get('_id') as ObjectId;
  await drop(db, collectionName(doc, 'sample_collection_name'));
  await drop(db, await ownFrames(db, doc));
  await releaseGenerated(db, id);
  for (const run of (await readRecord(db, id))?.runs ?? []) {
    lease.check();
    const results = run.get('results');
    if (results instanceof ObjectId && !(await isNamedElsewhere(db, run, results))) await deleteFile(db, results);
    await deleteRaw(db, 'runs', Doc.of(['_id', run.get('_id') as Value]));
  }
  for (const [collection, key] of Object.entries(OWNED)) {
    lease.check();
    await deleteRaw(db, collection, Doc.of([key, id]));
  }
  for (const entry of await listAttic(db)) if (equal(entry.dataset, id)) await removeEntry(db, entry);
  await deletePathJournal(db, id);
  await deleteRaw(db, WORK, Doc.of(['_id', id]));
  lease.check();
}

async function drop(db: Db, collection: string | undefined): Promise<void> {
  if (collection !== undefined) await db.dropCollection(collection).catch(unlessMissing);
}

const NAMESPACE_NOT_FOUND = 26;

function unlessMissing(error: { code?: unknown }): void {
  if (error.code !== NAMESPACE_NOT_FOUND) throw error;
}

/** Its collection of frames, unless others use it: clips have the frames of the dataset that they come from. */
export async function ownFrames(db: Db, doc: ReadonlyDoc): Promise<string | undefined> {
  const frames = collectionName(doc, 'frame_collection_name');
  if (frames === undefined || String(doc.get('sample_collection_name')).startsWith('clips.')) return undefined;
  const isOthers = { _id: { $ne: doc.get('_id') as ObjectId }, frame_collection_name: frames };
  const isClips = { sample_collection_name: /^clips\./ };
  const other = await db.collection('datasets').findOne({ ...isOthers, $nor: [isClips] }, { projection: { _id: 1 } });
  return other === null ? frames : undefined;
}

async function isNamedElsewhere(db: Db, run: ReadonlyDoc, results: ObjectId): Promise<boolean> {
  const others = { results, _id: { $ne: run.get('_id') as ObjectId } };
  return (await db.collection('runs').findOne(others, { projection: { _id: 1 } })) !== null;
}

/** Datasets that saved views made, of patches, clips or frames, go when the last client leaves. */
export async function releaseGenerated(db: Db, dataset: ObjectId): Promise<void> {
  const views = await db.collection('views').find({ _dataset_id: dataset }).toArray();
  const names = views.flatMap(({ view_stages }) => (Array.isArray(view_stages) ? view_stages.flatMap(generatedBy) : []));
  if (names.length === 0) return;
  const generated = { name: { $in: names }, sample_collection_name: /^(patches|frames|clips)\./ };
  await db.collection('datasets').updateMany(generated, { $set: { persistent: false } });
}

/** The name of the dataset behind a stage of a view, from its text: `{"kwargs": [["_state", {"name": …}], …]}`. */
function generatedBy(stage: unknown): string[] {
  try {
    const { kwargs } = JSON.parse(String(stage)) as { kwargs?: [string, { name?: unknown } | null][] };
    const state = kwargs?.find(([key]) => key === '_state')?.[1];
    return typeof state?.name === 'string' ? [state.name] : [];
  } catch {
    return [];
  }
}
