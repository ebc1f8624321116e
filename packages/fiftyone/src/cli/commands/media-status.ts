import type { PathRun } from '../../dataset-media/path-journal.js';
import { mediaStatus } from '../../dataset-media/status.js';
import { loadDataset } from '../../datasets/load.js';
import { ExitCode } from '../../errors.js';
import { count, digits } from '../numbers.js';
import { withDatabase } from './datasets.js';

/** `fiftyone media status NAME`. @returns the exit code */
export function status(name: string, { json }: { readonly json?: boolean }): Promise<number> {
  return withDatabase(async (connection) => {
    const { fields, runs } = await mediaStatus(await loadDataset(connection, name));
    const lines = fields.flatMap(({ name: field, paths, without, places }) => [
      `${field}: ${count(paths, 'path')}${without > 0 ? `, ${digits(without)} without one` : ''}`,
      ...places.map(({ place, paths }) => `  ${place === 'local' ? 'this machine' : place}: ${digits(paths)}`),
    ]);
    if (runs.length > 0) lines.push('', 'changes of paths, the latest first:', ...runs.map(runText));
    process.stdout.write(`${json ? JSON.stringify({ fields, runs }, undefined, 2) : lines.join('\n')}\n`);
    return ExitCode.done;
  });
}

function runText({ _id, command, note, by, started, ended, changed, reverted }: PathRun): string {
  const end = ended === null ? 'runs, or was interrupted' : `changed ${count(changed, 'path')}`;
  const what = note === null ? command : `${command} (${note})`;
  const back = reverted === null ? '' : `; reverted ${reverted.toISOString()}`;
  return `  ${_id}  ${started.toISOString()}  ${by.user} on ${by.host}: ${what}: ${end}${back}`;
}
