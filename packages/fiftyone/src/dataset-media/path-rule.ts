import { UsageError } from '../errors.js';
import { shown } from '../fields/invalid-value.js';
import type { MediaReference } from './references.js';

/** A folder in which files were, and that in which they are: `/data` and `s3://bucket/data`. */
export interface FolderRule {
  readonly from: string;
  readonly to: string;
}

/** What matches, and what takes its place: `$1` is the first group. */
export interface PatternRule {
  readonly pattern: RegExp;
  readonly replacement: string;
}

/** Gives the new path; undefined or null for a path that stays. It may be called more than once for a path. */
export type PathFunction = (path: string, reference: MediaReference) => string | null | undefined;

/** How paths become others. */
export type PathRule = FolderRule | PatternRule | ReadonlyMap<string, string> | PathFunction;

/** A rule that can be applied, and how it is called in the journal. */
export interface ReadyRule {
  readonly note: string;
  /** Whether the note says all of it. */
  readonly isWhole: boolean;
  readonly apply: PathFunction;
}

/** @throws UsageError for what is no rule */
export function readyRule(rule: PathRule): ReadyRule {
  if (typeof rule === 'function') return { note: 'by a function', isWhole: false, apply: rule };
  if (rule instanceof Map) {
    return { note: `by a map of ${rule.size} paths`, isWhole: false, apply: (path) => rule.get(path) };
  }
  if (isObject(rule) && 'pattern' in rule) return patternRule(rule as PatternRule);
  if (isObject(rule) && 'from' in rule) return folderRule(rule as FolderRule);
  throw new UsageError(`${shown(rule)} does not say how paths become others`, {
    hint: 'give { from, to } for folders, { pattern, replacement }, a Map or a function',
  });
}

function isObject(rule: unknown): boolean {
  return typeof rule === 'object' && rule !== null;
}

function patternRule({ pattern, replacement }: PatternRule): ReadyRule {
  if (!(pattern instanceof RegExp)) throw new UsageError('the pattern must be a regular expression');
  if (typeof replacement !== 'string') throw new UsageError('the replacement of the pattern must be text');
  // a global or sticky pattern remembers where it was
  const isThere = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  const apply = (path: string) => (isThere.test(path) ? path.replace(pattern, replacement) : undefined);
  return { note: `${pattern} → ${replacement}`, isWhole: true, apply };
}

function folderRule({ from, to }: FolderRule): ReadyRule {
  for (const folder of [from, to]) {
    if (typeof folder !== 'string' || folder === '') throw new UsageError('from and to must be paths of folders');
  }
  const [before, after] = [from, to].map((folder) => folder.replace(/(?<=[^/\\:])[/\\]+$/, '')) as [string, string];
  // those of Windows become those of others
  const isPlain = !after.includes('\\');
  const apply = (path: string): string | undefined => {
    if (path === before) return after;
    if (!path.startsWith(before)) return undefined;
    const rest = path.slice(before.length);
    const isBelow = /[/\\]$/.test(before) || /^[/\\]/.test(rest);
    if (!isBelow) return undefined;
    const separator = /[/\\]$/.test(after) || /^[/\\]/.test(rest) ? '' : '/';
    const below = /[/\\]$/.test(after) ? rest.replace(/^[/\\]+/, '') : rest;
    return after + separator + (isPlain ? below.replaceAll('\\', '/') : below);
  };
  return { note: `${before} → ${after}`, isWhole: true, apply };
}
