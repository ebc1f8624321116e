import { hostname } from 'node:os';
import type { ObjectId, ReadonlyDoc } from '../bson/index.js';
import { authorized, type Connection, USE_WRITER } from '../database/connection.js';
import type { SampleCollection } from '../datasets/sample-collection.js';
import { LockedError, UsageError } from '../errors.js';
import { type ChangeOptions, type ChangeReport, changePaths, type PathChange } from './path-changes.js';
import { batchesNoted, hasChanges, notedChanges, noteReverted, type PathRun, pathRuns } from './path-journal.js';

export interface RevertOptions extends Pick<ChangeOptions, 'onProgress' | 'signal'> {
  /** Which run, or the beginning of its id. Default: the last one that changed anything and was not reverted. */
  readonly run?: string | undefined;
}

export interface RevertReport extends ChangeReport {
  /** The run that was taken back. */
  readonly reverted: PathRun;
}

/**
 * Puts back the media paths that a run has changed, where they still are as it left them. That is a run of its own, which can be reverted
 * by naming it. What was interrupted the same call finishes.
 *
 * @throws UsageError when there is no such run
 */
export async function revertPaths(
  { connection, doc: dataset }: Pick<SampleCollection, 'connection' | 'doc'>,
  { run, ...options }: RevertOptions = {},
): Promise<RevertReport> {
  const { db } = connection;
  const reverted = await runToRevert(connection, dataset, run);
  refuseRunning(reverted);
  const before = await batchesNoted(db, reverted._id);
  const purpose = { command: 'revert', reverts: reverted._id };
  const report = await changePaths(connection, dataset, takenBack(connection, reverted._id), { ...purpose, ...options });
  // of a run that goes on elsewhere not all was taken back
  if ((await batchesNoted(db, reverted._id)) === before) {
    await authorized(connection, () => noteReverted(db, reverted), USE_WRITER);
  }
  return { ...report, reverted };
}

/** @throws LockedError for a run of this machine that is still at work */
function refuseRunning({ _id, ended, by, command }: PathRun): void {
  if (ended !== null || by.host !== hostname() || by.pid === process.pid || !isRunning(by.pid)) return;
  throw new LockedError(`run ${_id} (${command}) is still at work, in process ${by.pid} of ${by.user}: nothing was changed`, {
    hint: 'wait for it, or stop it',
  });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function* takenBack({ db }: Connection, run: string): AsyncGenerator<PathChange[]> {
  for await (const changes of notedChanges(db, run)) {
    yield changes.map(({ field, id, place, from, to }) => ({ reference: { field, id, place, path: to }, to: from }));
  }
}

async function runToRevert({ db }: Connection, dataset: ReadonlyDoc, given: string | undefined): Promise<PathRun> {
  const name = String(dataset.get('name'));
  const runs = await pathRuns(db, dataset.get('_id') as ObjectId);
  if (given !== undefined) {
    const found = runs.filter(({ _id }) => _id.startsWith(given));
    if (found.length === 1) return found[0] as PathRun;
    const reason = found.length === 0 ? 'there is no run' : `${found.length} runs begin with`;
    throw new UsageError(`${reason} '${given}' that changed media paths of dataset '${name}'`, { hint: hintFor(runs) });
  }
  for (const run of runs) {
    if (run.reverts === null && run.reverted === null && (await hasChanges(db, run._id))) return run;
  }
  throw new UsageError(`there is nothing to revert: no run has changed media paths of dataset '${name}'`, {
    hint: hintFor(runs),
  });
}

function hintFor(runs: readonly PathRun[]): string {
  if (runs.length === 0) return 'the journal has no run of this dataset';
  const lines = runs.slice(0, 5).map(({ _id, command, started }) => `${_id} (${command}, ${started.toISOString()})`);
  return `its runs are: ${lines.join(', ')}`;
}
