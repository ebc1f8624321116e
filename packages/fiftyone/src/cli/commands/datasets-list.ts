import { describeDatasets } from '../../datasets/load.js';
import { ExitCode } from '../../errors.js';
import { withDatabase } from './datasets.js';

export interface ListFlags {
  readonly tags?: readonly string[];
  readonly json?: boolean;
}

/** `fiftyone datasets list`. @returns the exit code */
export function list(pattern: string | undefined, { tags, json }: ListFlags): Promise<number> {
  return withDatabase(async (connection) => {
    const datasets = await describeDatasets(connection, pattern, tags === undefined ? {} : { tags });
    const text = json ? JSON.stringify(datasets, undefined, 2) : datasets.map(({ name }) => name).join('\n');
    if (json || datasets.length > 0) process.stdout.write(`${text}\n`);
    else process.stderr.write('no datasets\n');
    return ExitCode.done;
  });
}
