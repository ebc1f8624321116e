import { ExitCode } from 'fiftyone/cli-start';
import { count, toJson } from 'fiftyone/cli-support';
import type { Connection } from 'fiftyone/engine';
import { deploymentStatus } from '../../migrator.js';
import { newestRelease } from '../../releases.js';
import type { ServiceStatus } from '../../service.js';
import { type ChoiceFlags, choiceOf } from '../choice-flags.js';
import { withDeployment } from '../open-deployment.js';
import { table } from '../table.js';

/** `fiftyone-migrator status`. @returns the exit code */
export async function status(flags: ChoiceFlags & { readonly json?: boolean }): Promise<number> {
  const choice = choiceOf(flags);
  return await withDeployment(choice, async ({ databases, services }) => {
    const found = await deploymentStatus(databases, { ...choice, services });
    const isAboutDatasets = found.some(({ service, state }) => service === 'datasets' && state === 'ready');
    const versions = isAboutDatasets && databases.fiftyone ? await countVersions(databases.fiftyone) : [];
    const text = flags.json
      ? toJson({ migrator: newestRelease.number, services: found, datasets: versions })
      : statusText(found, versions);
    process.stdout.write(`${text}\n`);
    return ExitCode.done;
  });
}

interface VersionCount {
  readonly version: string | null;
  readonly datasets: number;
}

/** How many datasets have which version, most frequent first. */
async function countVersions({ db }: Connection): Promise<VersionCount[]> {
  const groups = await db
    .collection('datasets')
    .aggregate([{ $group: { _id: '$version', datasets: { $sum: 1 } } }, { $sort: { datasets: -1, _id: 1 } }])
    .toArray();
  return groups.map(({ _id, datasets }) => ({ version: typeof _id === 'string' ? _id : null, datasets }));
}

function statusText(found: readonly ServiceStatus[], versions: readonly VersionCount[]): string {
  const rows = found.map(({ service, version, release, state }) => [service, version ?? '', release ?? '', STATES[state]]);
  const unfinished = found.flatMap(({ service, unfinished: left, release }) =>
    left === undefined
      ? []
      : [
          `${service}: a migration from ${left.from ?? 'no version'} to ${left.to} was interrupted`,
          `  finish it with the command that was interrupted${service === 'datasets' || release === null ? '' : `: fiftyone-migrator migrate ${left.to} --include ${service}`}`,
        ],
  );
  const foreign = found.flatMap(({ service, state, reasons }) =>
    state === 'foreign'
      ? [`${service}: this product did not make it: ${reasons.join('; ')}`, `  leave it out with: --exclude ${service}`]
      : [],
  );
  const others = versions.map(({ version, datasets }) => `${count(datasets, 'dataset')} at ${version ?? 'no version'}`);
  return [
    ...table(['service', 'version', 'release', 'state'], rows),
    ...(others.length > 0 ? ['', others.join(', ')] : []),
    ...(unfinished.length + foreign.length > 0 ? ['', ...unfinished, ...foreign] : []),
    '',
    `The newest release that this migrator knows is ${newestRelease.number}`,
  ].join('\n');
}

const STATES: Readonly<Record<ServiceStatus['state'], string>> = {
  ready: 'ready',
  new: 'new: nothing is there yet',
  foreign: 'not ours: left untouched',
};
