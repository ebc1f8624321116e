import { FiftyOneError, type MigrationReport } from 'fiftyone';
import { ExitCode } from 'fiftyone/cli-start';
import type { DeploymentPlan, DeploymentReport } from '../migrator.js';

/** The exit code of a plan: that of what is in its way, if anything is. */
export function codeOfPlan({ services }: DeploymentPlan): number {
  if (services.every(({ problems }) => problems.length === 0)) return ExitCode.done;
  return oneOf(services.flatMap(({ report }) => errorsOf(report)));
}

/** The exit code of a run. */
export function codeOf({ plan, result, services }: DeploymentReport): number {
  if (result === 'refused') return codeOfPlan(plan);
  if (result === 'stopped') return ExitCode.stopped;
  if (result === 'reverted') return ExitCode.failed;
  if (result === 'done') return services.some(hasFindings) ? ExitCode.partly : ExitCode.done;
  const changed = services.some((report) => report.result === 'migrated' || hasMigrated(report.report));
  return changed ? ExitCode.partly : oneOf(services.flatMap(({ report, error }) => [...errorsOf(report), error]));
}

function hasFindings({ report }: DeploymentReport['services'][number]): boolean {
  return report?.datasets.some(({ findings }) => findings !== undefined) === true;
}

function hasMigrated(report: MigrationReport | undefined): boolean {
  return report?.database?.result === 'migrated' || report?.datasets.some(({ result }) => result === 'migrated') === true;
}

function errorsOf(report: MigrationReport | undefined): (Error | undefined)[] {
  return (report?.datasets ?? []).map(({ error }) => error);
}

/** The code of all of them, if it is the same. */
function oneOf(errors: readonly (Error | undefined)[]): number {
  const codes = errors.flatMap((error) => (error instanceof FiftyOneError ? [error.exitCode] : []));
  return new Set(codes).size === 1 ? (codes[0] as number) : ExitCode.failed;
}
