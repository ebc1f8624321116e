import { encode, toEjson, type Value } from '../bson/index.js';
import { authorized } from '../database/connection.js';
import { isTooLate, type StoredLease } from '../database/lease-store.js';
import { isHeld, type Lease, LostLeaseError } from '../database/leases.js';
import { endLeftovers } from '../database/leftovers.js';
import {
  DatasetNotFoundError,
  FiftyOneError,
  hintForServer,
  isUnreachable,
  MalformedError,
  RefusedError,
  ServerGoneError,
  StoppedError,
} from '../errors.js';
import { isVersion, missingVersion } from '../version.js';
import { Attempts, applyPlan } from './apply.js';
import { looked } from './attic/changes.js';
import { type AtticEntry, runText } from './attic/entry.js';
import { isAtticStage, keepInAttic } from './attic/plan-down.js';
import { planUp } from './attic/plan-up.js';
import { commentOf } from './bulk-edits.js';
import type { CollectionOrder } from './collection-order.js';
import { derivedIds } from './derived-ids.js';
import { findLosses, findMalformed, reasonOf, TOO_LARGE } from './documents-check.js';
import type { Decision } from './gate.js';
import type { Turn } from './in-window.js';
import { type DatasetPlan, planDataset, storedVersion } from './plan.js';
import { type Preview, previewPlan } from './preview/preview.js';
import type { StoredPlan, StoredRecord } from './read-record.js';
import type { DatasetOutcome, EditEvent } from './report.js';
import type { Row, Run } from './run.js';
import type { Begun } from './work.js';

/** How many times a dataset is planned again when other clients keep changing it. */
const MOST_ATTEMPTS = 10;

const MOST_MESSAGE = 300;

/** Documents that clients insert between the edits and the commit escape them: where that takes this long, it is looked for. `--verify` looks everywhere. */
const LONG_MS = 300;

/** How many ids of documents that are in the way a preview lists. */
const MOST_IDS = { short: 10, full: 10_000 };

/** The largest document that MongoDB stores. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * Migrates one dataset: takes the lease, finishes what a runner that died has left, reads, plans, checks, applies. Never throws.
 *
 * @returns the lease of somebody else who is at work on this dataset: come back later; undefined when the run was stopped before
 *   anything was done
 */
export async function migrateOne(run: Run, row: Row, turn: Turn, beforeWriting: () => Promise<unknown>): Promise<Result> {
  const started = performance.now();
  try {
    const why = reasonToLeave(run, row);
    if (why !== undefined) return unchanged(row, why);
  } catch (error) {
    return failed(nothing(row), error, started);
  }
  const work = () => workOn(run, row, turn, started, beforeWriting);
  return run.options.dryRun ? await work() : await run.room(work);
}

type Result = DatasetOutcome | StoredLease | undefined;

/** Why there is nothing to do for a dataset, as far as its row tells. */
function reasonToLeave(run: Run, row: Row): string | undefined {
  if (row.problem !== undefined) throw row.problem;
  const decision = decide(run, row, row.version);
  const unfinished = run.connection.settings.disableMigrations ? undefined : run.unfinished.get(String(row.id));
  if (!decision.go && !unfinished) return decision.why;
  if (unfinished && run.options.dryRun && (row.version ?? null) === unfinished.from) {
    if (!(decision.go && decision.to === unfinished.to)) throw interrupted(run, row, unfinished);
  }
  return undefined;
}

async function workOn(run: Run, row: Row, turn: Turn, started: number, beforeWriting: () => Promise<unknown>): Promise<Result> {
  let lease: Lease | undefined;
  let plan: StoredPlan | undefined;
  let order: Order | undefined;
  let begun = false;
  let preview: Preview | undefined;
  try {
    if (!run.options.dryRun) {
      await run.control.mayGoOn();
      const taken = await authorized(run.connection, () => run.leases.take(`${run.realm.noun} ${row.id}`));
      if (!isHeld(taken)) return taken;
      lease = taken;
    }
    let left = lease && (await run.applier.work.recover({ id: row.id, lease }));
    if (lease && left) await endLeftovers(run.connection.db, commentOf(run.connection.db, lease));
    const attempts = new Attempts(left?.edits);
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      // what an attempt has prepared for its commit must not be taken for what was there
      if (lease && attempt > 1) left = await run.applier.work.recover({ id: row.id, lease });
      const planned: Planned = await makePlan(run, row, left, turn, order);
      if (!planned.go) return unchanged({ ...row, version: planned.version }, planned.why);
      ({ plan, order } = planned);
      const detail = run.options.preview;
      const couldBeTooLarge = (await run.bytes()) > TOO_LARGE;
      const malformed = await findMalformed(run.connection.db, plan, run.matches, detail && MOST_IDS[detail], couldBeTooLarge);
      if (detail)
        preview = await run.applier.editing.limited(() => previewPlan(run.connection.db, planned.plan, malformed, detail));
      const reasons = [...plan.blocked, ...tooBig(plan), ...malformed.map(reasonOf)];
      if (reasons.length > 0) throw new RefusedError(plan.name, reasons, undefined, run.realm.noun);
      plan = { ...plan, loses: [...plan.loses, ...(await findLosses(run.connection.db, plan))] };
      if (plan.attic) {
        const edits = plan.stages.flatMap((stage) => stage.bulk);
        plan = { ...plan, attic: await looked(run.connection.db, run.realm.attic, plan.attic, edits, left !== undefined) };
      }
      if (lease === undefined) return { ...outcomeOf(plan, preview), result: 'planned', reasons: [], seconds: since(started) };
      await order.before;
      stopIfGone(run);
      await run.control.mayGoOn();
      tell(run, plan);
      await beforeWriting();
      begun = true;
      if (await apply(run, { ...planned, plan }, lease, attempts)) {
        const took = performance.now() - (attempts.editedAt ?? Number.POSITIVE_INFINITY);
        const findings = left || took > LONG_MS ? await run.check(plan) : [];
        const found = findings.length > 0 ? { findings } : {};
        return { ...outcomeOf(plan), ...found, result: 'migrated', reasons: [], seconds: since(started) };
      }
    }
    throw new FiftyOneError(`${run.realm.noun} '${row.name}' is changed by other clients all the time`, {
      hint: 'try again when it is less busy',
    });
  } catch (thrown) {
    const error = lease && isTooLate(thrown) ? new LostLeaseError(lease.key) : thrown;
    if (error instanceof StoppedError) return begun && plan ? stopped(plan, error, started) : undefined;
    if (isUnreachable(error)) run.server.gone = true;
    return failed(plan ? outcomeOf(plan, preview) : nothing(row), error, started);
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
  const onProgress = (event: EditEvent) => run.options.onEvent?.({ kind: 'progress', name: plan.name, ...event });
  return authorized(run.connection, () => applyPlan(run.applier, plan, begun, lease, attempts, onProgress));
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
  const [record, entries] = await Promise.all([run.read(row.id), run.entries(row.id)]);
  // plans are made one after the other, so that new names and slugs do not depend on timing
  await turn.mine();
  try {
    stopIfGone(run);
    if (!record) throw new DatasetNotFoundError(row.name as string);
    const version = storedVersion(record.dataset);
    const decision = decide(run, row, version ?? undefined);
    if (left && !(decision.go && decision.to === left.to)) throw interrupted(run, row, left);
    if (!decision.go) return { ...decision, version };
    const keepUnknown = run.options.keepUnknown ?? false;
    const attic = run.options.attic ?? true;
    const begun = left ?? { from: version, to: decision.to, now: run.now, keepUnknown, attic };
    const plan = planFor(run, row, record, begun, entries);
    return { go: true, begun, plan, order: queued ?? run.order.queue(plan.stages.flatMap((stage) => stage.bulk)) };
  } finally {
    turn.pass();
  }
}

function planFor(run: Run, row: Row, record: StoredRecord, begun: Begun, entries: readonly AtticEntry[]): StoredPlan {
  const { from, to, now, keepUnknown } = begun;
  const { pathBetween } = run.realm;
  const { direction, path } = pathBetween(from ?? missingVersion, to, keepUnknown);
  const newId = derivedIds(row.id, `${from ?? missingVersion} ${to}`);
  const context = { now, others: run.names.others(row.id), newId };
  // an entry of this very run is from an attempt that did not get to its end
  const kept = begun.attic ? entries.filter(({ by }) => by !== runText(now)) : [];
  const isUp = direction === 'up' && kept.length > 0;
  const made = isUp
    ? planUp(record, from, to, pathBetween, context, kept)
    : planDataset(record, to, direction, path, (warn) => ({ ...context, warn }));
  const plan =
    direction === 'down' && begun.attic
      ? keepInAttic(made, pathBetween, now, run.leases.holder.run, run.applier.hasCollection, kept)
      : made;
  if (plan.blocked.length === 0) run.names.enter(row.id, plan.after.dataset.get('name'), plan.after.dataset.get('slug'));
  return { ...plan, before: record, bytes: encode(plan.after.dataset) };
}

function interrupted({ realm }: Run, row: Row, { from, to, keepUnknown, attic }: Begun): RefusedError {
  const name = row.name as string;
  const reason = `it was interrupted on its way from ${from ?? 'no version'} to ${to}: some of its documents are changed already, so it has to get there first`;
  return new RefusedError(
    name,
    [reason],
    `finish that with: ${realm.command(name, to)}${keepUnknown ? ' --keep-unknown' : ''}${attic ? '' : ' --no-attic'}`,
    realm.noun,
  );
}

function decide({ realm, connection, options, databaseVersion }: Run, row: Row, version: Value | undefined): Decision {
  if (connection.settings.disableMigrations)
    return { go: false, why: 'migrations are switched off by FIFTYONE_DISABLE_MIGRATIONS' };
  const from = version ?? missingVersion;
  if (typeof from !== 'string' || !isVersion(from))
    throw new MalformedError('version', toEjson(from), 'a version such as "1.22.1"');
  return realm.gate(row.name as string, from, options.target, databaseVersion, connection.settings.databaseAdmin);
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

function tooBig({ bytes }: StoredPlan): string[] {
  if (bytes.length <= MOST_BYTES) return [];
  return [`its document would have ${bytes.length} bytes, which is more than the ${MOST_BYTES} that MongoDB can store`];
}

type Facts = Omit<DatasetOutcome, 'result' | 'seconds' | 'reasons'>;

function nothing({ name, version }: Row): Facts {
  return { name, from: typeof version === 'string' ? version : null, to: null, steps: [], edits: [], loses: [], warnings: [] };
}

function unchanged(row: Row, why: string): DatasetOutcome {
  const facts = nothing(row);
  return { ...facts, to: facts.from, result: 'unchanged', reasons: [why], seconds: 0 };
}

function stopped(plan: StoredPlan, { message }: StoppedError, started: number): DatasetOutcome {
  return { ...outcomeOf(plan), result: 'stopped', reasons: [message], seconds: since(started) };
}

function failed(facts: Facts, error: unknown, started: number): DatasetOutcome {
  const hint = error instanceof FiftyOneError ? error.hint : hintForServer(error);
  const reasons = error instanceof RefusedError ? error.reasons : [shortened((error as Error).message)];
  const outcome = { ...facts, reasons, error: error as Error, seconds: since(started) };
  return { ...outcome, result: 'failed', ...(hint === undefined ? {} : { hint }) };
}

function outcomeOf(plan: DatasetPlan, preview?: Preview): Facts {
  const name = String(plan.after.dataset.get('name'));
  const { restoring = [] } = plan.attic ?? {};
  const stages = plan.stages.filter((stage) => !isAtticStage(stage));
  const putBack = unique(restoring.flatMap((item) => item.putBack));
  const notPutBack = unique(restoring.flatMap((item) => item.left));
  return {
    name,
    ...(name === plan.name ? {} : { renamedFrom: plan.name }),
    from: plan.from,
    to: plan.to,
    steps: stages.map((stage) => (stage.name.startsWith('v') ? `${stage.name} ${plan.direction}` : stage.name)),
    edits: stages.flatMap((stage) => stage.bulk.map((edit) => `${edit.collection}: ${edit.summary}`)),
    loses: plan.loses,
    ...(plan.attic?.kept ? { kept: true } : {}),
    ...(putBack.length > 0 ? { putBack } : {}),
    ...(notPutBack.length > 0 ? { notPutBack } : {}),
    warnings: plan.warnings,
    ...(preview === undefined ? {} : { preview }),
  };
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
