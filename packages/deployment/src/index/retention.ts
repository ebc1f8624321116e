import { UsageError } from 'fiftyone';
import type { FileRecord } from './catalogue.js';
import { compareVersions } from './project-version.js';

/** Which versions stay. One that fits any of these stays. */
export interface Retention {
  /** The newest so many, yanked ones not counted; at least one. */
  readonly versions: number;
  /** Those of which a file was uploaded in so many days. */
  readonly days: number;
  /** Those in use: what the deployment recommends, what services run. */
  readonly inUse?: readonly string[];
}

const DAY_MS = 24 * 3600 * 1000;

/** The names of the files of a project that may go. @throws UsageError if the rules would keep nothing */
export function toDelete(files: readonly FileRecord[], { versions, days, inUse = [] }: Retention, now: Date): string[] {
  if (!Number.isInteger(versions) || versions < 1) throw new UsageError('at least one version has to stay');
  const good = files.filter(({ yanked }) => yanked === undefined).map(({ version }) => version);
  const newest = [...new Set(good)].sort((a, b) => compareVersions(b, a)).slice(0, versions);
  const young = files.filter(({ uploaded }) => now.getTime() - uploaded.getTime() < days * DAY_MS).map(({ version }) => version);
  const staying = new Set([...newest, ...young, ...inUse]);
  return files.filter(({ version }) => !staying.has(version)).map(({ _id }) => _id);
}
