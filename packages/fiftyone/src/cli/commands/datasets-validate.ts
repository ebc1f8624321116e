import { ExitCode } from '../../errors.js';
import type { ExportProblem } from '../../formats/validate/export-problem.js';
import { type ValidateReport, validateExport } from '../../formats/validate/validate-export.js';
import { readSettings } from '../../settings.js';
import { count } from '../numbers.js';
import { operationProgress } from '../operation-progress.js';

export interface ValidateFlags {
  readonly relDir?: string;
  readonly json?: boolean;
}

/** `fiftyone datasets validate FOLDER`. @returns the exit code */
export async function validate(path: string, { relDir, json }: ValidateFlags): Promise<number> {
  const progress = operationProgress(process.stderr, { json, show: readSettings().showProgressBars });
  const options = relDir === undefined ? {} : { relDir };
  const report = await validateExport(path, { ...options, onProgress: progress.tell }).finally(progress.end);
  process.stdout.write(`${json ? JSON.stringify(report, undefined, 2) : text(report)}\n`);
  return report.ok ? ExitCode.done : ExitCode.failed;
}

function text({ path, version, samples, frames, problems, counts }: ValidateReport): string {
  const contents = [count(samples, 'sample'), ...(frames > 0 ? [count(frames, 'frame')] : [])].join(', ');
  const head = `${path}: version ${version ?? 'unknown'}, ${contents}`;
  const found = [counts.error, counts.warning].every((n) => n === 0)
    ? 'complete and readable'
    : `${count(counts.error, 'error')}, ${count(counts.warning, 'warning')}`;
  const all = Object.values(counts).reduce((sum, n) => sum + n, 0);
  const more = all > problems.length ? [`… and ${count(all - problems.length, 'other problem')}`] : [];
  return [...problems.map(line), ...more, `${head}: ${found}`].join('\n');
}

function line({ severity, file, place, byte, message }: ExportProblem): string {
  const at = [file, ...(place === undefined ? [] : [place]), ...(byte === undefined ? [] : [`byte ${byte}`])].join(': ');
  return `${severity}: ${at}: ${message}`;
}
