import { failuresText, findingLines, reportText as reportOfRecords } from 'fiftyone/cli-support';
import type { DeploymentReport } from '../migrator.js';
import type { ServiceReport } from '../service.js';

/** What a run did, service by service, and how to go on. */
export function reportText({ plan, result, services, notRun, reverted, next }: DeploymentReport): string {
  const lines = services.flatMap(serviceLines);
  if (reverted.length > 0) lines.push('Taken back:', ...reverted.flatMap(serviceLines).map((line) => `  ${line}`));
  if (notRun.length > 0) lines.push(`Not run: ${notRun.join(', ')}`);
  lines.push(...plan.skipped.map(({ service, reason }) => `${service} is left as it is: ${reason}`));
  lines.push(ENDS[result](plan.target.number));
  if (next !== undefined && result !== 'reverted') {
    lines.push(`Go on with:  ${next.onwards}`);
    lines.push(...next.back.map((command, i) => `${i === 0 ? 'Go back with:' : '        then:'} ${command}`));
  }
  return lines.join('\n');
}

const ENDS: Readonly<Record<DeploymentReport['result'], (release: string) => string>> = {
  done: (release) => `Done: release ${release}`,
  refused: () => 'Nothing was touched.',
  failed: () => 'Failed before it was done; what was done stays, and nothing is lost.',
  stopped: () => 'Stopped before it was done, and nothing is lost: the same command goes on from there.',
  reverted: () => 'Failed; what was done has been taken back.',
};

function serviceLines({ service, from, to, result, reasons, hint, report }: ServiceReport): string[] {
  const way = from === to ? to : `${from ?? 'new'} -> ${to}`;
  const head = result === 'unchanged' ? `${service}: nothing to do, it is at ${to}` : `${service}: ${way}: ${result}`;
  if (result === 'unchanged') return [head];
  if (report === undefined) return [head, ...told(reasons, hint)];
  if (service !== 'datasets') {
    const [outcome] = report.datasets;
    const kept = outcome?.kept && outcome.loses.length > 0 ? ['  what was taken out is kept in the attic'] : [];
    const restored = outcome?.putBack === undefined ? [] : [`  put back from the attic: ${outcome.putBack.join(', ')}`];
    const found = (outcome?.findings ?? []).flatMap((finding) => findingLines(`  ${service}`, finding));
    return [head, ...kept, ...restored, ...found, ...told(reasons, hint)];
  }
  const failures = failuresText(report, ['-v', to]).trim();
  const within = `${reportOfRecords(report)}\n${failures}`.split('\n').filter((line) => line !== '');
  return [head, ...within.map((line) => `  ${line}`)];
}

function told(reasons: readonly string[], hint: string | undefined): string[] {
  return [...reasons, ...(hint === undefined ? [] : [hint])].map((line) => `  ${line}`);
}
