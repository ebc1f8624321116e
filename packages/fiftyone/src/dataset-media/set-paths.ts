import type { ObjectId } from '../bson/index.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import type { OnProgress } from '../datasets/progress.js';
import type { SampleCollection } from '../datasets/sample-collection.js';
import { UsageError } from '../errors.js';
import { shown } from '../fields/invalid-value.js';
import { mediaFieldOf, shownMediaFields } from './find-field.js';
import { checkMayChange, checkStored } from './may-change.js';
import type { MediaField } from './media-fields.js';
import { type MergedPath, MergedPaths } from './merged-paths.js';
import { changePaths, type PathChange } from './path-changes.js';
import { unfinishedRun } from './path-journal.js';
import { isAbsolutePath, isEmptyAddress } from './path-kinds.js';
import { type PathRule, type ReadyRule, readyRule } from './path-rule.js';
import { type MediaReference, mediaReferences } from './references.js';

export interface SetPathsOptions {
  /** The fields whose paths are to change. Default: all media fields. */
  readonly fields?: readonly string[];
  /** Say what would be changed, and change nothing. Default: false. */
  readonly dryRun?: boolean;
  /** Different paths may become the same one. Default: false, which is an error. */
  readonly allowMerging?: boolean;
  readonly onProgress?: OnProgress;
  /** Ends the call; what is changed by then stays, and can be reverted. */
  readonly signal?: AbortSignal;
}

const OPTIONS: OptionNames<SetPathsOptions> = {
  fields: 'anything',
  dryRun: 'boolean',
  allowMerging: 'boolean',
  onProgress: 'function',
  signal: 'anything',
};

/** What becomes of the paths of a field. */
export interface FieldPaths {
  readonly name: string;
  /** How many paths it has. */
  readonly paths: number;
  /** How many of them become others. */
  readonly different: number;
  /** How many the rule says nothing about: they stay. */
  readonly unmatched: number;
}

export interface SetPathsReport {
  readonly fields: readonly FieldPaths[];
  /** The first ten paths that become others. */
  readonly examples: readonly { readonly from: string; readonly to: string }[];
  /** The first ten paths that the rule says nothing about. */
  readonly unmatched: readonly string[];
  /** Different paths that become one, the first ten. */
  readonly merged: readonly MergedPath[];
  /** By which it can be reverted; null when nothing was changed, as in a dry run. */
  readonly run: string | null;
  readonly changed: number;
  /** How many paths somebody else has changed meanwhile: they stay as they are. */
  readonly others: number;
}

const EXAMPLES = 10;

/**
 * Rewrites media paths: by folder, by a regular expression, with a map or a function. All of them are looked at before the first is
 * changed. No file is moved, or looked for. A call that was cut off can be made again; `revertPaths` takes it back.
 *
 * @throws UsageError for a field that there is not, for paths that become empty or relative, and for different ones that become one
 */
export async function setPaths(
  samples: SampleCollection,
  rule: PathRule,
  options: SetPathsOptions = {},
): Promise<SetPathsReport> {
  checkOptions('setPaths', options, OPTIONS);
  const ready = readyRule(rule);
  const fields = fieldsOf(samples, options.fields);
  if (options.dryRun === true) checkStored(samples.doc);
  else await checkMayChange(samples, fields);
  const purpose = { command: 'set-paths', note: `${ready.note} (${fields.map(({ name }) => name).join(', ')})` };
  const { isWhole } = ready;
  const { connection, doc } = samples;
  const begun = await unfinishedRun(connection.db, doc.get('_id') as ObjectId, { ...purpose, isWhole });
  const isNew = begun === undefined;
  const plan = await planned(samples, fields, ready, isNew, options);
  const merged = plan.suspects.hasSuspects ? await mergedIn(samples, fields, ready, isNew, plan.suspects, options) : [];
  const report = { fields: plan.fields, examples: plan.examples, unmatched: plan.unmatched, merged };
  if (merged.length > 0 && options.allowMerging !== true && options.dryRun !== true) throw mergedError(merged);
  if (options.dryRun === true) return { ...report, run: null, changed: 0, others: 0 };
  const { onProgress, signal } = options;
  const changes = changesIn(samples, fields, ready, { signal });
  const { run, changed, others } = await changePaths(connection, doc, changes, { ...purpose, isWhole, onProgress, signal });
  return { ...report, run, changed, others };
}

function fieldsOf(samples: SampleCollection, given: readonly string[] | undefined): MediaField[] {
  if (given === undefined) return shownMediaFields(samples);
  if (!Array.isArray(given) || given.length === 0) throw new UsageError('fields must be a list of names');
  const fields = given.map((text) => mediaFieldOf(samples, text));
  return fields.filter(({ name }, i) => fields.findIndex((other) => other.name === name) === i);
}

interface Plan extends Pick<SetPathsReport, 'fields' | 'examples' | 'unmatched'> {
  readonly suspects: MergedPaths;
}

/** @param isNew whether paths that stay are looked at too: those that a run that died has changed already are not in the way */
async function planned(
  samples: SampleCollection,
  fields: readonly MediaField[],
  rule: ReadyRule,
  isNew: boolean,
  { onProgress, signal }: SetPathsOptions,
): Promise<Plan> {
  const counts = new Map(fields.map(({ name }) => [name, { name, paths: 0, different: 0, unmatched: 0 }]));
  const suspects = new MergedPaths();
  const examples: { from: string; to: string }[] = [];
  const unmatched: string[] = [];
  for await (const references of mediaReferences(samples, fields, { onProgress, signal })) {
    for (const reference of references) {
      const { path, field } = reference;
      const count = counts.get(field.name) as FieldPaths & { paths: number; different: number; unmatched: number };
      const to = becomes(rule, reference);
      count.paths++;
      if (to === undefined) {
        count.unmatched++;
        if (unmatched.length < EXAMPLES) unmatched.push(path);
      }
      if (to !== undefined && to !== path) {
        count.different++;
        if (examples.length < EXAMPLES) examples.push({ from: path, to });
        suspects.add(path, to);
      } else if (isNew) suspects.add(path, path);
    }
  }
  return { fields: [...counts.values()], examples, unmatched, suspects };
}

/** What a path becomes, or undefined for one that the rule says nothing about. @throws UsageError for what is no path */
function becomes(rule: ReadyRule, reference: MediaReference): string | undefined {
  const { path, place, id } = reference;
  const to: unknown = rule.apply(path, reference);
  if (to === undefined || to === null) return undefined;
  const where = `${shown(path)} (${place} of ${id.toHexString()})`;
  if (typeof to !== 'string') throw new UsageError(`${where} becomes ${shown(to)}, which is no path: nothing was changed`);
  if (to === '') throw new UsageError(`${where} becomes empty: nothing was changed`);
  if (isEmptyAddress(to))
    throw new UsageError(`${where} becomes ${shown(to)}, which names no file in a bucket: nothing was changed`);
  if (isAbsolutePath(path) && !isAbsolutePath(to)) {
    throw new UsageError(`${where} becomes ${shown(to)}, which is relative: nothing was changed`);
  }
  return to;
}

/** Looks again at what may be merged. */
async function mergedIn(
  samples: SampleCollection,
  fields: readonly MediaField[],
  rule: ReadyRule,
  isNew: boolean,
  suspects: MergedPaths,
  { signal }: SetPathsOptions,
): Promise<MergedPath[]> {
  const found = new Map<string, Set<string>>();
  for await (const references of mediaReferences(samples, fields, { signal })) {
    for (const reference of references) {
      const to = becomes(rule, reference) ?? reference.path;
      if (!suspects.isSuspect(to) || (!isNew && to === reference.path)) continue;
      const from = found.get(to);
      if (from !== undefined) from.add(reference.path);
      else if (found.size < EXAMPLES) found.set(to, new Set([reference.path]));
    }
  }
  return [...found].filter(([, from]) => from.size > 1).map(([to, from]) => ({ to, from: [...from].slice(0, EXAMPLES) }));
}

function mergedError(merged: readonly MergedPath[]): UsageError {
  const lines = merged.map(({ to, from }) => `${from.map((path) => shown(path)).join(' and ')} become ${shown(to)}`);
  return new UsageError(
    `different paths would become one, nothing was changed:\n${lines.map((line) => `  - ${line}`).join('\n')}`,
    {
      hint: 'if they are the same file, allow it with allowMerging (--allow-merging)',
    },
  );
}

async function* changesIn(
  samples: SampleCollection,
  fields: readonly MediaField[],
  rule: ReadyRule,
  options: { signal: AbortSignal | undefined },
): AsyncGenerator<PathChange[]> {
  for await (const references of mediaReferences(samples, fields, { ...options, whileChanging: true })) {
    yield references.flatMap((reference) => {
      const to = becomes(rule, reference);
      return to === undefined || to === reference.path ? [] : [{ reference, to }];
    });
  }
}
