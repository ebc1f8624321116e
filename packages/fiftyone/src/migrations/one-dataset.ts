import { encode, toEjson, type Value } from '../bson/index.js';
import { authorized } from '../database/connection.js';
import { isHeld, type Lease, type StoredLease } from '../database/leases.js';
import {
  DatasetNotFoundError,
  FiftyOneError,
  hintForServer,
  isUnreachable,
  MalformedError,
  RefusedError,
  ServerGoneError,
} from '../errors.js';
import { shellWord } from '../shell-word.js';
import { isVersion, missingVersion } from '../version.js';
import { Attempts, applyPlan } from './apply.js';
import type { CollectionOrder } from './collection-order.js';
import { derivedIds } from './derived-ids.js';
import { findLosses, findMalformed } from './documents-check.js';
import { type Decision, gateDataset } from './gate.js';
import type { Turn } from './in-window.js';
import { pathBetween } from './path.js';
import { type DatasetPlan, planDataset, storedVersion } from './plan.js';
import type { StoredPlan, StoredRecord } from './read-record.js';
import type { DatasetOutcome } from './report.js';
import type { Row, Run } from './run.js';
import type { Begun } from './work.js';

/** How many times a dataset is planned again when other clients keep changing it. */
const MOST_ATTEMPTS = 10;

const MOST_MESSAGE = 300;

/** The largest document that MongoDB stores. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * Migrates one dataset: takes the lease, finishes what a runner that died has left, reads, plans, checks, applies. Never throws.
 *
 * @returns the lease of somebody else who is at work on this dataset: come back later
 */
export async function migrateOne(run: Run, row: Row, turn: Turn): Promise<DatasetOutcome | StoredLease> {
  const started = performance.now();
  let lease: Lease | undefined;
  let plan: StoredPlan | undefined;
  let order: Order | undefined;
  try {
    if (row.problem !== undefined) throw row.problem;
    const decision = decide(run, row, row.version);
    const begun = run.connection.settings.disableMigrations ? undefined : run.unfinished.get(String(row.id));
    if (!decision.go && !begun) return unchanged(row, decision.why);
    if (begun && run.options.dryRun && (row.version ?? null) === begun.from && !(decision.go && decision.to === begun.to))
      throw interrupted(row, begun);
    if (!run.options.dryRun) {
      const taken = await authorized(run.connection, () => run.leases.take(`dataset ${row.id}`));
      if (!isHeld(taken)) return taken;
      lease = taken;
    }
    const left = lease && (await run.applier.work.recover(row.id));
    const attempts = new Attempts();
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const planned: Planned = await makePlan(run, row, left, turn, order);
      if (!planned.go) return unchanged({ ...row, version: planned.version }, planned.why);
      ({ plan, order } = planned);
      const reasons = [...plan.blocked, ...tooBig(plan), ...(await findMalformed(run.connection.db, plan))];
      if (reasons.length > 0) throw new RefusedError(plan.name, reasons);
      plan = { ...plan, loses: [...plan.loses, ...(await findLosses(run.connection.db, plan))] };
      if (lease === undefined) return { ...outcomeOf(plan), result: 'planned', reasons: [], seconds: since(started) };
      await order.before;
      stopIfGone(run);
      tell(run, plan);
      if (await apply(run, { ...planned, plan }, lease, attempts)) {
        return { ...outcomeOf(plan), result: 'migrated', reasons: [], seconds: since(started) };
      }
    }
    throw new FiftyOneError(`dataset '${row.name}' is changed by other clients all the time`, {
      hint: 'try again when it is less busy',
    });
  } catch (error) {
    if (isUnreachable(error)) run.server.gone = true;
    return failed(plan ? outcomeOf(plan) : nothing(row), error, started);
  } finally {
    turn.pass();
    order?.done();
    if (!run.server.gone) await lease?.release().catch(() => {});
  }
}

/** @throws ServerGoneError when another dataset has found out: waiting for each one's own time-out would take minutes */
function stopIfGone(run: Run): void {
  if (run.server.gone) throw new ServerGoneError();
}

function apply(run: Run, { plan, begun }: Going, lease: Lease, attempts: Attempts): Promise<boolean> {
  return authorized(run.connection, () => applyPlan(run.applier, plan, begun, lease, attempts));
}

interface Going {
  readonly go: true;
  readonly plan: StoredPlan;
  readonly begun: Begun;
  readonly order: Order;
}

type Order = ReturnType<CollectionOrder['queue']>;

type Planned = Going | { readonly go: false; readonly why: string; readonly version: string | null };

async function makePlan(run: Run, row: Row, left: Begun | undefined, turn: Turn, queued: Order | undefined): Promise<Planned> {
  const record = await run.read(row.id);
  // plans are made one after the other, so that new names and slugs do not depend on timing
  await turn.mine();
  try {
    stopIfGone(run);
    if (!record) throw new DatasetNotFoundError(row.name as string);
    const version = storedVersion(record.dataset);
    const decision = decide(run, row, version ?? undefined);
    if (left && !(decision.go && decision.to === left.to)) throw interrupted(row, left);
    if (!decision.go) return { ...decision, version };
    const keepUnknown = run.options.keepUnknown ?? false;
    const begun = left ?? { from: version, to: decision.to, now: run.now, keepUnknown };
    const plan = planFor(run, row, record, begun);
    return { go: true, begun, plan, order: queued ?? run.order.queue(plan.stages.flatMap((stage) => stage.bulk)) };
  } finally {
    turn.pass();
  }
}

function planFor({ names }: Run, row: Row, record: StoredRecord, { from, to, now, keepUnknown }: Begun): StoredPlan {
  const { direction, path } = pathBetween(from ?? missingVersion, to, keepUnknown);
  const newId = derivedIds(row.id, `${from ?? missingVersion} ${to}`);
  const others = names.others(row.id);
  const made = planDataset(record, to, direction, path, (warn) => ({ now, others, newId, warn }));
  if (made.blocked.length === 0) names.enter(row.id, made.after.dataset.get('name'), made.after.dataset.get('slug'));
  return { ...made, before: record };
}

function interrupted(row: Row, { from, to, keepUnknown }: Begun): RefusedError {
  const name = row.name as string;
  const reason = `it was interrupted on its way from ${from ?? 'no version'} to ${to}: some of its samples are changed already, so it has to get there first`;
  return new RefusedError(
    name,
    [reason],
    `finish that with: fiftyone migrate -v ${to} -n ${shellWord(name)}${keepUnknown ? ' --keep-unknown' : ''}`,
  );
}

function decide({ connection, options, databaseVersion }: Run, row: Row, version: Value | undefined): Decision {
  if (connection.settings.disableMigrations)
    return { go: false, why: 'migrations are switched off by FIFTYONE_DISABLE_MIGRATIONS' };
  const from = version ?? missingVersion;
  if (typeof from !== 'string' || !isVersion(from))
    throw new MalformedError('version', toEjson(from), 'a version such as "1.22.1"');
  return gateDataset(row.name as string, from, options.target, databaseVersion, connection.settings.databaseAdmin);
}

function tell({ options }: Run, { name, from, to, stages }: DatasetPlan): void {
  if (stages.length > 0) options.onEvent?.({ kind: 'dataset', name, from, to });
  for (const stage of stages) options.onEvent?.({ kind: 'step', name, step: stage.name });
}

function since(started: number): number {
  return Math.round(performance.now() - started) / 1000;
}

/** What the server says can hold a whole document. */
function shortened(message: string): string {
  return message.length <= MOST_MESSAGE ? message : `${message.slice(0, MOST_MESSAGE)} …`;
}

function tooBig({ blocked, after }: DatasetPlan): string[] {
  const size = blocked.length > 0 ? 0 : encode(after.dataset).length;
  if (size <= MOST_BYTES) return [];
  return [`its document would have ${size} bytes, which is more than the ${MOST_BYTES} that MongoDB can store`];
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
  const hint = error instanceof FiftyOneError ? error.hint : hintForServer(error);
  const reasons = error instanceof RefusedError ? error.reasons : [shortened((error as Error).message)];
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
