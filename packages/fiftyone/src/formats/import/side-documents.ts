import { clone, Doc, ObjectId, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { docAt, docsAt } from '../../migrations/shape.js';
import { compareBase } from '../../version.js';
import { RUN_FOLDERS, type RunKind } from './run-kinds.js';
import { withoutState } from './view-stages.js';

/** Which saved views, workspaces and runs are wanted. */
export interface WantedSides {
  readonly views: boolean;
  readonly workspaces: boolean;
  readonly runs: boolean;
}

/** A results file of a run. */
export interface Results {
  readonly kind: RunKind;
  readonly key: string;
  /** The id that it gets in GridFS. */
  readonly file: ObjectId;
}

/** What a dataset has besides its own document. */
export interface SideDocuments {
  readonly views: readonly Doc[];
  readonly workspaces: readonly Doc[];
  readonly runs: readonly Doc[];
  readonly results: readonly Results[];
  /** Runs of which the results are said to exist, and do not. */
  readonly missing: readonly string[];
}

/** Before this version a dataset has its runs inside of its own document, and no saved views. */
const OWN_RUNS = '0.19.0';

/**
 * The saved views, workspaces and runs of an export, with new ids, as documents of the new dataset. The dataset document is given
 * the references to them.
 *
 * @param hasResults whether the export has results of a run
 * @throws MalformedError naming the place of what is no such document
 */
export function sideDocuments(
  metadata: ReadonlyDoc,
  dataset: Doc,
  wanted: WantedSides,
  hasResults: (kind: RunKind, key: string) => boolean,
): SideDocuments {
  const id = dataset.get('_id') as ObjectId;
  const version = metadata.get('version') as string;
  const documents = (key: string, isWanted: boolean): Doc[] =>
    isWanted ? docsAt(metadata.get(key) ?? [], key).map((doc) => ownedBy(id, doc)) : [];
  const views = documents('saved_views', wanted.views).map(freshView);
  const workspaces = documents('workspaces', wanted.workspaces);
  refer(dataset, 'saved_views', views.map(idOf));
  refer(dataset, 'workspaces', workspaces.map(idOf));
  const runs: Doc[] = [];
  const results: Results[] = [];
  const missing: string[] = [];
  for (const kind of RUN_FOLDERS.keys()) {
    const found = wanted.runs ? [...docAt(metadata.get(kind) ?? new Doc(), kind)] : [];
    const named = found.map(([key, value]): [string, Doc] => {
      const run = clone(docAt(value, `${kind}.${key}`));
      const had = run.get('results') ?? null;
      run.delete('results');
      const file = hasResults(kind, key) ? new ObjectId() : undefined;
      if (file !== undefined) results.push({ kind, key, file });
      else if (had !== null) missing.push(`${kind}/${key}`);
      return [key, file === undefined ? run : run.set('results', file)];
    });
    if (compareBase(version, OWN_RUNS) < 0) {
      if (metadata.has(kind)) dataset.set(kind, new Doc(named));
      continue;
    }
    const owned = named.map(([key, run]): [string, Doc] => [key, ownedBy(id, run)]);
    runs.push(...owned.map(([, run]) => run));
    // the order in which the server adds keys to a document
    const sorted = owned.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    if (sorted.length > 0) dataset.set(kind, new Doc(sorted.map(([key, run]) => [key, idOf(run)])));
  }
  return { views, workspaces, runs, results, missing };
}

function refer(dataset: Doc, key: string, ids: Value[]): void {
  if (ids.length > 0) dataset.set(key, ids);
}

function idOf(doc: Doc): ObjectId {
  return doc.get('_id') as ObjectId;
}

/** A copy that belongs to a dataset, with an id of its own. */
function ownedBy(dataset: ObjectId, doc: Doc): Doc {
  const copy = clone(doc);
  copy.delete('_id');
  return new Doc([['_id', new ObjectId()], ...copy]).set('_dataset_id', dataset);
}

function freshView(view: Doc): Doc {
  const stages = view.get('view_stages');
  if (!Array.isArray(stages)) return view;
  const fresh = stages.map((stage) => (typeof stage === 'string' ? withoutState(stage) : stage));
  return view.set('view_stages', fresh);
}
