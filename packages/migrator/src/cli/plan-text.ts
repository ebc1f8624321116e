import { planText as planOfRecords } from 'fiftyone/cli-support';
import type { DeploymentPlan } from '../migrator.js';
import type { ServicePlan } from '../service.js';

/** What a migration would do, service by service. @param verbose show every difference, and values in full */
export function planText({ target, services, skipped }: DeploymentPlan, verbose: boolean): string {
  const order = services.map(({ service }) => service).join(', ');
  return [
    `To release ${target.number}, with datasets at ${target.openSource}: ${order}`,
    ...services.flatMap((plan) => ['', ...serviceLines(plan, verbose)]),
    ...(skipped.length > 0 ? [''] : []),
    ...skipped.map(({ service, reason }) => `${service} is left as it is: ${reason}`),
    '',
    'Nothing was written.',
  ].join('\n');
}

function serviceLines({ service, from, to, isNew, direction, problems, hint, report }: ServicePlan, verbose: boolean): string[] {
  const head = isNew
    ? `${service}: new, starts at ${to}`
    : direction === 'none' && problems.length === 0
      ? `${service}: nothing to do, it is at ${to}`
      : `${service}: ${from ?? 'no version'} -> ${to}`;
  const within = report === undefined || direction === 'none' ? [] : recordLines(report, service, verbose);
  const told = within.join('\n');
  const blocked = problems.filter((problem) => !told.includes(problem)).map((problem) => `  BLOCKED: ${problem}`);
  return [head, ...within, ...blocked, ...(hint === undefined ? [] : [`  ${hint}`])];
}

/** What the engine says of a service's only record needs no head of its own. */
function recordLines(report: NonNullable<ServicePlan['report']>, service: string, verbose: boolean): string[] {
  const [first = '', ...rest] = planOfRecords(report, verbose)
    .replace(/\n*Nothing was written\.$/, '')
    .split('\n');
  if (service !== 'datasets') return rest.map((line) => line.replace("the dataset's document", "the service's document"));
  return [first, ...rest].map((line) => (line === '' ? '' : `  ${line}`));
}
