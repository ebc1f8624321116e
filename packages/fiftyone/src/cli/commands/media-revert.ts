import { revertPaths } from '../../dataset-media/revert.js';
import { loadDataset } from '../../datasets/load.js';
import { ExitCode } from '../../errors.js';
import { count } from '../numbers.js';
import { runOperation } from '../run-operation.js';
import { withDatabase } from './datasets.js';
import { listed } from './media.js';

/** `fiftyone media revert NAME [RUN]`. @returns the exit code */
export function revert(name: string, run: string | undefined, { json }: { readonly json?: boolean }): Promise<number> {
  return withDatabase(async (connection) => {
    const dataset = await loadDataset(connection, name);
    const report = await runOperation(connection, { json }, (running) => revertPaths(dataset, { run, ...running }));
    const { reverted, changed, others, examples } = report;
    const lines = [
      `Put back ${count(changed, 'path')} that ${reverted.command} of ${reverted.started.toISOString()} had changed`,
      ...listed(
        'changed by others since, and left as they are',
        others,
        examples.map(({ reference: { id, place, path } }) => `${place} of ${id.toHexString()}, which was ${path}`),
      ),
    ];
    process.stdout.write(`${json ? JSON.stringify(report, undefined, 2) : lines.join('\n')}\n`);
    return others > 0 ? ExitCode.partly : ExitCode.done;
  });
}
