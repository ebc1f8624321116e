import { clone, type Doc, equal, ObjectId, type ReadonlyDoc, toEjson, type Value } from '../bson/index.js';
import { MalformedError } from '../errors.js';
import { compareBase } from '../version.js';
import type { AtticChanges } from './attic/changes.js';
import type { BulkEdit, DatasetRecord, Draft, FileEdit, Revision, Step, StepContext } from './revision.js';
import type { Direction } from './select.js';
import { datasetId } from './shape.js';

/** A step on the way, and the name under which people see it. */
export interface PathStep {
  /** `v0.19.0`, or `fit to 0.18.0`. */
  readonly name: string;
  readonly summary: string;
  readonly step: Step;
}

/** One step of a plan: what it would do to this very dataset. */
export interface Stage {
  readonly name: string;
  readonly summary: string;
  readonly bulk: readonly BulkEdit[];
  readonly files: readonly FileEdit[];
  readonly loses: readonly string[];
  /** Why the dataset cannot take this step. Of those after a blocked one only the blocked are in the plan, for their reasons. */
  readonly blocked: string | undefined;
}

/** Everything that a migration would do to one dataset. Pure data: making it reads and writes nothing. */
export interface DatasetPlan {
  readonly id: ObjectId;
  readonly name: string;
  /** The stored version, or null where none is stored. */
  readonly from: string | null;
  readonly to: string;
  readonly direction: Direction;
  readonly stages: readonly Stage[];
  readonly blocked: readonly string[];
  readonly loses: readonly string[];
  readonly warnings: readonly string[];
  readonly before: DatasetRecord;
  readonly after: DatasetRecord;
  /** What is kept in the attic, or put back from it. */
  readonly attic?: AtticChanges;
}

/** Releases before this one store no version in a dataset. */
const FIRST_STORED_VERSION = '0.6.2';

/** The steps of revisions in one direction. */
export function pathOf(revisions: readonly Revision[], direction: Direction): PathStep[] {
  return revisions.map((revision) => ({ name: `v${revision.version}`, summary: revision.summary, step: revision[direction] }));
}

/**
 * Plans a path for one dataset by running every step on a copy of its small documents.
 *
 * @throws nothing for what is wrong with the dataset: that is in `blocked`
 */
export function planDataset(
  record: DatasetRecord,
  to: string,
  direction: Direction,
  path: readonly PathStep[],
  makeContext: (warn: (message: string) => void) => StepContext,
): DatasetPlan {
  const warnings: string[] = [];
  const context = makeContext((message) => warnings.push(message));
  const stages: Stage[] = [];
  const draft = draftOf(record);
  for (const { name, summary, step } of path) {
    const isBlocked = stages.at(-1)?.blocked !== undefined;
    const stage = isBlocked ? laterStage(name, summary, step, draft) : planStage(name, summary, step, draft, context);
    if (stage !== undefined) stages.push(stage);
  }
  const blocked = stages.flatMap((stage) => (stage.blocked === undefined ? [] : [stage.blocked]));
  if (blocked.length === 0) stamp(draft.dataset, to);
  const after = blocked.length > 0 ? record : draft;
  return {
    id: datasetId(record.dataset),
    name: String(record.dataset.get('name')),
    from: storedVersion(record.dataset),
    to,
    direction,
    stages,
    blocked,
    loses: stages.flatMap((stage) => stage.loses),
    warnings,
    before: record,
    after,
  };
}

function planStage(name: string, summary: string, step: Step, draft: Draft, context: StepContext): Stage {
  const none = { name, summary, bulk: [], files: [], loses: [] };
  try {
    const blocked = step.blocked?.(draft);
    if (blocked !== undefined) return { ...none, blocked };
    const stage = {
      name,
      summary,
      bulk: step.bulk?.(draft, context) ?? [],
      files: step.files?.(draft) ?? [],
      loses: step.loses?.(draft) ?? [],
      blocked: undefined,
    };
    step.edit?.(draft, context);
    return stage;
  } catch (error) {
    if (error instanceof MalformedError) return { ...none, blocked: `${name}: ${error.message}` };
    throw error;
  }
}

/** A stage behind a blocked one, if it is blocked as well: whoever corrects a dataset wants to know everything that is in the way. */
function laterStage(name: string, summary: string, step: Step, draft: Draft): Stage | undefined {
  try {
    const blocked = step.blocked?.(draft);
    return blocked === undefined ? undefined : { name, summary, bulk: [], files: [], loses: [], blocked };
  } catch (error) {
    // the record is not what this step would have found
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

function draftOf(record: DatasetRecord): Draft {
  return {
    dataset: clone(record.dataset as Doc),
    runs: record.runs.map((run) => clone(run as Doc)),
    views: record.views.map((view) => clone(view as Doc)),
  };
}

function stamp(dataset: Doc, to: string): void {
  if (compareBase(to, FIRST_STORED_VERSION) >= 0) dataset.set('version', to);
}

/** The version in a dataset document, or null where none is stored. @throws MalformedError for anything but a string */
export function storedVersion(dataset: ReadonlyDoc): string | null {
  const version = dataset.get('version') ?? null;
  if (version !== null && typeof version !== 'string')
    throw new MalformedError('version', toEjson(version), 'a version such as "1.22.1"');
  return version;
}

/** The documents of one side collection that a plan inserts, replaces and deletes. */
export interface Changes {
  readonly inserted: readonly ReadonlyDoc[];
  readonly replaced: readonly ReadonlyDoc[];
  readonly deleted: readonly Value[];
}

/** Compares a side collection before and after, by `_id`. */
export function changesOf(before: readonly ReadonlyDoc[], after: readonly ReadonlyDoc[]): Changes {
  const old = new Map(before.map((doc) => [key(doc), doc]));
  const kept = new Set(after.map(key));
  return {
    inserted: after.filter((doc) => !old.has(key(doc))),
    replaced: after.filter((doc) => old.has(key(doc)) && !equal(old.get(key(doc)) as Doc, doc as Doc)),
    deleted: before.filter((doc) => !kept.has(key(doc))).map((doc) => doc.get('_id') as Value),
  };
}

function key(doc: ReadonlyDoc): string {
  const id = doc.get('_id');
  return id instanceof ObjectId ? id.toHexString() : toEjson(id ?? null);
}
