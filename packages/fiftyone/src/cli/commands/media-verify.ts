import { verifyMedia } from '../../dataset-media/verify-media.js';
import { loadDataset } from '../../datasets/load.js';
import { ExitCode } from '../../errors.js';
import { bytes, count } from '../numbers.js';
import { runOperation } from '../run-operation.js';
import { withDatabase } from './datasets.js';
import { listed } from './media.js';

export interface VerifyFlags {
  readonly mediaField?: readonly string[];
  readonly manifest?: string;
  readonly json?: boolean;
}

/** `fiftyone media verify NAME`. @returns the exit code */
export function verify(name: string, { json, ...options }: VerifyFlags): Promise<number> {
  return withDatabase(async (connection) => {
    const dataset = await loadDataset(connection, name);
    const report = await runOperation(connection, { json }, (running) => verifyMedia(dataset, { ...options, ...running }));
    const { files, compared, problems } = report;
    const lines = [
      `${count(files, 'file')} (${bytes(report.bytes)}), ${count(compared, 'file')} compared with the manifest`,
      ...(problems.count === 0 ? ['nothing is missing'] : []),
      ...listed(
        'not as they should be',
        problems.count,
        problems.listed.map(({ path, problem }) => `${path} ${problem}`),
      ),
    ];
    process.stdout.write(`${json ? JSON.stringify(report, undefined, 2) : lines.join('\n')}\n`);
    return problems.count > 0 ? ExitCode.partly : ExitCode.done;
  });
}
