import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { type CommandResult, type RunningCommand, startProgram } from '../../../fiftyone/test/support/command.js';
import { folderForData } from '../../../fiftyone/test/support/mongod.js';
import type { TestDeployment } from './deployment.js';

const PROGRAM = fileURLToPath(new URL('../../bin/fiftyone-migrator.js', import.meta.url));

/** Runs `fiftyone-migrator ARGS...` as a process of its own, with these settings and no others. */
export function migrator(args: readonly string[], settings: Record<string, string> = {}, cwd?: string): Promise<CommandResult> {
  return startMigrator(args, settings, cwd).result;
}

/** Starts it likewise and does not wait for it. */
export function startMigrator(args: readonly string[], settings: Record<string, string>, cwd?: string): RunningCommand {
  return startProgram(PROGRAM, args, settings, cwd);
}

/** The settings of somebody who looks at a deployment. */
export function lookerOf({ fiftyone, cas }: Pick<TestDeployment, 'fiftyone' | 'cas'>): Record<string, string> {
  return {
    ...{ FIFTYONE_DATABASE_URI: fiftyone.uri, FIFTYONE_DATABASE_NAME: fiftyone.name },
    ...{ CAS_DATABASE_URI: cas.uri, CAS_DATABASE_NAME: cas.name },
  };
}

/** Likewise, of an admin. */
export function adminOf(deployment: Pick<TestDeployment, 'fiftyone' | 'cas'>): Record<string, string> {
  return { ...lookerOf(deployment), FIFTYONE_DATABASE_ADMIN: 'true' };
}

/** A folder that goes when the test ends. */
export async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(await folderForData(), 'fiftyone-test-migrator-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
