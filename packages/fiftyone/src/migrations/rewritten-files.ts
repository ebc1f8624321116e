import type { Db } from 'mongodb';
import { clone, Doc, ObjectId, type Value } from '../bson/index.js';
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
  async rewrite(db: Db, plan: DatasetPlan): Promise<DatasetRecord> {
    const edits = plan.stages.flatMap((stage) => stage.files);
    if (edits.length === 0) return plan.after;
    const { views } = plan.after;
    const after = { views, dataset: clone(plan.after.dataset as Doc), runs: plan.after.runs.map((run) => clone(run as Doc)) };
    for (const edit of edits) {
      const file = await this.#write(db, plan.id, edit);
      if (file !== undefined) for (const run of placesOf(edit.run, plan.before, after)) run.set('results', file);
    }
    return after;
  }

  async #write(db: Db, dataset: ObjectId, { run, file, rewrite }: FileEdit): Promise<ObjectId | undefined> {
    const key = `${run} ${file}`;
    const done = this.#written.get(key);
    if (done) return done;
    const text = await readFile(db, file);
    const rewritten = text === undefined ? undefined : rewrite(text);
    if (rewritten === undefined) return undefined;
    const target = derivedIds(dataset, `results ${key}`)();
    await writeFile(db, target, rewritten);
    this.#written.set(key, target);
    this.replaced.push(file);
    return target;
  }
}

/** Where a run is after the plan: a document of its own, or inside of the dataset's, where going down puts it. */
function placesOf(id: ObjectId, before: DatasetRecord, after: { dataset: Doc; runs: Doc[] }): Doc[] {
  const isRun = (value: Value | undefined) => value instanceof ObjectId && value.equals(id);
  const inside = ALL_RUN_MAPS.flatMap((name) => {
    const [from, to] = [before.dataset.get(name), after.dataset.get(name)];
    if (!(from instanceof Doc) || !(to instanceof Doc)) return [];
    return [...from].filter(([, value]) => isRun(value)).map(([key]) => to.get(key));
  });
  return [...after.runs.filter((run) => isRun(run.get('_id'))), ...inside.filter((run) => run instanceof Doc)];
}
