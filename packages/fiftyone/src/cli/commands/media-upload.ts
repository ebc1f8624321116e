import { planUpload, type UploadPlan, type UploadReport, upload } from '../../dataset-media/upload.js';
import type { PlanUploadOptions, UploadOptions } from '../../dataset-media/upload-options.js';
import { loadDataset } from '../../datasets/load.js';
import { ExitCode, UsageError } from '../../errors.js';
import { shellWord } from '../../shell-word.js';
import { bytes, count } from '../numbers.js';
import { runOperation } from '../run-operation.js';
import { withDatabase } from './datasets.js';
import { listed, samplesOf } from './media.js';

export interface UploadFlags {
  readonly mediaField: readonly string[];
  readonly relDir?: string;
  readonly view?: string;
  readonly updateFilepaths?: boolean;
  readonly overwrite?: boolean;
  readonly onCollision: 'refuse' | 'skip' | 'rename';
  readonly remote: 'leave' | 'copy';
  readonly skipFailures?: boolean;
  readonly cache?: 'copy' | 'move';
  readonly concurrency?: number;
  readonly bwlimit?: number;
  readonly manifest?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `fiftyone media upload NAME REMOTE_DIR`. @returns the exit code */
export function uploadOne(name: string, remoteDir: string, flags: UploadFlags): Promise<number> {
  const { view, mediaField, bwlimit, dryRun, json, updateFilepaths, cache, manifest, ...same } = flags;
  const plan: PlanUploadOptions = {
    ...same,
    mediaField: fieldsOf(mediaField),
    ...(bwlimit === undefined ? {} : { bytesPerSecond: bwlimit }),
  };
  const options: UploadOptions = {
    ...plan,
    ...(updateFilepaths && { updateFilepaths }),
    ...(cache && { cache }),
    ...(manifest === undefined ? {} : { manifest }),
  };
  return withDatabase(async (connection) => {
    const samples = await samplesOf(await loadDataset(connection, name), view);
    if (dryRun) {
      const planned = await runOperation(connection, flags, (running) => planUpload(samples, remoteDir, { ...plan, ...running }));
      process.stdout.write(`${json ? JSON.stringify(planned, undefined, 2) : planText(planned)}\n`);
      const stops = planned.collisions.count > 0 && same.onCollision === 'refuse';
      return stops || (planned.failures.count > 0 && !same.skipFailures) ? ExitCode.failed : ExitCode.done;
    }
    const report = await runOperation(connection, flags, (running) => upload(samples, remoteDir, { ...options, ...running }));
    process.stdout.write(`${json ? JSON.stringify(report, undefined, 2) : reportText(name, report)}\n`);
    return report.failed.count > 0 || report.skipped > 0 ? ExitCode.partly : ExitCode.done;
  });
}

/** `filepath`, or `filepath=images masks=labels/masks`. */
function fieldsOf(given: readonly string[]): NonNullable<UploadOptions['mediaField']> {
  if (!given.some((field) => field.includes('='))) return given.length === 1 ? (given[0] as string) : given;
  return Object.fromEntries(
    given.map((field) => {
      const at = field.indexOf('=');
      if (at < 1)
        throw new UsageError(`--media-field ${field}: has no folder`, {
          hint: 'give all fields a folder (FIELD=FOLDER), or none',
        });
      return [field.slice(0, at), field.slice(at + 1)];
    }),
  );
}

function planText(plan: UploadPlan): string {
  const amount = ({ files, bytes: size }: { files: number; bytes: number }) => `${count(files, 'file')} (${bytes(size)})`;
  const lines = [
    `${count(plan.references, 'path')} in the dataset; ${count(plan.files, 'file')} for:`,
    ...Object.entries(plan.folders).map(([field, folder]) => `  ${field} -> ${folder}/`),
    `would send: ${amount(plan.send)}`,
  ];
  if (plan.replace.files > 0) lines.push(`would replace: ${amount(plan.replace)}`);
  if (plan.rename.files > 0) lines.push(`would send under other names: ${amount(plan.rename)}`);
  lines.push(`there already: ${amount(plan.there)}`);
  if (plan.remote > 0) lines.push(`in a cloud already, left alone: ${count(plan.remote, 'path')}`);
  if (plan.skip.files > 0) lines.push(`would leave out: ${amount(plan.skip)}`);
  lines.push(
    ...listed(
      'collisions',
      plan.collisions.count,
      plan.collisions.listed.map(({ to, from, isTaken }) => {
        return `${to}${isTaken ? ' (other content is there)' : ''} from ${from.join(' and ')}`;
      }),
    ),
  );
  lines.push(
    ...listed(
      'files that cannot be sent',
      plan.failures.count,
      plan.failures.listed.map(({ reason }) => reason),
    ),
  );
  return lines.join('\n');
}

function reportText(name: string, { folders, sent, there, skipped, failed, changes }: UploadReport): string {
  const lines = [
    `Uploaded to ${Object.values(folders).join(', ')}: ${count(sent.files, 'file')} (${bytes(sent.bytes)}); ${count(there, 'file')} there already`,
  ];
  if (skipped > 0) lines.push(`left out: ${count(skipped, 'file')}`);
  lines.push(
    ...listed(
      'could not be sent',
      failed.count,
      failed.listed.map(({ reason }) => reason),
    ),
  );
  if (changes)
    lines.push(
      `Changed ${count(changes.changed, 'path')} of '${name}'${changes.others > 0 ? `; ${count(changes.others, 'path')} were changed by others meanwhile and stay` : ''}`,
    );
  if (changes?.run) lines.push(`  take that back with: fiftyone media revert ${shellWord(name)} ${changes.run}`);
  return lines.join('\n');
}
