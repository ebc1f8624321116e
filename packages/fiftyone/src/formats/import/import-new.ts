import { BsonType, Doc, encode, ObjectId, type ReadonlyDoc, Scalar } from '../../bson/index.js';
import type { Connection } from '../../database/connection.js';
import { readDatabaseConfig } from '../../database/database-config.js';
import type { Lease } from '../../database/leases.js';
import { findDocs, insertRaw, updateRaw } from '../../database/raw.js';
import { ownFrames } from '../../datasets/delete.js';
import { availableSlug, timeName } from '../../datasets/names.js';
import { FiftyOneError } from '../../errors.js';
import { Guard } from '../../migrations/guard.js';
import { readRecord } from '../../migrations/read-record.js';
import { sampleCollection } from '../../migrations/sample-collection.js';
import type { ExportFolder } from './export-folder.js';
import type { ImportOptions, ImportReport } from './import-dataset.js';
import { IMPORTS, type Parts } from './import-notes.js';
import { checkVersion } from './migrated.js';
import { hasVideos, type Identity } from './new-dataset.js';
import { newParts, plannedDataset, reportOf } from './planned-dataset.js';
import { runImport } from './run-import.js';
import { type Staged, stageDataset } from './stage-dataset.js';

/** Documents up to this size fit into a guarded write. */
const MOST_GUARDED = 12_000_000;

/** Imports an export as a dataset of its own. */
export async function importNew(connection: Connection, folder: ExportFolder, options: ImportOptions): Promise<ImportReport> {
  const started = performance.now();
  const { db } = connection;
  const { version: databaseVersion } = await readDatabaseConfig(db);
  checkVersion(folder.path, folder.metadata, databaseVersion);
  const now = Date.now();
  const name = options.name ?? (options.keepName ? exportedName(folder) : undefined) ?? timeName(new Date(now));
  const old = options.overwrite ? (await findDocs(db, 'datasets', { name }, { limit: 1 }))[0] : undefined;
  const slug = await availableSlug(connection, name, old?.get('_id') as ObjectId | undefined);

  const noteId = new ObjectId();
  const samples = `samples.${noteId}`;
  const frames = hasVideos(folder.metadata) || folder.frames ? `frames.${samples}` : undefined;
  const id = old === undefined ? noteId : (old.get('_id') as ObjectId);
  const identity: Identity = { id, name, slug, persistent: options.persistent ?? false, samples, frames, now };
  const staged = plannedDataset(connection, folder, options, identity, databaseVersion);

  const importing = { connection, id: noteId, existing: old && id, name, path: folder.path };
  const prepare = async () => ({
    dataset: id,
    at: new Date(now),
    samples,
    parts: newParts(staged),
    ...(options.shuffle ? { shuffled: `${IMPORTS}.${noteId}.shuffled` } : {}),
    ...(old === undefined ? {} : { replaced: await partsOf(connection, old), waitingTags: `${IMPORTS}.${noteId}.tags` }),
  });
  const counts = await runImport(importing, prepare, async (note, leases) => {
    const counts = await stageDataset({ ...staged, note, lease: leases[0] });
    await commit(connection, staged, leases, old);
    return counts;
  });
  return reportOf(staged, counts, started);
}

function exportedName({ metadata }: ExportFolder): string | undefined {
  const name = metadata.get('name');
  return typeof name === 'string' ? name : undefined;
}

/** What the dataset has that is to be replaced. */
async function partsOf({ db }: Connection, dataset: ReadonlyDoc): Promise<Parts> {
  const record = await readRecord(db, dataset.get('_id') as ObjectId);
  const frames = await ownFrames(db, dataset);
  const idsIn = (docs: readonly ReadonlyDoc[]) => docs.map((doc) => doc.get('_id')).filter((id) => id instanceof ObjectId);
  const runs = record?.runs ?? [];
  return {
    collections: [sampleCollection(dataset), ...(frames === undefined ? [] : [frames])],
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
