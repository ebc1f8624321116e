import { DatasetNotFoundError } from '../errors.js';
import type { DatabaseOutcome, DatasetOutcome, MigrationReport } from '../migrations/report.js';
import { shellWord } from '../shell-word.js';
import { count } from './numbers.js';
import { findingLines } from './verify-text.js';

/** What a run did: the database, how many datasets, which were renamed. */
export function reportText(report: MigrationReport): string {
  const { database, datasets, notRun } = report;
  const of = (result: DatasetOutcome['result']) => datasets.filter((outcome) => outcome.result === result);
  const [migrated, same, failed, stopped] = [of('migrated'), of('unchanged'), of('failed'), of('stopped')];
  const lines: string[] = [];
  if (database) lines.push(...databaseLines(database));
  if (datasets.length > 0 && same.length === datasets.length && notRun.length === 0) {
    lines.push(`Nothing to do for ${count(datasets.length, 'dataset')}: ${summary(same.flatMap(({ reasons }) => reasons))}`);
  } else if (datasets.length + notRun.length > 0) {
    const parts = [`${migrated.length} migrated`, `${same.length} unchanged`, `${failed.length} failed`];
    if (stopped.length > 0) parts.push(`${stopped.length} begun: ${stopped.map(({ name }) => name).join(', ')}`);
    if (notRun.length > 0) parts.push(`${notRun.length} not run`);
    lines.push(`${count(datasets.length + notRun.length, 'dataset')}: ${parts.join(', ')}`);
    const others = counts(same.flatMap(({ byOthers, reasons }) => (byOthers ? reasons : [])));
    for (const [reason, n] of others) lines.push(`  ${n} of the unchanged: ${reason}`);
  }
  for (const { name, renamedFrom } of migrated)
    if (renamedFrom !== undefined) lines.push(`Renamed '${renamedFrom}' to '${name}'`);
  for (const { name, findings } of migrated) lines.push(...(findings ?? []).flatMap((one) => findingLines(name ?? '', one)));
  if (migrated.some(({ kept, loses }) => kept && loses.length > 0))
    lines.push('What was taken out is kept in the attic: fiftyone migrate --attic lists it');
  const restored = migrated.filter(({ putBack }) => putBack !== undefined);
  if (restored.length > 0) lines.push(`Put back what the attic has kept of ${count(restored.length, 'dataset')}`);
  for (const { name, notPutBack = [] } of migrated)
    if (notPutBack.length > 0) lines.push(`Changed meanwhile, so it stays in the attic: ${name}: ${notPutBack.join(', ')}`);
  return lines.join('\n');
}

/**
 * Every failure with its reason and the command to try again; empty if nothing failed.
 *
 * @param options the options of the run that such a command needs as well
 */
export function failuresText({ datasets }: MigrationReport, options: readonly string[]): string {
  const failed = datasets.filter(({ result }) => result === 'failed');
  return failed.length === 0 ? '' : ['', 'Failed:', ...failed.flatMap((outcome) => failure(outcome, options)), ''].join('\n');
}

/** What was done to the database itself. */
export function databaseLines({ from, to, result, reason, orphans }: DatabaseOutcome): string[] {
  const verb = { migrated: 'Migrated', planned: 'Would migrate', unchanged: '' }[result];
  const lines =
    result === 'unchanged' ? [`Nothing to do for the database: ${reason}`] : [`${verb} the database from ${from} to ${to}`];
  if (orphans.length > 0) {
    lines.push(`${count(orphans.length, 'collection')} that no dataset uses, left as they are: ${orphans.join(', ')}`);
  }
  return lines;
}

function failure({ name, reasons, hint, error }: DatasetOutcome, options: readonly string[]): string[] {
  const lines = [`  ${name ?? '(without a name)'}`, ...reasons.map((reason) => `    ${reason}`)];
  if (hint !== undefined) lines.push(`    ${hint}`);
  if (name !== null && !(error instanceof DatasetNotFoundError))
    lines.push(`    try again: ${['fiftyone migrate -n', shellWord(name), ...options].join(' ')}`);
  return lines;
}

/** Reasons, with how often they occur if there are several, most frequent first. */
export function summary(reasons: readonly string[]): string {
  const sorted = counts(reasons);
  return sorted.length === 1 ? (sorted[0]?.[0] ?? '') : sorted.map(([reason, n]) => `${reason} (${n})`).join('; ');
}

function counts(reasons: readonly string[]): [string, number][] {
  const found = new Map<string, number>();
  for (const reason of reasons) found.set(reason, (found.get(reason) ?? 0) + 1);
  return [...found].sort(([, a], [, b]) => b - a);
}
