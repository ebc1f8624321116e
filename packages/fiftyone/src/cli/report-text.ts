import { DatasetNotFoundError } from '../errors.js';
import type { DatabaseOutcome, DatasetOutcome, MigrationReport } from '../migrations/report.js';
import { shellWord } from '../shell-word.js';

/** What a run did: the database, how many datasets, which were renamed. */
export function reportText(report: MigrationReport): string {
  const { database, datasets, notRun } = report;
  const of = (result: DatasetOutcome['result']) => datasets.filter((outcome) => outcome.result === result);
  const [migrated, same, failed] = [of('migrated'), of('unchanged'), of('failed')];
  const lines: string[] = [];
  if (database) lines.push(...databaseLines(database));
  if (datasets.length > 0 && migrated.length + failed.length === 0) {
    lines.push(`Nothing to do for ${count(datasets.length, 'dataset')}: ${summary(same.flatMap(({ reasons }) => reasons))}`);
  } else if (datasets.length > 0) {
    const parts = [`${migrated.length} migrated`, `${same.length} unchanged`, `${failed.length} failed`];
    if (notRun.length > 0) parts.push(`${notRun.length} not run`);
    lines.push(`${count(datasets.length + notRun.length, 'dataset')}: ${parts.join(', ')}`);
  }
  for (const { name, renamedFrom } of migrated)
    if (renamedFrom !== undefined) lines.push(`Renamed '${renamedFrom}' to '${name}'`);
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

function databaseLines({ from, to, result, reason, orphans }: DatabaseOutcome): string[] {
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

/** What a dry run found, dataset by dataset. */
export function planText({ database, datasets }: MigrationReport): string {
  const lines = database ? databaseLines(database) : [];
  for (const outcome of datasets.filter(({ result }) => result !== 'unchanged')) lines.push('', ...planLines(outcome));
  const same = datasets.filter(({ result }) => result === 'unchanged');
  if (same.length > 0)
    lines.push('', `Nothing to do for ${count(same.length, 'dataset')}: ${summary(same.flatMap(({ reasons }) => reasons))}`);
  lines.push('', 'Nothing was written.');
  return lines.join('\n').trimStart();
}

function planLines(outcome: DatasetOutcome): string[] {
  const lines = [
    `${outcome.renamedFrom ?? outcome.name ?? '(without a name)'}: ${outcome.from ?? 'no version'} -> ${outcome.to ?? '?'}`,
  ];
  if (outcome.renamedFrom !== undefined) lines.push(`  is renamed to: ${outcome.name}`);
  if (outcome.steps.length > 0) lines.push(`  steps: ${outcome.steps.join(', ')}`);
  lines.push(...outcome.edits.map((edit) => `  edits ${edit}`));
  lines.push(...outcome.loses.map((loss) => `  loses ${loss}`));
  if (outcome.kept) lines.push('  what it loses is kept in the attic: going up again puts it back');
  if (outcome.putBack) lines.push(`  puts back from the attic: ${outcome.putBack.join(', ')}`);
  if (outcome.notPutBack) lines.push(`  leaves in the attic, because it was changed meanwhile: ${outcome.notPutBack.join(', ')}`);
  lines.push(...outcome.warnings.map((warning) => `  note: ${warning}`));
  lines.push(...outcome.reasons.map((reason) => `  BLOCKED: ${reason}`));
  return lines;
}

/** `3 x 'why'` for reasons that repeat, most frequent first. */
function summary(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.length === 1 ? (sorted[0]?.[0] ?? '') : sorted.map(([reason, n]) => `${reason} (${n})`).join('; ');
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
