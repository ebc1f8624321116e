import { resolve } from 'node:path';
import { ExitCode } from 'fiftyone/cli-start';
import { toJson } from 'fiftyone/cli-support';
import { connectedClients, verdictOn } from '../../clients.js';
import { examine, examineBackups } from '../../doctor.js';
import { newestRelease, releaseNumbered } from '../../releases.js';
import { backupFolder } from '../../settings.js';
import { type ChoiceFlags, withVersion } from '../choice-flags.js';
import { clientLines } from '../client-lines.js';
import { withDeployment } from '../open-deployment.js';

export interface DoctorFlags extends ChoiceFlags {
  readonly backupDir?: string;
  readonly json?: boolean;
}

/** `fiftyone-migrator doctor`. @returns the exit code */
export async function doctor(given: string | undefined, flags: DoctorFlags): Promise<number> {
  const { version, choice } = withVersion(given, flags);
  const release = version === undefined ? newestRelease : releaseNumbered(version);
  return await withDeployment(choice, async ({ databases, services }) => {
    const checks = [
      ...(await examine(databases, services, choice)),
      ...(await examineBackups(resolve(backupFolder(flags.backupDir)))),
    ];
    const list = databases.fiftyone && (await connectedClients(databases.fiftyone));
    const clients = list?.clients.map((client) => ({ ...client, verdict: verdictOn(client, release.openSource) }));
    const lines = [
      ...checks.map(({ about, state, text }) => `${MARKS[state]}  ${about}: ${text}`),
      ...(list
        ? [
            `Connected now, if release ${release.number} is next:`,
            ...clientLines(list, release.openSource).map((line) => `  ${line}`),
          ]
        : []),
    ];
    process.stdout.write(`${flags.json ? toJson({ checks, clients, note: list?.note }) : lines.join('\n')}\n`);
    return checks.some(({ state }) => state === 'failed') ? ExitCode.failed : ExitCode.done;
  });
}

const MARKS = { ok: 'ok     ', warning: 'WARNING', failed: 'FAILED ' } as const;
