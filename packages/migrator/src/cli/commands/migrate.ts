import { ExitCode } from 'fiftyone/cli-start';
import { stopSignals } from 'fiftyone/cli-support';
import { applyPlan, type MigratorOptions, planDeployment } from '../../migrator.js';
import { newestRelease, releaseNumbered } from '../../releases.js';
import { checkAdmin } from '../../settings.js';
import { deploymentJson } from '../deployment-json.js';
import { codeOf } from '../exit-code.js';
import { confirmLosses } from '../losses.js';
import { type Deployment, withDeployment } from '../open-deployment.js';
import { planText } from '../plan-text.js';
import { deploymentProgress } from '../progress.js';
import { reportText } from '../report-text.js';
import { type WayFlags, wayOf } from '../way-flags.js';

/** The options of `migrate` as they are typed. */
export interface MigrateFlags extends WayFlags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly onFailure: 'stop' | 'revert';
}

/** `fiftyone-migrator migrate`. @returns the exit code */
export async function migrate(version: string | undefined, flags: MigrateFlags): Promise<number> {
  if (flags.dryRun) return await (await import('./plan.js')).plan(version, flags);
  const way = wayOf(version, flags);
  const release = way.target === undefined ? newestRelease : releaseNumbered(way.target);
  checkAdmin('migrate a deployment');
  return await withDeployment(way, (deployment) => run(deployment, way, flags), release);
}

async function run({ databases, services }: Deployment, way: MigratorOptions, flags: MigrateFlags): Promise<number> {
  const progress = await deploymentProgress(process.stderr, services, flags);
  const stop = stopSignals((line) => process.stderr.write(`${line}\n`));
  const options: MigratorOptions = {
    ...way,
    services,
    onFailure: flags.onFailure,
    signal: stop.signal,
    onEvent: progress.tell,
  };
  try {
    const plan = await planDeployment(databases, options);
    const isBlocked = plan.services.some(({ problems }) => problems.length > 0);
    if (isBlocked && !flags.json) process.stderr.write(`${planText(plan, false)}\n`);
    if (!isBlocked && !flags.yes && !(await confirmLosses(plan, flags.attic))) {
      process.stdout.write('Nothing was touched\n');
      return ExitCode.done;
    }
    const report = await applyPlan(databases, plan, options);
    progress.end();
    process.stdout.write(`${flags.json ? deploymentJson(report) : reportText(report)}\n`);
    return codeOf(report);
  } finally {
    progress.end();
    stop.end();
  }
}
