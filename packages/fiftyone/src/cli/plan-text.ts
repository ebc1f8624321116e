import type { Value } from '../bson/index.js';
import { idText, type MalformedDocuments, reasonOf } from '../migrations/documents-check.js';
import type { Differences } from '../migrations/preview/differences.js';
import type { EditPreview } from '../migrations/preview/edit-preview.js';
import type { Estimate } from '../migrations/preview/estimate.js';
import type { Preview, SidePreview } from '../migrations/preview/preview.js';
import type { Total } from '../migrations/preview/total.js';
import type { DatasetOutcome, MigrationReport } from '../migrations/report.js';
import { bytes, count, digits, duration } from './numbers.js';
import { databaseLines, summary } from './report-text.js';
import { valueText } from './value-text.js';

/** How many ids are shown without `--verbose`: of runs and saved views, and of documents that are in the way. */
const SIDE_IDS = 4;
const SHOWN_IDS = 10;
const WIDTH = 60;

/** What a dry run found, dataset by dataset. @param verbose show every difference, and values in full */
export function planText({ database, datasets, estimate }: MigrationReport, verbose: boolean): string {
  const lines = database ? databaseLines(database) : [];
  for (const outcome of datasets.filter(({ result }) => result !== 'unchanged')) lines.push('', ...planLines(outcome, verbose));
  const same = datasets.filter(({ result }) => result === 'unchanged');
  if (same.length > 0)
    lines.push('', `Nothing to do for ${count(same.length, 'dataset')}: ${summary(same.flatMap(({ reasons }) => reasons))}`);
  if (estimate) lines.push('', ...totalLines(estimate));
  lines.push('', 'Nothing was written.');
  return lines.join('\n').trimStart();
}

function planLines(outcome: DatasetOutcome, verbose: boolean): string[] {
  const { preview } = outcome;
  const lines = [
    `${outcome.renamedFrom ?? outcome.name ?? '(without a name)'}: ${outcome.from ?? 'no version'} -> ${outcome.to ?? '?'}`,
  ];
  if (outcome.renamedFrom !== undefined) lines.push(`  is renamed to: ${outcome.name}`);
  if (outcome.steps.length > 0) lines.push(`  steps: ${outcome.steps.join(', ')}`);
  if (preview && outcome.result === 'planned') lines.push(...recordLines(preview, verbose));
  if (preview) lines.push(...editsLines(preview, verbose));
  else lines.push(...outcome.edits.map((edit) => `  edits ${edit}`));
  lines.push(...outcome.loses.map((loss) => `  loses ${loss}`));
  if (outcome.kept) lines.push('  what it loses is kept in the attic: going up again puts it back');
  if (outcome.putBack) lines.push(`  puts back from the attic: ${outcome.putBack.join(', ')}`);
  if (outcome.notPutBack) lines.push(`  leaves in the attic, because it was changed meanwhile: ${outcome.notPutBack.join(', ')}`);
  lines.push(...outcome.warnings.map((warning) => `  note: ${warning}`));
  const malformed = preview?.malformed ?? [];
  const reasons = outcome.reasons.filter((reason) => !malformed.some((found) => reasonOf(found) === reason));
  lines.push(...reasons.map((reason) => `  BLOCKED: ${reason}`));
  lines.push(...malformed.flatMap((found) => malformedLines(found, verbose)));
  if (preview && preview.estimate.sampled > 0) lines.push(`  takes ${estimateText(preview.estimate, true)}`);
  return lines;
}

/** What a run would take, in words. */
function totalLines({ isReplicaSet, freeBytes, oplogSize, warnings, ...estimate }: Total): string[] {
  if (estimate.sampled === 0) return ['Takes a moment, by an estimate: no collection that changes is large.'];
  const free = freeBytes === undefined ? '' : `; ${bytes(freeBytes)} of the disk are free`;
  const oplog = oplogSize === undefined ? '' : `; the oplog holds ${bytes(oplogSize)}`;
  const documents = count(estimate.sampled, 'document');
  return [
    `Takes ${estimateText(estimate, isReplicaSet)}${free}${oplog}. An estimate, from ${documents}.`,
    ...warnings.map((warning) => `WARNING: ${warning}`),
  ];
}

function estimateText({ seconds, diskBytes, oplogBytes }: Estimate, withOplog: boolean): string {
  const oplog = withOplog ? `, and up to ${bytes(oplogBytes)} of oplog` : '';
  return `about ${duration(seconds)} and up to ${bytes(diskBytes)} of disk${oplog}`;
}

/** What nothing matches is not worth a line. */
function editsLines({ edits }: Preview, verbose: boolean): string[] {
  const shownEdits = verbose ? edits : edits.filter(({ kind, documents }) => kind === 'drop-index' || documents > 0);
  const hidden = edits.length - shownEdits.length;
  return [
    ...shownEdits.flatMap((edit) => editLines(edit, verbose)),
    ...(hidden === 0
      ? []
      : [`  ${count(hidden, 'more edit')} that no document needs: --verbose shows ${hidden === 1 ? 'it' : 'all'}`]),
  ];
}

function recordLines({ dataset, runs, views }: Preview, verbose: boolean): string[] {
  return [
    ...(dataset.count > 0 ? [`  changes ${count(dataset.count, 'place')} of the dataset's document:`] : []),
    ...differenceLines(dataset, '    ', verbose),
    ...sideLines('run', runs, verbose),
    ...sideLines('saved view', views, verbose),
  ];
}

function sideLines(noun: string, { added, removed, changed }: SidePreview, verbose: boolean): string[] {
  return [
    ...(added.length > 0 ? [`  adds ${count(added.length, noun)}: ${ids(added, verbose)}`] : []),
    ...(removed.length > 0 ? [`  removes ${count(removed.length, noun)}: ${ids(removed, verbose)}`] : []),
    ...(changed.length > 0 ? [`  changes ${count(changed.length, noun)}:`] : []),
    ...shown(changed, 1, verbose).flatMap(({ id, differences }) => [
      `    ${idText(id)}:`,
      ...differenceLines(differences, '      ', verbose),
    ]),
    ...more(changed.length, 1, '    ', verbose),
  ];
}

function editLines({ kind, collection, source, summary, documents, how, example }: EditPreview, verbose: boolean): string[] {
  const number = { counted: '', estimated: 'about ', 'at most': 'at most ' }[how];
  const many = kind === 'drop-index' ? '' : ` (${number}${count(documents, 'document')}${source ? ` of ${source}` : ''})`;
  const line = `  edits ${collection}: ${summary}${many}`;
  if (example === undefined) return [line];
  return [line, `    for example ${idText(example.id)}:`, ...differenceLines(example.differences, '      ', verbose)];
}

function malformedLines({ step, collection, problem, count: n, ids: found }: MalformedDocuments, verbose: boolean): string[] {
  const most = verbose ? found.length : SHOWN_IDS;
  const left = n - Math.min(most, found.length);
  const how = verbose ? '' : ': --verbose or --json lists them, ten thousand at most';
  return [
    `  BLOCKED: ${step}: ${problem} in ${count(n, 'document')} of ${collection}:`,
    ...found.slice(0, most).map((id) => `    _id ${idText(id)}`),
    ...(left > 0 ? [`    … and ${digits(left)} more${how}`] : []),
  ];
}

/** A line per place: `+ slug "a"`, `- x 1`, `~ version "1.0.0" -> "1.1.0"`. */
function differenceLines({ count: n, places }: Differences, indent: string, verbose: boolean): string[] {
  const value = (of: Value | undefined) => shortened(valueText(of ?? null), verbose);
  const lines = places.map(({ path, kind, before, after }) => {
    if (kind === 'added') return `${indent}+ ${path} ${value(after)}`;
    if (kind === 'removed') return `${indent}- ${path} ${value(before)}`;
    return kind === 'changed' ? `${indent}~ ${path} ${value(before)} -> ${value(after)}` : `${indent}~ ${path} in another order`;
  });
  return [...lines, ...more(n, places.length, indent, verbose)];
}

function ids(values: readonly Value[], verbose: boolean): string {
  return [...shown(values, SIDE_IDS, verbose).map(idText), ...(values.length > SIDE_IDS && !verbose ? ['…'] : [])].join(', ');
}

function shown<T>(items: readonly T[], most: number, verbose: boolean): readonly T[] {
  return verbose ? items : items.slice(0, most);
}

function more(n: number, most: number, indent: string, verbose: boolean): string[] {
  return verbose || n <= most ? [] : [`${indent}… and ${digits(n - most)} more: --verbose shows all`];
}

function shortened(text: string, verbose: boolean): string {
  return verbose || text.length <= WIDTH ? text : `${text.slice(0, WIDTH - 1)}…`;
}
