import { Doc, ObjectId, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { newDatasetDocument } from '../../datasets/new-document.js';
import { MalformedError } from '../../errors.js';
import { releaseAt } from '../../migrations/release-documents.js';
import { kindOf } from '../../migrations/shape.js';
import { compareBase, isVersion, openSourceVersion } from '../../version.js';
import type { ExportFolder } from '../import/export-folder.js';
import { metadataProblems } from '../import/metadata-problems.js';
import { metadataWarnings, stageProblems } from '../import/metadata-warnings.js';
import { planBetween } from '../import/migrated.js';
import { datasetDocument, hasVideos } from '../import/new-dataset.js';
import { RUN_FOLDERS } from '../import/run-kinds.js';
import { sideDocuments } from '../import/side-documents.js';
import type { Problems } from './export-problem.js';

const FILE = 'metadata.json';

/** Keys of a dataset that has everything; releases that refuse others have lists of their own. */
const KNOWN: ReadonlySet<string> = new Set([
  ...newDatasetDocument({ id: new ObjectId(), name: '', slug: '', persistent: true, now: null }).keys(),
  ...['media_type', 'description', 'frame_collection_name', 'group_field', 'default_group_slice', 'default_skeleton'],
]);

/** Looks whether metadata are those of a dataset. */
export function checkMetadata({ metadata, frames }: ExportFolder, problems: Problems): void {
  const version = metadata.get('version');
  if (typeof version !== 'string' || !isVersion(version)) {
    problems.add('error', FILE, `is ${kindOf(version)}, expected one such as "${openSourceVersion}"`, { place: 'version' });
  } else if (compareBase(version, openSourceVersion) > 0) {
    problems.add('error', FILE, `${version} is newer than this client, which knows formats up to ${openSourceVersion}`, {
      place: 'version',
    });
  } else {
    if (metadataProblems(metadata).length === 0) checkUpgrade(metadata, version, problems);
    const known = releaseAt(version).keys.get('DatasetDocument') ?? KNOWN;
    for (const key of metadata.keys()) {
      if (!known.has(key)) problems.add('note', FILE, `release ${version} does not know this key`, { place: key });
    }
  }
  for (const problem of metadataProblems(metadata)) problems.add('error', FILE, problem);
  for (const { place, message } of metadataWarnings(metadata)) problems.add('warning', FILE, message, { place });
  for (const { place, message } of stageProblems(metadata.get('saved_views'))) problems.add('error', FILE, message, { place });
  if (hasVideos(metadata) && frames === undefined) {
    problems.add('warning', FILE, 'the dataset has videos, and the export has neither frames.json nor a folder frames');
  }
  for (const key of ['saved_views', 'workspaces']) checkNamed(metadata.get(key), key, problems);
  for (const kind of RUN_FOLDERS.keys()) checkRuns(metadata.get(kind), kind, problems);
}

function checkNamed(docs: Value | undefined, key: string, problems: Problems): void {
  if (docs === undefined || docs === null) return;
  if (!Array.isArray(docs)) {
    problems.add('error', FILE, `is ${kindOf(docs)}, expected a list`, { place: key });
    return;
  }
  const names = new Set<string>();
  for (const [i, doc] of docs.entries()) {
    const place = `${key}[${i}]`;
    if (!(doc instanceof Doc)) {
      const hint = doc instanceof ObjectId ? ': this is what a database has, not an export' : '';
      problems.add('error', FILE, `is ${kindOf(doc)}, expected a document${hint}`, { place });
      continue;
    }
    const name = doc.get('name');
    if (typeof name !== 'string')
      problems.add('error', FILE, `is ${kindOf(name)}, expected a string`, { place: `${place}.name` });
    else if (names.has(name)) problems.add('error', FILE, `'${name}' is the name of another one too`, { place: `${place}.name` });
    else names.add(name);
  }
}

/** Looks whether it can be brought to the version of this client. */
function checkUpgrade(metadata: ReadonlyDoc, version: string, problems: Problems): void {
  const identity = { id: new ObjectId(), name: 'it', slug: 'it', persistent: true, samples: 'samples', frames: 'frames', now: 0 };
  const dataset = datasetDocument(metadata, identity);
  try {
    const wanted = { views: true, workspaces: true, runs: true };
    const { views, runs } = sideDocuments(metadata, dataset, wanted, () => false);
    const plan = planBetween({ dataset, views, runs }, version, openSourceVersion, 0, () => {});
    for (const reason of plan.blocked) problems.add('error', FILE, `it cannot be upgraded: ${reason}`);
  } catch (error) {
    // it is told with its place by the other checks
    if (!(error instanceof MalformedError)) throw error;
  }
}

function checkRuns(runs: Value | undefined, kind: string, problems: Problems): void {
  if (runs === undefined || runs === null) return;
  if (!(runs instanceof Doc)) {
    problems.add('error', FILE, `is ${kindOf(runs)}, expected a document`, { place: kind });
    return;
  }
  for (const [key, run] of runs) {
    const place = `${kind}.${key}`;
    if (!(run instanceof Doc)) problems.add('error', FILE, `is ${kindOf(run)}, expected the document of a run`, { place });
    else if (!(run.get('config') instanceof Doc)) {
      problems.add('warning', FILE, `is ${kindOf(run.get('config'))}, expected a document`, { place: `${place}.config` });
    }
  }
}
