import type { PathRule } from '../../dataset-media/path-rule.js';
import { setPaths as rewrite, type SetPathsReport } from '../../dataset-media/set-paths.js';
import { loadDataset } from '../../datasets/load.js';
import { ExitCode, UsageError } from '../../errors.js';
import { shellWord } from '../../shell-word.js';
import { count } from '../numbers.js';
import { runOperation } from '../run-operation.js';
import { withDatabase } from './datasets.js';
import { listed, samplesOf } from './media.js';

export interface SetPathsFlags {
  readonly mediaField: readonly string[];
  readonly view?: string;
  readonly from?: string;
  readonly to?: string;
  readonly regex?: string;
  readonly replace?: string;
  readonly allowMerging?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `fiftyone media set-paths NAME`. @returns the exit code */
export async function setPaths(name: string, flags: SetPathsFlags): Promise<number> {
  const { mediaField, view, json, allowMerging = false, dryRun = false } = flags;
  const rule = ruleOf(flags);
  return await withDatabase(async (connection) => {
    const samples = await samplesOf(await loadDataset(connection, name), view);
    const options = { fields: mediaField, allowMerging, dryRun };
    const report = await runOperation(connection, flags, (running) => rewrite(samples, rule, { ...options, ...running }));
    process.stdout.write(`${json ? JSON.stringify(report, undefined, 2) : text(name, report, dryRun)}\n`);
    return report.others > 0 || (dryRun && report.merged.length > 0 && !allowMerging) ? ExitCode.partly : ExitCode.done;
  });
}

/** @throws UsageError unless the flags are those of one rule */
function ruleOf({ from, to, regex, replace }: SetPathsFlags): PathRule {
  const hint = 'give --from PREFIX and --to PREFIX, or --regex PATTERN and --replace TEXT';
  const isFolders = from !== undefined || to !== undefined;
  const isPattern = regex !== undefined || replace !== undefined;
  if (isFolders === isPattern) throw new UsageError('set-paths needs one rule', { hint });
  if (from !== undefined && to !== undefined) return { from, to };
  if (regex === undefined || replace === undefined) throw new UsageError('half of the rule is missing', { hint });
  try {
    return { pattern: new RegExp(regex), replacement: replace };
  } catch (error) {
    throw new UsageError(`--regex ${regex}: ${(error as Error).message}`);
  }
}

function text(name: string, report: SetPathsReport, dryRun: boolean): string {
  const { fields, examples, unmatched, merged, run, changed, others } = report;
  const lines = fields.map(({ name: field, paths, different, unmatched: left }) => {
    const rest = left > 0 ? `, the rule says nothing about ${count(left, 'path')}` : '';
    return `${field}: ${count(different, 'path')} of ${paths} ${dryRun ? 'would become others' : 'become others'}${rest}`;
  });
  const [shown, left] = [examples, unmatched].map((list) => list.length);
  lines.push(
    ...listed(
      'for example',
      shown as number,
      examples.map(({ from, to }) => `${from} -> ${to}`),
    ),
  );
  lines.push(...listed('not matched, for example', left as number, unmatched));
  lines.push(
    ...listed(
      'different paths that become one',
      merged.length,
      merged.map(({ from, to }) => `${from.join(' and ')} -> ${to}`),
    ),
  );
  if (dryRun) return lines.join('\n');
  const kept = others > 0 ? `; ${count(others, 'path')} were changed by others meanwhile and stay` : '';
  lines.push(`Changed ${count(changed, 'path')} of '${name}'${kept}`);
  if (run !== null) lines.push(`  take that back with: fiftyone media revert ${shellWord(name)} ${run}`);
  return lines.join('\n');
}
