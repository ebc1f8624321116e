import { toEjson, type Value } from '../bson/index.js';
import { authorized } from '../database/connection.js';
import { isHeld, type Lease, type StoredLease } from '../database/leases.js';
import { DatasetNotFoundError, FiftyOneError, MalformedError, RefusedError } from '../errors.js';
import { missingVersion, parseVersion } from '../version.js';
import { Attempts, applyPlan, type StoredPlan } from './apply.js';
import { derivedIds } from './derived-ids.js';
import { type Decision, gateDataset } from './gate.js';
import { findMalformed } from './malformed.js';
import { pathBetween } from './path.js';
import { type DatasetPlan, planDataset, storedVersion } from './plan.js';
import { readRecord } from './read-record.js';
import type { DatasetOutcome } from './report.js';
import type { Row, Run } from './run.js';

/** How many times a dataset is planned again when other clients keep changing it. */
const MOST_ATTEMPTS = 10;

/** A dataset that is planned and leased, about which nothing is to be done, or that cannot even be planned. */
export type Prepared = { readonly row: Row; readonly started: number } & (
  | { readonly outcome: DatasetOutcome }
  | { readonly plan: StoredPlan; readonly lease: Lease | undefined }
);

/**
 * First phase: takes the lease, reads and plans. Never throws.
 *
 * @returns the lease of somebody else who is at work on this dataset: come back later
 */
export async function prepare(run: Run, row: Row): Promise<Prepared | StoredLease> {
  const started = performance.now();
  let lease: Lease | undefined;
  try {
    if (row.problem !== undefined) throw row.problem;
    const decision = decide(run, row, row.version);
    if (!decision.go) return { row, started, outcome: unchanged(row, decision.why) };
    if (!run.options.dryRun) {
      const taken = await authorized(run.connection, () => run.leases.take(`dataset ${row.id}`));
      if (!isHeld(taken)) return taken;
      lease = taken;
    }
    const plan = await makePlan(run, row);
    if (plan.go) return { row, started, lease, plan: plan.plan };
    await lease?.release();
    return { row, started, outcome: unchanged({ ...row, version: plan.version }, plan.why) };
  } catch (error) {
    await lease?.release();
    return { row, started, outcome: failed(nothing(row), error, started) };
  }
}

/** Second phase: checks the documents, applies the plan, gives the lease back. Never throws. */
export async function finish(run: Run, prepared: Prepared): Promise<DatasetOutcome> {
  if ('outcome' in prepared) return prepared.outcome;
  const { row, started, lease } = prepared;
  let { plan } = prepared;
  const attempts = new Attempts();
  try {
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const reasons = [...plan.blocked, ...(await findMalformed(run.connection.db, plan))];
      if (reasons.length > 0) throw new RefusedError(plan.name, reasons);
      if (lease === undefined) return { ...outcomeOf(plan), result: 'planned', reasons: [], seconds: since(started) };
      tell(run, plan);
      if (await authorized(run.connection, () => applyPlan(run.connection.db, plan, lease, attempts))) {
        return { ...outcomeOf(plan), result: 'migrated', reasons: [], seconds: since(started) };
      }
      const next = await makePlan(run, row);
      if (!next.go) return unchanged({ ...row, version: next.version }, next.why);
      plan = next.plan;
    }
    throw new FiftyOneError(`dataset '${plan.name}' is changed by other clients all the time`, {
      hint: 'try again when it is less busy',
    });
  } catch (error) {
    return failed(outcomeOf(plan), error, started);
  } finally {
    await lease?.release().catch(() => {});
  }
}

type Planned =
  | { readonly go: false; readonly why: string; readonly version: string | null }
  | { readonly go: true; readonly plan: StoredPlan };

async function makePlan(run: Run, row: Row): Promise<Planned> {
  const { connection, options, names } = run;
  const record = await readRecord(connection.db, row.id);
  if (!record) throw new DatasetNotFoundError(row.name as string);
  const version = storedVersion(record.dataset);
  const decision = decide(run, row, version ?? undefined);
  if (!decision.go) return { ...decision, version };
  const from = version ?? missingVersion;
  const { direction, path } = pathBetween(from, decision.to, options.keepUnknown ?? false);
  const newId = derivedIds(row.id, `${from} ${decision.to}`);
  const others = names.others(row.id);
  const made = planDataset(record, decision.to, direction, path, (warn) => ({ now: run.now, others, newId, warn }));
  if (made.blocked.length === 0) names.enter(row.id, made.after.dataset.get('name'), made.after.dataset.get('slug'));
  return { go: true, plan: { ...made, before: record } };
}

function decide({ connection, options, databaseVersion }: Run, row: Row, version: Value | undefined): Decision {
  if (connection.settings.disableMigrations)
    return { go: false, why: 'migrations are switched off by FIFTYONE_DISABLE_MIGRATIONS' };
  const from = version ?? missingVersion;
  if (typeof from !== 'string' || !isVersion(from))
    throw new MalformedError('version', toEjson(from), 'a version such as "1.22.1"');
  return gateDataset(row.name as string, from, options.target, databaseVersion, connection.settings.databaseAdmin);
}

function isVersion(text: string): boolean {
  try {
    parseVersion(text);
    return true;
  } catch {
    return false;
  }
}

function tell({ options }: Run, { name, from, to, stages }: DatasetPlan): void {
  if (stages.length > 0) options.onEvent?.({ kind: 'dataset', name, from, to });
  for (const stage of stages) options.onEvent?.({ kind: 'step', name, step: stage.name });
}

function since(started: number): number {
  return Math.round(performance.now() - started) / 1000;
}

type Facts = Omit<DatasetOutcome, 'result' | 'seconds' | 'reasons'>;

function nothing({ name, version }: Row): Facts {
  return { name, from: typeof version === 'string' ? version : null, to: null, steps: [], edits: [], loses: [], warnings: [] };
}

function unchanged(row: Row, why: string): DatasetOutcome {
  const facts = nothing(row);
  return { ...facts, to: facts.from, result: 'unchanged', reasons: [why], seconds: 0 };
}

function failed(facts: Facts, error: unknown, started: number): DatasetOutcome {
  const hint = error instanceof FiftyOneError ? error.hint : undefined;
  const reasons = error instanceof RefusedError ? error.reasons : [(error as Error).message];
  const outcome = { ...facts, reasons, error: error as Error, seconds: since(started) };
  return { ...outcome, result: 'failed', ...(hint === undefined ? {} : { hint }) };
}

function outcomeOf(plan: DatasetPlan): Facts {
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
