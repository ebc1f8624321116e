import { clone, Doc, encode, ObjectId } from '../../src/bson/index.js';
import { pathBetween } from '../../src/migrations/path.js';
import { type DatasetPlan, planDataset } from '../../src/migrations/plan.js';
import { ALL_RUN_MAPS } from '../../src/migrations/read-record.js';
import type { DatasetRecord } from '../../src/migrations/revision.js';
import { compareRecords, type Difference, show } from './changes.js';
import { differences } from './differences.js';
import { contextFor } from './plan-context.js';
import type { Snapshot } from './snapshot.js';

/** A law, and where it does not hold. */
export interface Violation {
  readonly law: string;
  readonly lines: readonly string[];
}

/** What the laws said about a record and two versions: nothing, if it cannot go there. */
export interface Verdict {
  readonly blocked: boolean;
  readonly violations: readonly Violation[];
}

export interface Way {
  readonly from: string;
  readonly to: string;
  readonly keepUnknown: boolean;
}

/** Why a dataset may be where it is and yet not be able to come back: nothing is lost, and what is in the way is told. */
const STAYS = [
  // 0.6.2 up: without a version nothing but its form tells how old a dataset is
  /^carries no version but looks newer than 0\.6\.2/,
  // 0.17.0 down: it had groups before
  /^Cannot migrate dataset '.*' below v0\.17\.0 because groups/s,
  // 1.0.0 up: it had the field before
  /^Cannot migrate dataset '.*' to v1\.0\.0 because it has an existing '(created|last_modified)_at' field/s,
  // what is malformed does not stop a step that does not look at it; some recorded cases are
  /^(v[\d.]+|fit to [\d.]+): \S+ is .+, expected .+/s,
];

/** What may come back from there and back that was not there before. */
export type IsLeftOver = (difference: Difference) => boolean;

/** Plans, twice, and looks that the record stays as it is and that both plans are the same. */
function plannedTwice(record: DatasetRecord, way: Way, violations: Violation[]): DatasetPlan {
  const before = bytesOf(record);
  const [first, second] = [plan(record, way), plan(record, way)];
  const where = `${way.from} to ${way.to}`;
  if (!bytesOf(record).equals(before)) violations.push({ law: 'a plan does not change its input', lines: [where] });
  if (factsOf(first) !== factsOf(second) || !bytesOf(first.after).equals(bytesOf(second.after))) {
    violations.push({ law: 'planning twice gives the same', lines: [where] });
  }
  return first;
}

function plan(record: DatasetRecord, { from, to, keepUnknown }: Way): DatasetPlan {
  const { direction, path } = pathBetween(from, to, keepUnknown);
  return planDataset(record, to, direction, path, contextFor(`${from} ${to}`));
}

function factsOf({ stages, loses, warnings, blocked }: DatasetPlan): string {
  return JSON.stringify([stages, loses, warnings, blocked]);
}

function bytesOf({ dataset, runs, views }: DatasetRecord): Buffer {
  return Buffer.concat([dataset, ...runs, ...views].map(encode));
}

/**
 * There and back again: what was is there again, or was declared as lost; what is there besides is left over for a reason.
 * And whoever goes there once more finds what was there the first time.
 */
export function thereAndBack(record: DatasetRecord, way: Way, isLeftOver: IsLeftOver): Verdict {
  const violations: Violation[] = [];
  const back = { ...way, from: way.to, to: way.from };
  const there = plannedTwice(record, way, violations);
  if (there.blocked.length > 0) return { blocked: true, violations };
  const again = plannedTwice(there.after, back, violations);
  if (again.blocked.length > 0) {
    if (!isAllowed(again.blocked)) violations.push({ law: 'who got there gets back', lines: again.blocked });
    return { blocked: false, violations };
  }
  const judge = (before: DatasetRecord, after: DatasetRecord, loses: readonly string[]) => {
    const { lost, gained } = compareRecords(withoutMadeUpIds(before), withoutMadeUpIds(after));
    const text = loses.join('\n').toLowerCase();
    const undeclared = lost.filter((difference) => !isLeftOver(difference) && !isTold(difference, text)).map(show);
    if (undeclared.length > 0) violations.push({ law: 'what is lost is declared', lines: [...undeclared, `declared: ${text}`] });
    const unexpected = gained.filter((difference) => !isLeftOver(difference) && !isTold(difference, text)).map(show);
    if (unexpected.length > 0) violations.push({ law: 'nothing is made up', lines: unexpected });
  };
  judge(record, again.after, [...there.loses, ...again.loses]);
  const third = plan(again.after, way);
  if (third.blocked.length === 0) judge(there.after, third.after, [...again.loses, ...third.loses]);
  else if (!isAllowed(third.blocked)) violations.push({ law: 'who came back gets there again', lines: third.blocked });
  return { blocked: false, violations };
}

function isAllowed(blocked: readonly string[]): boolean {
  return blocked.every((reason) => STAYS.some((allowed) => allowed.test(reason)));
}

/** Words under which losses go whose keys are not for people. */
const CALLED: Readonly<Record<string, string>> = {
  created_at: 'was created',
  last_loaded_at: 'last loaded',
  frame_collection_name: 'link to its frames',
  timestamp: 'time',
  maskTargetsColors: 'mask target color',
};

/** Whether a loss is told: a line names its key, or the entry in which it is. */
function isTold({ path, before }: Difference, text: string): boolean {
  const own = before instanceof Doc ? before.get('name') : undefined;
  const names = [...path, ...(typeof own === 'string' ? [own] : [])].map((part) => part.replace(/^\[|\]$/g, ''));
  return names.some((name) => {
    const words = [name, name.replaceAll('_', ' '), name.replaceAll('_', ' ').replace(/s$/, ''), CALLED[name] ?? name];
    return words.some((word) => text.includes(word.toLowerCase()));
  });
}

/** One path is the same as the two that it consists of. */
export function inTwo(record: DatasetRecord, { from, to }: Way, between: string): Verdict {
  const path = (a: string, b: string) => pathBetween(a, b, true);
  const whole = path(from, to);
  const parts = [path(from, between), path(between, to)] as const;
  const context = contextFor(`${from} ${to}`)(() => {});
  const make = (warn: (message: string) => void) => ({ ...context, warn });
  const first = planDataset(record, between, parts[0].direction, parts[0].path, make);
  const second = first.blocked.length > 0 ? first : planDataset(first.after, to, parts[1].direction, parts[1].path, make);
  const direct = planDataset(record, to, whole.direction, whole.path, contextFor(`${from} ${to}`));
  const violations: Violation[] = [];
  const law = 'one path is the same as its two parts';
  if (JSON.stringify(second.blocked) !== JSON.stringify(direct.blocked)) {
    violations.push({ law, lines: [`blocked: ${direct.blocked}`, `in two parts: ${second.blocked}`] });
  } else if (direct.blocked.length === 0) {
    const lines = differences(snapshotOf(placed(direct.after, record)), snapshotOf(placed(second.after, record)));
    const facts = [direct.stages, [...first.stages, ...second.stages]].map((stages) => JSON.stringify(stages));
    if (facts[0] !== facts[1]) lines.push('the stages differ');
    if (lines.length > 0) violations.push({ law, lines });
  }
  return { blocked: direct.blocked.length > 0, violations };
}

/** A key that was not there goes to the end when it is set, and the version is set at the end of every path. */
function placed({ dataset, runs, views }: DatasetRecord, before: DatasetRecord): DatasetRecord {
  if (before.dataset.has('version')) return { dataset, runs, views };
  return { dataset: new Doc([...dataset].filter(([key]) => key !== 'version')), runs, views };
}

function snapshotOf({ dataset, runs, views }: DatasetRecord): Snapshot {
  const collections = new Map([
    ['datasets', [encode(dataset)]],
    ['runs', runs.map(encode)],
    ['views', views.map(encode)],
  ]);
  return { collections, metadata: new Map() };
}

/**
 * The record with its runs where they are named, as before 0.19.0: going up makes their ids anew, and one that two keys name
 * becomes two. Of the id that 0.23.0 gives to a color scheme only its presence counts.
 */
function withoutMadeUpIds({ dataset, runs, views }: DatasetRecord): DatasetRecord {
  const byId = new Map(runs.map((run) => [String(run.get('_id')), run]));
  const named = new Set<string>();
  const inside = clone(new Doc(dataset));
  for (const map of ALL_RUN_MAPS) {
    const keys = inside.get(map);
    for (const [key, id] of keys instanceof Doc ? keys : []) {
      const run = id instanceof ObjectId ? byId.get(id.toHexString()) : undefined;
      if (run === undefined) continue;
      named.add(String(id));
      (keys as Doc).set(key, new Doc([...run].filter(([name]) => name !== '_id' && name !== '_dataset_id')));
    }
  }
  const config = inside.get('app_config');
  const scheme = config instanceof Doc ? config.get('color_scheme') : undefined;
  if (scheme instanceof Doc && scheme.get('_id') instanceof ObjectId) scheme.set('_id', '<made up>');
  return { dataset: inside, runs: runs.filter((run) => !named.has(String(run.get('_id')))), views };
}
