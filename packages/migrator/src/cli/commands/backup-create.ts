import { resolve } from 'node:path';
import { UsageError } from 'fiftyone';
import { type Compression, wholeDatabase, wholeDatasets } from 'fiftyone/backup';
import { ExitCode } from 'fiftyone/cli-start';
import { bytes, count, runOperation, toJson } from 'fiftyone/cli-support';
import { backUp, sizeOf } from '../../backup/back-up.js';
import { checkSpace, forecastSpace } from '../../backup/room.js';
import { allOf, type Backable } from '../../backup/touched.js';
import { choose } from '../../choose.js';
import { newestRelease } from '../../releases.js';
import { backupFolder } from '../../settings.js';
import { type ChoiceFlags, choiceOf } from '../choice-flags.js';
import { type Deployment, withDeployment } from '../open-deployment.js';

export interface CreateFlags extends ChoiceFlags {
  readonly backupDir?: string;
  readonly dataset?: readonly string[];
  readonly compression: Compression;
  readonly spaceCheck: boolean;
  readonly json?: boolean;
}

/** `fiftyone-migrator backup create`. @returns the exit code */
export async function create(flags: CreateFlags): Promise<number> {
  const given = choiceOf(flags);
  const ofSome = given.include !== undefined || given.exclude !== undefined;
  if (flags.dataset && ofSome) throw new UsageError('--dataset does not go together with --include and --exclude');
  const choice = flags.dataset ? { include: ['datasets'] } : given;
  return await withDeployment(choice, async (deployment) => {
    const folder = resolve(backupFolder(flags.backupDir));
    const backables = await backablesOf(deployment, flags);
    const { compression, json } = flags;
    const none = { target: newestRelease, services: [], skipped: [] };
    const space = await forecastSpace(none, deployment.services, folder, await sizeOf(backables, compression));
    if (flags.spaceCheck) checkSpace(space);
    const backups = await runOperation({ settings: { showProgressBars: true } }, { json }, (running) =>
      backUp(backables, { folder, compression, ...running }),
    );
    const lines = backups.map(({ path, manifest: { collections } }) => {
      const sum = (of: (collection: (typeof collections)[number]) => number) => collections.reduce((n, one) => n + of(one), 0);
      const documents = count(
        sum((one) => one.documents),
        'document',
      );
      return `${path}: ${documents} of ${count(collections.length, 'collection')}, ${bytes(sum(({ stored }) => stored))}`;
    });
    process.stdout.write(`${json ? toJson(backups) : lines.join('\n')}\n`);
    return ExitCode.done;
  });
}

async function backablesOf({ databases, services }: Deployment, flags: CreateFlags): Promise<Backable[]> {
  if (flags.include || flags.exclude) return await allOf(choose(services, choiceOf(flags)), databases);
  return await Promise.all(
    (['fiftyone', 'cas'] as const).flatMap((role) => {
      const connection = databases[role];
      if (connection === undefined) return [];
      const what = flags.dataset ? wholeDatasets(connection.db, flags.dataset) : wholeDatabase(connection.db);
      return [what.then((found) => ({ role, connection, what: found }))];
    }),
  );
}
