import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockedError, StoppedError } from 'fiftyone';
import type { Backup } from 'fiftyone/backup';
import { ExitCode } from 'fiftyone/cli-start';
import { count, operationProgress, stopSignals } from 'fiftyone/cli-support';
import { shellWord } from 'fiftyone/engine';
import { backUp, sizeOf } from '../../backup/back-up.js';
import { checkSpace, forecastSpace, spaceLines } from '../../backup/room.js';
import { touchedBy } from '../../backup/touched.js';
import type { Databases } from '../../deployment.js';
import { DeploymentJournal, journalPlace } from '../../deployment-journal.js';
import {
  applyPlan,
  type DeploymentPlan,
  type DeploymentReport,
  deploymentStatus,
  finishGoingBack,
  type MigratorOptions,
  planDeployment,
} from '../../migrator.js';
import { type Proof, prove } from '../../prove.js';
import { newestRelease, releaseNumbered } from '../../releases.js';
import { backupFolder, checkAdmin, scratchName } from '../../settings.js';
import { deploymentJson } from '../deployment-json.js';
import { codeOf } from '../exit-code.js';
import { confirmLosses } from '../losses.js';
import { type Deployment, withDeployment } from '../open-deployment.js';
import { planText } from '../plan-text.js';
import { deploymentProgress } from '../progress.js';
import { confirmProof } from '../proof.js';
import { reportText } from '../report-text.js';
import { type WayFlags, wayOf } from '../way-flags.js';

/** The options of `migrate` as they are typed. */
export interface MigrateFlags extends WayFlags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly onFailure: 'stop' | 'revert';
  /** What is backed up first; false for nothing. */
  readonly backup: 'touched' | 'all' | false;
  readonly backupDir?: string;
  readonly spaceCheck: boolean;
  readonly prove?: boolean;
  /** To prove it, at most so many documents of each collection are copied. */
  readonly sample?: number;
}

/** `fiftyone-migrator migrate`. @returns the exit code */
export async function migrate(version: string | undefined, flags: MigrateFlags): Promise<number> {
  if (flags.dryRun) return await (await import('./plan.js')).plan(version, flags);
  const way = wayOf(version, flags);
  const release = way.target === undefined ? newestRelease : releaseNumbered(way.target);
  checkAdmin('migrate a deployment');
  return await withDeployment(way, (deployment) => run(deployment, way, flags), release);
}

async function run(deployment: Deployment, way: MigratorOptions, flags: MigrateFlags): Promise<number> {
  const { databases, services } = deployment;
  const progress = await deploymentProgress(process.stderr, services, flags);
  const stop = stopSignals(note);
  const { signal } = stop;
  const options: MigratorOptions = { ...way, services, onFailure: flags.onFailure, signal, onEvent: progress.tell };
  try {
    const ready = await prepare(deployment, options, flags, signal);
    if (ready === undefined) {
      process.stdout.write('Nothing was touched\n');
      return ExitCode.done;
    }
    const { plan, backups, journal } = ready;
    const report = await applyPlan(databases, plan, options);
    await journal?.end(report).catch((error: Error) => note(`the journal could not be completed: ${error.message}`));
    progress.end();
    print(report, backups, flags);
    const code = codeOf(report);
    const wrong = report.result === 'done' ? await notAsPlanned(deployment, way, plan) : [];
    for (const line of wrong) note(line);
    return code === ExitCode.done && wrong.length > 0 ? ExitCode.partly : code;
  } finally {
    progress.end();
    stop.end();
  }

  function note(line: string): void {
    if (!flags.json) process.stderr.write(`${line}\n`);
  }
}

/** Services that are not where the plan has led: somebody else has moved them since. */
async function notAsPlanned({ databases, services }: Deployment, way: MigratorOptions, plan: DeploymentPlan): Promise<string[]> {
  const names = plan.services.map(({ service }) => service);
  const now = await deploymentStatus(databases, { ...way, include: names, exclude: [], services });
  return plan.services.flatMap(({ service, to }) => {
    const version = now.find((status) => status.service === service)?.version;
    return version === to ? [] : [`${service} is at ${version ?? 'no version'} now, not at ${to}: somebody else has moved it`];
  });
}

function print(report: DeploymentReport, backups: readonly Backup[], flags: MigrateFlags): void {
  if (flags.json) {
    const paths = backups.map(({ path }) => path);
    process.stdout.write(`${deploymentJson({ ...report, backups: paths })}\n`);
    return;
  }
  if (report.result === 'refused') process.stderr.write(`${planText(report.plan, false)}\n`);
  const isBroken = report.result === 'failed' || report.result === 'stopped';
  const restoring = isBroken ? backups.map(({ path }) => `Or restore the backup: ${restoreCommand(path)}`) : [];
  process.stdout.write(`${[reportText(report), ...restoring].join('\n')}\n`);
}

function restoreCommand(path: string): string {
  return `fiftyone-migrator backup restore ${shellWord(path)}`;
}

interface Ready {
  readonly plan: DeploymentPlan;
  readonly backups: readonly Backup[];
  /** Absent where there is nothing to do. */
  readonly journal: DeploymentJournal | undefined;
}

/** How long until a deployment that somebody else is at work on is looked at again. */
const WAIT_MS = 1_000;

/** Plans, asks, and makes the backup: all that comes before the first write. @returns undefined if nobody agrees */
async function prepare(
  deployment: Deployment,
  options: MigratorOptions,
  flags: MigrateFlags,
  signal: AbortSignal,
): Promise<Ready | undefined> {
  const { databases } = deployment;
  let hasAgreed = flags.yes === true;
  let isWaiting = false;
  let hasProof = false;
  for (;;) {
    // that writes, so nobody is to be asked afterwards
    if (hasAgreed) await finishGoingBack(databases, options);
    // while others are at work they may do what there is to do
    const plan = await planDeployment(databases, { ...options, preview: 'short' });
    const isBlocked = plan.services.some(({ problems }) => problems.length > 0);
    const isDone = plan.services.every(({ direction }) => direction === 'none');
    if (isBlocked || isDone) return { plan, backups: [], journal: undefined };
    if (signal.aborted) throw new StoppedError(`stopped by ${signal.reason}: nothing was touched`);
    if (!hasAgreed) {
      hasAgreed = await confirmLosses(plan, flags.attic);
      if (!hasAgreed) return undefined;
      if (options.onFailure === 'revert') continue;
    }
    if (flags.prove && !hasProof) {
      hasProof = await proveFirst(databases, plan, options, flags, signal);
      if (!hasProof) return undefined;
    }
    const place = journalPlace(databases);
    const journal = place && new DeploymentJournal(place);
    try {
      const backups = await backUpFirst(deployment, plan, flags, journal?.run, signal);
      await journal?.begin(
        plan,
        backups.map(({ path }) => path),
      );
      return { plan, backups, journal };
    } catch (error) {
      if (!(error instanceof LockedError)) throw error;
      if (!isWaiting && !flags.json) process.stderr.write(`Waiting: ${error.message}\n`);
      isWaiting = true;
      await sleep(WAIT_MS);
    }
  }
}

async function backUpFirst(
  { databases, services }: Deployment,
  plan: DeploymentPlan,
  flags: MigrateFlags,
  run: string | undefined,
  signal: AbortSignal,
): Promise<readonly Backup[]> {
  const folder = resolve(backupFolder(flags.backupDir));
  const backables = flags.backup === false ? [] : await touchedBy(plan, services, databases, flags.backup === 'all');
  const size = await sizeOf(backables);
  const space = await forecastSpace(plan, services, folder, size);
  const tell = (lines: readonly string[]) => {
    if (!flags.json) for (const line of lines) process.stderr.write(`${line}\n`);
  };
  tell(spaceLines(space));
  if (flags.spaceCheck) checkSpace(space);
  if (size.documents === 0) return [];
  const progress = operationProgress(process.stderr, { json: flags.json });
  try {
    const onProgress = progress.tell;
    const backups = await backUp(backables, { folder, onProgress, signal, ...(run === undefined ? {} : { run }) });
    progress.end();
    for (const { path, manifest } of backups) {
      const documents = manifest.collections.reduce((sum, collection) => sum + collection.documents, 0);
      tell([
        `Backed up ${count(documents, 'document')} of ${manifest.database} to ${path}`,
        `  put it back with: ${restoreCommand(path)}`,
      ]);
    }
    return backups;
  } finally {
    progress.end();
  }
}

/** Goes there and back on a copy. @returns whether to go on */
async function proveFirst(
  databases: Databases,
  plan: DeploymentPlan,
  options: MigratorOptions,
  flags: MigrateFlags,
  signal: AbortSignal,
): Promise<boolean> {
  const progress = operationProgress(process.stderr, { json: flags.json });
  let proof: Proof;
  try {
    proof = await prove(databases, plan, options, {
      sample: flags.sample,
      scratch: scratchName(),
      onProgress: progress.tell,
      signal,
    });
  } finally {
    progress.end();
  }
  return await confirmProof(proof, flags);
}
