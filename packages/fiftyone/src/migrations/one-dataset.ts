import { authorized } from '../database/connection.js';
import { DatasetNotFoundError, FiftyOneError, MalformedError, RefusedError } from '../errors.js';
import { missingVersion, parseVersion } from '../version.js';
import { Attempts, applyPlan, type StoredPlan } from './apply.js';
import { derivedIds } from './derived-ids.js';
import { gateDataset } from './gate.js';
import { findMalformed } from './malformed.js';
import type { MigrateOptions } from './migrate.js';
import { pathBetween } from './path.js';
import { type DatasetPlan, planDataset, storedVersion } from './plan.js';
import { readRecord } from './read-record.js';
import type { DatasetOutcome } from './report.js';
import type { Row, Run } from './run.js';

/** How many times a dataset is planned again when other clients keep changing it. */
const MOST_ATTEMPTS = 10;

/** A dataset that is planned, or about which nothing is to be done, or that cannot even be planned. */
export interface Prepared {
  readonly row: Row;
  readonly started: number;
  readonly attempts: Attempts;
  readonly plan?: Planned;
  readonly error?: unknown;
}

/** First phase: reads and plans. Never throws. */
export async function prepare(run: Run, row: Row): Promise<Prepared> {
  const prepared = { row, started: performance.now(), attempts: new Attempts() };
  try {
    if (row.problem !== undefined) throw row.problem;
    return { ...prepared, plan: await plan(run, row) };
  } catch (error) {
    return { ...prepared, error };
  }
}

type Planned =
  | { readonly go: false; readonly why: string; readonly version: string | null }
  | { readonly go: true; readonly plan: StoredPlan };

async function plan(run: Run, row: Row): Promise<Planned> {
  const { connection, options, databaseVersion, names } = run;
  const name = row.name as string;
  const record = await readRecord(connection.db, row.id);
  if (!record) throw new DatasetNotFoundError(name);
  const version = storedVersion(record.dataset);
  if (connection.settings.disableMigrations)
    return { go: false, why: 'migrations are switched off by FIFTYONE_DISABLE_MIGRATIONS', version };
  const from = version ?? missingVersion;
  checkVersion(from);
  const decision = gateDataset(name, from, options.target, databaseVersion, connection.settings.databaseAdmin);
  if (!decision.go) return { ...decision, version };
  const { direction, path } = pathBetween(from, decision.to, options.keepUnknown ?? false);
  const newId = derivedIds(row.id, `${from} ${decision.to}`);
  const others = names.others(row.id);
  const made = planDataset(record, decision.to, direction, path, (warn) => ({ now: run.now, others, newId, warn }));
  if (made.blocked.length === 0) names.enter(row.id, made.after.dataset.get('name'), made.after.dataset.get('slug'));
  return { go: true, plan: { ...made, before: record } };
}

function checkVersion(version: string): void {
  try {
    parseVersion(version);
  } catch {
    throw new MalformedError('version', JSON.stringify(version), 'a version such as "1.22.1"');
  }
}

/** Second phase: checks the documents, and applies the plan. Never throws. */
export async function finish(run: Run, prepared: Prepared): Promise<DatasetOutcome> {
  const { options } = run;
  const { row, started, attempts } = prepared;
  const seconds = () => Math.round(performance.now() - started) / 1000;
  let planned = prepared.plan;
  try {
    if (prepared.error !== undefined) throw prepared.error;
    for (let attempt = 1; ; attempt++) {
      if (!planned) throw new Error('unreachable: no plan');
      if (!planned.go)
        return {
          ...nothing(row, planned.version),
          to: planned.version,
          result: 'unchanged',
          reasons: [planned.why],
          seconds: seconds(),
        };
      const current = planned.plan;
      const reasons = [...current.blocked, ...(await findMalformed(run.connection.db, current))];
      if (reasons.length > 0) throw new RefusedError(current.name, reasons);
      if (!options.dryRun) tell(options, current);
      if (options.dryRun || (await authorized(run.connection, () => applyPlan(run.connection.db, current, attempts)))) {
        return { ...outcomeOf(current), result: options.dryRun ? 'planned' : 'migrated', reasons: [], seconds: seconds() };
      }
      if (attempt === MOST_ATTEMPTS)
        throw new FiftyOneError(`dataset '${current.name}' is changed by other clients all the time`, {
          hint: 'try again when it is less busy',
        });
      planned = await plan(run, row);
    }
  } catch (error) {
    const base = planned?.go ? outcomeOf(planned.plan) : nothing(row, null);
    const hint = error instanceof FiftyOneError ? error.hint : undefined;
    const reasons = error instanceof RefusedError ? error.reasons : [(error as Error).message];
    return {
      ...base,
      result: 'failed',
      reasons,
      error: error as Error,
      ...(hint === undefined ? {} : { hint }),
      seconds: seconds(),
    };
  }
}

function tell({ onEvent }: MigrateOptions, { name, from, to, stages }: DatasetPlan): void {
  if (stages.length > 0) onEvent?.({ kind: 'dataset', name, from, to });
  for (const stage of stages) onEvent?.({ kind: 'step', name, step: stage.name });
}

function nothing(row: Row, from: string | null): Omit<DatasetOutcome, 'result' | 'seconds'> {
  return { name: row.name, from, to: null, steps: [], edits: [], loses: [], warnings: [], reasons: [] };
}

function outcomeOf(plan: DatasetPlan): Omit<DatasetOutcome, 'result' | 'seconds' | 'reasons'> {
  const name = String(plan.after.dataset.get('name'));
  return {
    name,
    ...(name === plan.name ? {} : { renamedFrom: plan.name }),
    from: plan.from,
    to: plan.to,
    steps: plan.stages.map((stage) => (stage.name.startsWith('v') ? `${stage.name} ${plan.direction}` : stage.name)),
    edits: plan.stages.flatMap((stage) => stage.bulk.map((edit) => `${edit.collection}: ${edit.summary}`)),
    loses: plan.loses,
    warnings: plan.warnings,
  };
}
