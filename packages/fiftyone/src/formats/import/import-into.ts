import { Binary, type Db } from 'mongodb';
import { type Doc, encode, ObjectId, type ReadonlyDoc } from '../../bson/index.js';
import type { Connection } from '../../database/connection.js';
import { readDatabaseConfig } from '../../database/database-config.js';
import { LostLeaseError } from '../../database/leases.js';
import { findDocs } from '../../database/raw.js';
import { DatasetNotFoundError, ImportError, UsageError } from '../../errors.js';
import { migrateDatasets } from '../../migrations/migrate.js';
import { sampleCollection } from '../../migrations/sample-collection.js';
import type { ExportFolder } from './export-folder.js';
import type { ImportOptions, ImportReport } from './import-dataset.js';
import { IMPORTS, type ImportNote } from './import-notes.js';
import { mergedDataset } from './merged-dataset.js';
import { checkVersion } from './migrated.js';
import { hasVideos, type Identity } from './new-dataset.js';
import { newParts, plannedDataset, reportOf } from './planned-dataset.js';
import { runImport } from './run-import.js';
import { stageDataset } from './stage-dataset.js';

/** Imports an export into a dataset that is there already. Its saved views, workspaces and runs stay outside. */
export async function importInto(
  connection: Connection,
  folder: ExportFolder,
  options: ImportOptions & { readonly into: string },
): Promise<ImportReport> {
  const started = performance.now();
  const { db } = connection;
  const { version: databaseVersion } = await readDatabaseConfig(db);
  checkVersion(folder.path, folder.metadata, databaseVersion);
  for (const key of ['name', 'persistent', 'overwrite'] as const) {
    if (options[key] !== undefined)
      throw new UsageError(`${key} and into do not go together`, { hint: 'a dataset that is there keeps its own' });
  }
  const { datasets } = await migrateDatasets(connection, [options.into]);
  if (datasets[0]?.error) throw datasets[0].error;
  const dataset = await read(db, { name: options.into });
  if (dataset === undefined) throw new DatasetNotFoundError(options.into);

  const importId = new ObjectId();
  const now = Date.now();
  const id = dataset.get('_id') as ObjectId;
  const samples = `${IMPORTS}.${importId}.samples`;
  const frames = hasVideos(folder.metadata) || folder.frames ? `${IMPORTS}.${importId}.frames` : undefined;
  const identity: Identity = {
    id,
    name: options.into,
    slug: String(dataset.get('slug')),
    persistent: true,
    samples,
    frames,
    now,
  };
  const without = { importSavedViews: false, importWorkspaces: false, importRuns: false };
  const staged = plannedDataset(connection, folder, { ...options, ...without }, identity, databaseVersion);
  const imported = staged.record.dataset;
  if (imported.get('version') !== dataset.get('version')) {
    throw new ImportError(
      folder.path,
      [`it is at ${imported.get('version')}, and dataset '${options.into}' at ${dataset.get('version')}`],
      'upgrade both first, as an admin: fiftyone migrate --all',
    );
  }
  refuseConflicts(folder.path, dataset, imported);

  const importing = { connection, id: importId, existing: id, name: options.into, path: folder.path };
  const prepare = async () => ({
    dataset: id,
    at: new Date(now),
    samples,
    parts: newParts(staged),
    ...(options.shuffle ? { shuffled: `${IMPORTS}.${importId}.shuffled` } : {}),
    waitingTags: `${IMPORTS}.${importId}.tags`,
    merge: { imported: new Binary(encode(imported)), ...(frames === undefined ? {} : { frames }) },
  });
  const counts = await runImport(importing, prepare, async (note, leases) => {
    const counts = await stageDataset({ ...staged, note, lease: leases[0] });
    await refuseDuplicates(db, folder.path, note);
    const current = await read(db, { _id: id });
    if (current === undefined) throw new DatasetNotFoundError(options.into);
    refuseConflicts(folder.path, current, imported);
    for (const lease of leases) lease.check();
    const merging = { $set: { merging: true } };
    const durable = { writeConcern: { w: 'majority', j: true } } as const;
    const { matchedCount } = await db.collection<ImportNote>(IMPORTS).updateOne({ _id: note._id }, merging, durable);
    if (matchedCount !== 1) throw new LostLeaseError(leases[0].key);
    return counts;
  });
  const report = reportOf(staged, counts, started);
  return { ...report, persistent: dataset.get('persistent') === true };
}

async function read(db: Db, filter: object): Promise<Doc | undefined> {
  return (await findDocs(db, 'datasets', filter, { limit: 1 }))[0];
}

function refuseConflicts(path: string, dataset: ReadonlyDoc, imported: ReadonlyDoc): void {
  const { conflicts } = mergedDataset(dataset, imported);
  if (conflicts.length > 0) throw new ImportError(path, conflicts, 'import it as a dataset of its own');
}

const NAMED = 3;

/** @throws ImportError for samples and frames that the dataset has already */
async function refuseDuplicates(db: Db, path: string, note: ImportNote): Promise<void> {
  const dataset = await read(db, { _id: note.dataset });
  if (dataset === undefined) return;
  const pairs = [
    ['samples', note.samples, sampleCollection(dataset)],
    ['frames', note.merge?.frames, dataset.get('frame_collection_name') ?? undefined],
  ] as const;
  for (const [what, from, into] of pairs) {
    if (from === undefined || typeof into !== 'string') continue;
    const same = { from: into, localField: '_id', foreignField: '_id', as: 'same', pipeline: [{ $project: { _id: 1 } }] };
    const found = await db
      .collection(from)
      .aggregate([{ $project: { _id: 1 } }, { $lookup: same }, { $match: { same: { $ne: [] } } }, { $limit: NAMED + 1 }])
      .toArray();
    if (found.length === 0) continue;
    const ids = found.slice(0, NAMED).map(({ _id }) => String(_id));
    const more = found.length > NAMED ? ' and others' : '';
    throw new ImportError(
      path,
      [`dataset '${note.name}' has ${what} with the same ids already: ${ids.join(', ')}${more}`],
      'was it imported before? Nothing was changed',
    );
  }
}
