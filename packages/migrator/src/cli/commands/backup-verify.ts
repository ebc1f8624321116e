import { type BackupProblem, verifyBackup } from 'fiftyone/backup';
import { ExitCode } from 'fiftyone/cli-start';
import { count, runOperation, toJson } from 'fiftyone/cli-support';
import type { Connection } from 'fiftyone/engine';
import type { DatabaseRole } from '../../service.js';
import { findBackups, roleOf } from '../find-backups.js';
import { withDatabases } from '../open-deployment.js';

export interface VerifyFlags {
  readonly backupDir?: string;
  readonly to?: DatabaseRole;
  readonly restore?: boolean;
  readonly json?: boolean;
}

/** `fiftyone-migrator backup verify`. @returns the exit code */
export async function verify(name: string, flags: VerifyFlags): Promise<number> {
  const problems: BackupProblem[] = [];
  for (const path of await findBackups(name, flags.backupDir)) {
    const role = flags.restore ? await roleOf(path, flags.to) : undefined;
    problems.push(
      ...(await (role === undefined
        ? verifyOne(path, flags)
        : withDatabases([role], (databases) => verifyOne(path, flags, databases[role])))),
    );
  }
  return problems.length === 0 ? ExitCode.done : ExitCode.failed;
}

async function verifyOne(path: string, { json }: VerifyFlags, restoreTo?: Connection): Promise<readonly BackupProblem[]> {
  const report = await runOperation({ settings: { showProgressBars: true } }, { json }, (running) =>
    verifyBackup(path, { ...running, ...(restoreTo === undefined ? {} : { restoreTo }) }),
  );
  const { problems, collections, documents, hasChecksums, restored } = report;
  const how = [hasChecksums ? 'as when it was made' : 'readable, but it has no checksums', ...(restored ? ['restored'] : [])];
  const lines =
    problems.length === 0
      ? [`${path}: ${count(documents, 'document')} of ${count(collections, 'collection')}: ${how.join(', ')}`]
      : problems.map(({ file, problem }) => `${path}: ${file}: ${problem}`);
  process.stdout.write(`${json ? toJson({ path, ...report }) : lines.join('\n')}\n`);
  return problems;
}
