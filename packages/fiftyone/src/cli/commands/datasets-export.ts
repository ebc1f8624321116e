import { loadDataset } from '../../datasets/load.js';
import { ExitCode } from '../../errors.js';
import { exportDataset } from '../../formats/export/export-dataset.js';
import type { ExportMedia, ExportReport } from '../../formats/export/export-options.js';
import { bytes, count } from '../numbers.js';
import { runOperation } from '../run-operation.js';
import { withDatabase } from './datasets.js';
import { samplesOf } from './media.js';

export interface ExportFlags {
  readonly exportMedia: 'true' | 'false' | 'move' | 'symlink';
  readonly relDir?: string;
  readonly view?: string;
  readonly chunkSize?: number;
  readonly useDirs?: boolean;
  readonly ordered: boolean;
  readonly savedViews: boolean;
  readonly workspaces: boolean;
  readonly runs: boolean;
  readonly overwrite?: boolean;
  readonly skipMissing?: boolean;
  readonly json?: boolean;
}

const MEDIA: Record<ExportFlags['exportMedia'], ExportMedia> = { true: true, false: false, move: 'move', symlink: 'symlink' };

/** `fiftyone datasets export NAME FOLDER`. @returns the exit code */
export function exportOne(name: string, exportDir: string, flags: ExportFlags): Promise<number> {
  const { exportMedia, view, savedViews, workspaces, runs, json, ...same } = flags;
  return withDatabase(async (connection) => {
    const samples = await samplesOf(await loadDataset(connection, name), view);
    const choices = { exportSavedViews: savedViews, exportWorkspaces: workspaces, exportRuns: runs };
    const report = await runOperation(connection, flags, (running) =>
      exportDataset(samples, { ...same, ...choices, ...running, exportDir, exportMedia: MEDIA[exportMedia] }),
    );
    for (const warning of json ? [] : report.warnings) process.stderr.write(`note: ${warning}\n`);
    process.stdout.write(`${json ? JSON.stringify(report, undefined, 2) : text(name, report)}\n`);
    return ExitCode.done;
  });
}

function text(name: string, { exportDir, samples, frames, media, missing }: ExportReport): string {
  const parts = [count(samples, 'sample')];
  if (frames > 0) parts.push(count(frames, 'frame'));
  if (media.files > 0) parts.push(`${count(media.files, 'media file')} (${bytes(media.bytes)})`);
  const lacks = missing.length > 0 ? `; ${count(missing.length, 'media file')} missing` : '';
  return `Exported '${name}' to ${exportDir}: ${parts.join(', ')}${lacks}`;
}
