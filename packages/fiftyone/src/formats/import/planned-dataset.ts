import { Doc, type ObjectId, type ReadonlyDoc, type Value } from '../../bson/index.js';
import type { Connection } from '../../database/connection.js';
import { ImportError, MalformedError } from '../../errors.js';
import type { DatasetRecord } from '../../migrations/revision.js';
import type { ExportFolder } from './export-folder.js';
import type { ImportOptions, ImportReport } from './import-dataset.js';
import type { Parts } from './import-notes.js';
import { metadataProblems } from './metadata-problems.js';
import { metadataWarnings, stageProblems } from './metadata-warnings.js';
import { planMigration } from './migrated.js';
import { datasetDocument, hasVideos, type Identity } from './new-dataset.js';
import type { RunKind } from './run-kinds.js';
import { seeAll } from './see-all.js';
import { sideDocuments } from './side-documents.js';
import type { Counts, Staged } from './stage-dataset.js';

const BLOCKED = 'correct metadata.json: above all its version, which says in what form the export is';

/** Everything about a dataset that can be known before its samples are read. @throws ImportError for what cannot be imported */
export function plannedDataset(
  connection: Connection,
  folder: ExportFolder,
  options: ImportOptions,
  identity: Identity,
  databaseVersion: string,
): Staged {
  const problems = metadataProblems(folder.metadata);
  if (problems.length > 0)
    throw new ImportError(
      folder.path,
      problems.map((problem) => `metadata.json: ${problem}`),
      seeAll(folder.path),
    );
  const warnings = metadataWarnings(folder.metadata).map(({ place, message }) => `metadata.json: ${place}: ${message}`);
  if (hasVideos(folder.metadata) && folder.frames === undefined) {
    warnings.push(
      'the dataset has videos, and the export has neither frames.json nor a folder frames: it is imported without frames',
    );
  }
  const dataset = datasetDocument(folder.metadata, identity);
  const isWhole = options.maxSamples === undefined;
  const wanted = {
    views: isWhole && (options.importSavedViews ?? true),
    workspaces: isWhole && (options.importWorkspaces ?? true),
    runs: isWhole && (options.importRuns ?? true),
  };
  if (wanted.views) {
    for (const { place, message } of stageProblems(folder.metadata.get('saved_views'))) {
      warnings.push(`metadata.json: ${place}: ${message}`);
    }
  }
  const hasResults = (kind: RunKind, key: string) => folder.results.get(kind)?.has(key) ?? false;
  const sides = explained(folder, () => sideDocuments(folder.metadata, dataset, wanted, hasResults));
  for (const run of sides.missing) warnings.push(`the results of run ${run} are not in the export`);
  const record = { dataset, views: sides.views, runs: sides.runs };
  const plan = planMigration(connection, record, databaseVersion, identity.now, (message) => warnings.push(message));
  if (plan !== undefined && plan.blocked.length > 0) throw new ImportError(folder.path, plan.blocked, BLOCKED);
  if (!identity.persistent) {
    warnings.push('it is not persistent: it is deleted when the last client leaves the database, unless it is made persistent');
  }
  return {
    connection,
    folder,
    options,
    identity,
    sides,
    plan,
    record: plan === undefined ? record : withOwners(plan.after),
    warnings,
  };
}

function explained<T>({ path }: ExportFolder, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new ImportError(path, [`metadata.json: ${error.message}`], seeAll(path));
  }
}

/** Runs that come out of the dataset's own document name their dataset first, like all others. */
function withOwners(record: DatasetRecord): DatasetRecord {
  const runs = record.runs.map((run) => {
    const first = ['_id', '_dataset_id'].map((key) => [key, run.get(key) ?? null] as [string, Value]);
    return new Doc([...first, ...[...run].filter(([key]) => !['_id', '_dataset_id'].includes(key))]);
  });
  return { ...record, runs };
}

/** What the import writes besides the dataset document. */
export function newParts({ identity, record, sides }: Staged): Parts {
  const idsOf = (docs: readonly ReadonlyDoc[]) => docs.map((doc) => doc.get('_id') as ObjectId);
  return {
    collections: [identity.samples, ...(identity.frames === undefined ? [] : [identity.frames])],
    views: idsOf(record.views),
    workspaces: idsOf(sides.workspaces),
    runs: idsOf(record.runs),
    files: sides.results.map(({ file }) => file),
  };
}

/** What is told about an import. */
export function reportOf({ identity, record, sides, folder, warnings }: Staged, counts: Counts, started: number): ImportReport {
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
