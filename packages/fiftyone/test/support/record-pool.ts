import { readdirSync } from 'node:fs';
import { Doc, decode, encode, ObjectId, type Value } from '../../src/bson/index.js';
import { pathBetween } from '../../src/migrations/path.js';
import { planDataset, storedVersion } from '../../src/migrations/plan.js';
import { runIdsOf, viewIdsOf } from '../../src/migrations/read-record.js';
import type { DatasetRecord } from '../../src/migrations/revision.js';
import { revisions } from '../../src/migrations/revisions/index.js';
import { setDefault } from '../../src/migrations/shape.js';
import { openSourceVersion } from '../../src/version.js';
import { readDump } from './dump.js';
import { readGolden, snapshotOf } from './golden.js';
import { contextFor } from './plan-context.js';
import type { Snapshot } from './snapshot.js';

/** Before all revisions, each revision, and the newest release. */
export const VERSIONS = ['0.6.0', ...revisions.keys(), openSourceVersion];

const FIXTURES = new URL('../fixtures/', import.meta.url);

/** Records of datasets as real clients wrote them, or as ours made them of those, by version. */
export class RecordPool {
  readonly #at = new Map<string, readonly DatasetRecord[]>();

  private constructor(readonly recorded: readonly DatasetRecord[]) {}

  static async open(): Promise<RecordPool> {
    const dumps = readdirSync(new URL('databases/', FIXTURES)).filter((file) => /-(main|edge|synth)\.tar\.gz$/.test(file));
    const snapshots: Snapshot[] = await Promise.all(dumps.map((file) => readDump(`databases/${file.replace('.tar.gz', '')}`)));
    const records = [...snapshots.flatMap(recordsOf), ...goldenRecords()];
    const seen = new Set<string>();
    return new RecordPool(records.filter((record) => isNew(seen, record)));
  }

  /** Records that are at this version: those that were recorded there, and a third of the others that can get there. */
  at(version: string): readonly DatasetRecord[] {
    const isChosen = (record: DatasetRecord, i: number) =>
      (i + VERSIONS.indexOf(version)) % 3 === 0 || record.dataset.get('version') === version;
    const found =
      this.#at.get(version) ?? this.recorded.flatMap((record, i) => (isChosen(record, i) ? moved(record, version, i) : []));
    this.#at.set(version, found);
    return found;
  }
}

/** Many datasets differ in their names, ids and numbers only. */
function isNew(seen: Set<string>, { dataset, runs, views }: DatasetRecord): boolean {
  const shape = [dataset.get('media_type'), ...[dataset, ...runs, ...views].map((doc) => shapeOf(new Doc(doc)))].join();
  if (seen.has(shape)) return false;
  seen.add(shape);
  return true;
}

function shapeOf(value: Value): string {
  if (value instanceof Doc) return `{${[...value].map(([key, item]) => `${key}:${shapeOf(item)}`).sort()}}`;
  if (Array.isArray(value)) return `[${[...new Set(value.map(shapeOf))].sort()}]`;
  return value === null ? 'null' : typeof value;
}

/** The records of all datasets of a database. */
export function recordsOf({ collections }: Snapshot): DatasetRecord[] {
  const all = (name: string) => (collections.get(name) ?? []).map(decode);
  const [runs, views] = [all('runs'), all('views')];
  return all('datasets').flatMap((dataset) => {
    const id = dataset.get('_id');
    if (!(id instanceof ObjectId)) return [];
    const own = (docs: Doc[], named: ObjectId[]) => {
      const names = new Set([...named.map(String)]);
      return docs.filter((doc) => String(doc.get('_dataset_id')) === String(id) || names.has(String(doc.get('_id'))));
    };
    return [{ dataset, runs: own(runs, runIdsOf(dataset)), views: own(views, viewIdsOf(dataset)) }];
  });
}

/** Records that were written for single revisions, among them many odd ones. */
function goldenRecords(): DatasetRecord[] {
  const folder = new URL('revisions/', FIXTURES);
  const names = readdirSync(folder).filter((file) => /^v\d/.test(file));
  return names.flatMap((file) => {
    const golden = readGolden(folder, file.replace('.json', ''));
    if (golden.error !== null || golden.difference?.kind === 'refused') return [];
    const version = golden.revisions[0] as string;
    const at = golden.direction === 'down' ? version : (VERSIONS[VERSIONS.indexOf(version) - 1] as string);
    return recordsOf(snapshotOf(golden.before)).map((record) => {
      const dataset = decode(encode(record.dataset));
      // a case has what the revision looks at; a dataset has more
      setDefault(dataset, 'sample_collection_name', `samples.${dataset.get('_id')}`);
      for (const key of ['sample_fields', 'frame_fields']) setDefault(dataset, key, []);
      if (at !== '0.6.0') dataset.set('version', at);
      return { ...record, dataset };
    });
  });
}

function moved(record: DatasetRecord, to: string, number: number): DatasetRecord[] {
  const from = storedVersion(record.dataset) ?? '0.0';
  if (from === to) return [record];
  const { direction, path } = pathBetween(from, to, false);
  const plan = planDataset(record, to, direction, path, contextFor(`${number}`));
  return plan.blocked.length > 0 ? [] : [plan.after];
}
