import { stat } from 'node:fs/promises';
import { ExitCode } from '../../errors.js';
import { type ImportOptions, type ImportReport, importDataset } from '../../formats/import/import-dataset.js';
import { count } from '../numbers.js';
import { runOperation } from '../run-operation.js';
import { withDatabase } from './datasets.js';

export interface ImportFlags extends Omit<ImportOptions, 'datasetDir' | 'datasetType' | 'archivePath' | 'onProgress' | 'signal'> {
  readonly savedViews: boolean;
  readonly workspaces: boolean;
  readonly runs: boolean;
  readonly json?: boolean;
}

/** `fiftyone datasets import FOLDER`. @returns the exit code */
export function importOne(path: string, flags: ImportFlags): Promise<number> {
  const { savedViews, workspaces, runs, json, ...same } = flags;
  return withDatabase(async (connection) => {
    const choices = { importSavedViews: savedViews, importWorkspaces: workspaces, importRuns: runs };
    const from = (await isFile(path)) ? { archivePath: path } : { datasetDir: path };
    const report = await runOperation(connection, flags, (running) =>
      importDataset(connection, { keepName: true, ...same, ...choices, ...running, ...from }),
    );
    for (const warning of json ? [] : report.warnings) process.stderr.write(`note: ${warning}\n`);
    process.stdout.write(`${json ? JSON.stringify(report, undefined, 2) : text(report)}\n`);
    return ExitCode.done;
  });
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

function text({ name, samples, frames, savedViews, workspaces, runs, from, to }: ImportReport): string {
  const others: [number, string][] = [
    [frames, 'frame'],
    [savedViews, 'saved view'],
    [workspaces, 'workspace'],
    [runs, 'run'],
  ];
  const parts = [count(samples, 'sample'), ...others.filter(([n]) => n > 0).map(([n, noun]) => count(n, noun))];
  const upgraded = from === to ? '' : `; upgraded from ${from} to ${to}`;
  return `Imported '${name}': ${parts.join(', ')}${upgraded}`;
}
