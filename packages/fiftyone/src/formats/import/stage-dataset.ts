import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Db } from 'mongodb';
import { decode, encode, type ObjectId } from '../../bson/index.js';
import { rewritePythonJson } from '../../bson/python-json.js';
import type { Connection } from '../../database/connection.js';
import { electionOf } from '../../database/election.js';
import type { Lease } from '../../database/leases.js';
import { insertRaw } from '../../database/raw.js';
import { indexDatasets, indexFrames, indexGroups, indexSamples } from '../../datasets/indexes.js';
import { FiftyOneError, ImportError } from '../../errors.js';
import { applyEdits, PART_SIZES } from '../../migrations/bulk-edits.js';
import { COMMON } from '../../migrations/collection-order.js';
import { findMalformed, reasonOf } from '../../migrations/documents-check.js';
import { foldEdits } from '../../migrations/fold-edits.js';
import { limited } from '../../migrations/limited.js';
import type { DatasetPlan } from '../../migrations/plan.js';
import { writeFile } from '../../migrations/results-file.js';
import type { DatasetRecord } from '../../migrations/revision.js';
import type { ExportFolder } from './export-folder.js';
import type { ImportOptions } from './import-dataset.js';
import { IMPORTS, type ImportNote } from './import-notes.js';
import { loadExport } from './load-export.js';
import type { Identity } from './new-dataset.js';
import { readDocuments } from './read-documents.js';
import { RUN_FOLDERS } from './run-kinds.js';
import { seeAll } from './see-all.js';
import { ensureShared } from './shared-collections.js';
import type { SideDocuments } from './side-documents.js';
import { TAGS, temporalTag } from './temporal-tags.js';

/** A dataset that is about to be imported. */
export interface Staged {
  readonly connection: Connection;
  readonly folder: ExportFolder;
  readonly options: ImportOptions;
  readonly identity: Identity;
  readonly sides: SideDocuments;
  /** Its way to the version of the database, or undefined if it is there. */
  readonly plan: DatasetPlan | undefined;
  /** Its small documents as they are to be stored. */
  readonly record: DatasetRecord;
  /** What a person should know; more may be found out on the way. */
  readonly warnings: string[];
}

/** A dataset whose import has begun. */
export interface Staging extends Staged {
  readonly note: ImportNote;
  readonly lease: Lease;
}

export interface Counts {
  readonly samples: number;
  readonly frames: number;
  readonly temporalTags: number;
}

const EDITS_AT_ONCE = 4;

/** Writes everything of a dataset but its own document. Nobody sees any of it yet. */
export async function stageDataset(staging: Staging): Promise<Counts> {
  const { connection, record, sides, lease } = staging;
  // what is written before the commit needs no wait of its own: before it, all of it is waited for
  const db = connection.client.db(connection.db.databaseName, { writeConcern: { w: 1 } });
  const election = await electionOf(db);
  await indexDatasets(db);
  if (staging.note.merge === undefined) await makeIndexes(staging, db);

  const { samples, frames } = await loadExport(staging, db);
  await migrate(staging, db);
  await writeResults(staging, db);
  const temporalTags = await importTags(staging, db);
  lease.check();
  for (const [name, docs] of [
    ['views', record.views],
    ['workspaces', sides.workspaces],
    ['runs', record.runs],
  ] as const) {
    await insertRaw(db, name, docs.map(encode));
  }
  await settle(staging, election);
  return { samples, frames, temporalTags };
}

async function makeIndexes({ identity, record }: Staging, db: Db): Promise<void> {
  await indexSamples(db, identity.samples);
  const field = record.dataset.get('group_field');
  if (typeof field === 'string') await indexGroups(db, identity.samples, field);
  if (identity.frames !== undefined) await indexFrames(db, identity.frames);
}

async function migrate({ plan, lease, folder }: Staging, db: Db): Promise<void> {
  if (plan === undefined) return;
  const malformed = await findMalformed(db, plan);
  if (malformed.length > 0) throw new ImportError(folder.path, malformed.map(reasonOf));
  const edits = foldEdits(plan.stages.flatMap((stage) => stage.bulk)).filter((edit) => edit.collection !== COMMON);
  const editing = { concurrency: EDITS_AT_ONCE, limited: limited(EDITS_AT_ONCE), isSmall: async () => false, sizes: PART_SIZES };
  const untold = { mayGoOn: async () => {}, note: async () => {}, onProgress: () => {} };
  if (edits.length > 0) await applyEdits({ db, lease, ...editing, ...untold }, edits);
}

async function writeResults({ folder, sides, plan, lease }: Staging, db: Db): Promise<void> {
  if (sides.results.length === 0) return;
  await ensureShared(db, 'fs.files');
  await ensureShared(db, 'fs.chunks');
  const edits = plan?.stages.flatMap((stage) => stage.files) ?? [];
  for (const { kind, key, file } of sides.results) {
    const path = join(folder.path, RUN_FOLDERS.get(kind) as string, `${key}.json`);
    let text = resultsText(await readFile(path, 'utf8'), path);
    for (const edit of edits) if (file.equals(edit.file as ObjectId)) text = edit.rewrite(text) ?? text;
    await writeFile(db, file, text, lease);
  }
}

function resultsText(text: string, path: string): string {
  try {
    return rewritePythonJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ImportError(path, [error.message], seeAll(dirname(dirname(path))));
  }
}

async function importTags({ folder, identity, note, options, lease }: Staging, db: Db): Promise<number> {
  if (folder.tags === undefined || options.maxSamples !== undefined) return 0;
  const collection = note.waitingTags ?? TAGS;
  await ensureShared(db, TAGS);
  let count = 0;
  for await (const { documents } of readDocuments(folder.tags)) {
    lease.check();
    const tags = documents.map((bytes, i) => {
      try {
        return temporalTag(decode(bytes), identity.id);
      } catch (error) {
        throw new ImportError(folder.path, [`tags.json: tag ${count + i + 1}: ${(error as Error).message}`], seeAll(folder.path));
      }
    });
    await insertRaw(db, collection, tags.map(encode));
    count += tags.length;
  }
  return count;
}

/** Waits until everything that was written cannot be lost any more. @throws FiftyOneError if an election may have taken some of it back */
async function settle({ connection, note, lease }: Staging, election: string): Promise<void> {
  const imports = connection.db.collection(IMPORTS);
  await imports.updateOne({ _id: note._id }, { $set: { settled: true } }, { writeConcern: { w: 'majority' } });
  lease.check();
  if ((await electionOf(connection.db)) === election) return;
  throw new FiftyOneError('the primary of the replica set has changed during the import', {
    hint: 'nothing was imported: run the same command again',
  });
}
