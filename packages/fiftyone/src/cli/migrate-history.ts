import type { Connection } from '../database/connection.js';
import { ExitCode, UsageError } from '../errors.js';
import { type DatasetEntry, type RunEntry, readRun, readRuns } from '../migrations/journal.js';

/** `fiftyone migrate --history [RUN]`: the runs of this database, or what one of them did. */
export async function showHistory({ db }: Connection, id: string | true, json: boolean): Promise<number> {
  if (id === true) {
    const runs = await readRuns(db);
    const text = runs.length === 0 ? 'Nothing was migrated here by this tool' : runs.map(runLine).join('\n');
    process.stdout.write(`${json ? JSON.stringify(runs, undefined, 2) : text}\n`);
    return ExitCode.done;
  }
  const found = await readRun(db, id);
  if (!found)
    throw new UsageError(`there is no run '${id}', or more than one`, { hint: 'fiftyone migrate --history lists them' });
  const text = [runLine(found.run), '', ...found.datasets.flatMap(datasetLines)].join('\n');
  process.stdout.write(`${json ? JSON.stringify(found, undefined, 2) : text}\n`);
  return ExitCode.done;
}

/** A run, in one line. */
export function runLine({ _id, holder, started, ended, target, database, migrated, failed, stopped }: RunEntry): string {
  const took = ended === null ? 'did not end, or still runs' : `${((ended.getTime() - started.getTime()) / 1000).toFixed(1)} s`;
  const moved = database === null ? '' : `database ${database.from} -> ${database.to}, `;
  const to = target === null ? '' : ` to ${target}`;
  return `${_id.slice(0, 8)}  ${started.toISOString()}  ${holder.user}@${holder.host}${to}: ${moved}${migrated} migrated, ${failed} failed (${[took, ...(stopped === undefined ? [] : [stopped])].join(', ')})`;
}

/** What a run did to a dataset, or to what else it migrates. */
export function datasetLines(entry: DatasetEntry): string[] {
  const { name, renamedFrom, from, to, result, steps, loses, putBack, notPutBack, findings, reasons, seconds } = entry;
  const was = renamedFrom === undefined ? '' : ` (was '${renamedFrom}')`;
  return [
    `${name}${was}: ${result}, ${from ?? 'no version'} -> ${to ?? '?'} (${seconds} s)`,
    ...(steps.length > 0 ? [`  steps: ${steps.join(', ')}`] : []),
    ...loses.map((loss) => `  ${entry.kept ? 'kept in the attic' : 'lost'} ${loss}`),
    ...(putBack ? [`  put back ${putBack.join(', ')}`] : []),
    ...(notPutBack ? [`  not put back ${notPutBack.join(', ')}`] : []),
    ...(findings ?? []).map(({ problem }) => `  found: ${problem}`),
    ...reasons.map((reason) => `  ${reason}`),
  ];
}
