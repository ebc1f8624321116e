import { ExitCode } from 'fiftyone/cli-start';
import { toJson } from 'fiftyone/cli-support';
import { enterpriseReleases } from '../../releases.js';
import { table } from '../table.js';

/** `fiftyone-migrator releases`. @returns the exit code */
export async function releases({ json }: { readonly json?: boolean }): Promise<number> {
  const lines = json
    ? [toJson(enterpriseReleases)]
    : [
        ...table(
          ['release', 'datasets'],
          enterpriseReleases.map(({ number, openSource }) => [number, openSource]),
        ),
        '',
        'To older releases only the datasets can be migrated; fiftyone versions lists them all.',
      ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return ExitCode.done;
}
