import type { Db } from 'mongodb';
import { clone, Doc, equal, ObjectId, type Value } from '../bson/index.js';
import type { Lease } from '../database/leases.js';
import { derivedIds } from './derived-ids.js';
import type { DatasetPlan } from './plan.js';
import { ALL_RUN_MAPS } from './read-record.js';
import { readFile, writeFile } from './results-file.js';
import type { DatasetRecord, FileEdit } from './revision.js';

/** The results files that a plan rewrites. A file that cannot be rewritten stays as it is, and so does the run that names it. */
export class RewrittenFiles {
  /** Files that nothing names any more once the plan is committed. */
  readonly replaced: Value[] = [];
  readonly #written = new Map<string, ObjectId>();

  /** Writes the new files, and returns the record after the plan with the runs naming them. */
  async rewrite(db: Db, plan: DatasetPlan, lease: Lease): Promise<DatasetRecord> {
    for (const edit of editsOf(plan)) {
      if (placesOf(edit, plan.before, plan.after).length > 0) await this.#write(db, plan.id, edit, lease);
    }
    return this.named(plan, plan.after);
  }

  /** A record with its runs naming the new files. */
  named(plan: DatasetPlan, record: DatasetRecord): DatasetRecord {
    const edits = editsOf(plan);
    if (edits.length === 0) return record;
    const { views } = record;
    const after = { views, dataset: clone(record.dataset as Doc), runs: record.runs.map((run) => clone(run as Doc)) };
    for (const edit of edits) {
      const file = this.#written.get(keyOf(edit));
      if (file !== undefined) for (const run of placesOf(edit, plan.before, after)) run.set('results', file);
    }
    return after;
  }

  async #write(db: Db, dataset: ObjectId, edit: FileEdit, lease: Lease): Promise<void> {
    const { file, rewrite } = edit;
    const key = keyOf(edit);
    if (this.#written.has(key)) return;
    const text = await readFile(db, file);
    const rewritten = text === undefined ? undefined : rewrite(text);
    if (rewritten === undefined) return;
    const target = derivedIds(dataset, `results ${key}`)();
    await writeFile(db, target, rewritten, lease);
    this.#written.set(key, target);
    this.replaced.push(file);
  }
}

function editsOf(plan: DatasetPlan): FileEdit[] {
  return plan.stages.flatMap((stage) => stage.files);
}

function keyOf({ run, file }: FileEdit): string {
  return `${run} ${file}`;
}

/**
 * Where a run is after the plan, with the file that is to be rewritten: a document of its own, or inside of the dataset's, where
 * going down puts it.
 */
function placesOf({ run: id, file }: FileEdit, before: DatasetRecord, after: DatasetRecord): Doc[] {
  const inside = ALL_RUN_MAPS.flatMap((name) => {
    const [from, to] = [before.dataset.get(name), after.dataset.get(name)];
    if (!(to instanceof Doc)) return [];
    const was = (key: string) => (from instanceof Doc ? from.get(key) : undefined);
    return [...to].flatMap(([key, run]) => {
      const old = was(key);
      return run instanceof Doc && !(old instanceof ObjectId && !old.equals(id)) ? [run] : [];
    });
  });
  const own = after.runs.filter((run) => equal(run.get('_id') ?? null, id)) as Doc[];
  return [...own, ...inside].filter((run) => equal(run.get('results') ?? null, file));
}
