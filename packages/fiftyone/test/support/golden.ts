import { existsSync, readFileSync } from 'node:fs';
import { clone, Doc, encode, parseEjsonDoc, type Value } from '../../src/bson/index.js';
import type { Direction } from '../../src/migrations/select.js';
import { declareKeypoints } from './keypoints-field.js';
import type { CollectionMetadata, Snapshot } from './snapshot.js';

/** Where ours differs from the real client on purpose; see fixtures/golden-differences. */
export interface GoldenDifference {
  readonly kind: 'refused' | 'done' | 'different';
  readonly why: string;
  readonly after: Doc | undefined;
}

/** A recorded run of one revision, or of several in a row; see fixtures/revisions/README.md. */
export interface GoldenCase {
  readonly revisions: readonly string[];
  readonly direction: Direction;
  readonly datasetName: string;
  readonly notes: string;
  readonly stamp: string | null;
  readonly before: Doc;
  readonly after: Doc;
  readonly error: Value;
  /** What was logged and printed, without the level. */
  readonly messages: readonly string[];
  readonly difference: GoldenDifference | undefined;
}

export function readGolden(folder: URL, name: string): GoldenCase {
  const file = parseEjsonDoc(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
  const strings = (key: string) => ((file.get(key) as Value[] | undefined) ?? []).map(String);
  const names = file.has('chain') ? strings('chain') : [String(file.get('revision'))];
  const revisions = names.map((revision) => revision.slice(1).replaceAll('_', '.'));
  return {
    revisions,
    direction: file.get('direction') as Direction,
    datasetName: String(file.get('dataset_name')),
    notes: String(file.get('notes')),
    stamp: (file.get('stamp') as string | null | undefined) ?? null,
    before: file.get('before') as Doc,
    after: file.get('after') as Doc,
    error: file.get('error') ?? null,
    messages: [...strings('log'), ...strings('stdout')].map((line) => line.replace(/^(DEBUG|INFO|WARNING|ERROR) /, '')),
    difference: differenceOf(folder, name, revisions[0] as string),
  };
}

function differenceOf(folder: URL, name: string, revision: string): GoldenDifference | undefined {
  const group = name.startsWith('chain') ? 'chain' : revision;
  const path = new URL(`../golden-differences/${group}.json`, folder);
  if (!existsSync(path)) return undefined;
  const entry = parseEjsonDoc(readFileSync(path, 'utf8')).get(name) as Doc | undefined;
  if (!entry) return undefined;
  const why = String(entry.get('why'));
  return { kind: entry.get('kind') as GoldenDifference['kind'], why, after: entry.get('after') as Doc | undefined };
}

/** What the database is to look like afterwards: as recorded, but for what we do differently on purpose. */
export function expectedAfter(golden: GoldenCase): Doc {
  const { difference } = golden;
  if (difference?.kind === 'refused') return golden.before;
  const collections = clone(golden.after.get('collections') as Doc);
  for (const [name, docs] of difference?.after ?? []) collections.set(name, docs);
  for (const dataset of (collections.get('datasets') ?? []) as Doc[]) declareKeypoints(dataset);
  return Doc.of(['collections', collections], ['indexes', golden.after.get('indexes') ?? new Doc()]);
}

/** A recorded state as a database in memory. */
export function snapshotOf(state: Doc): Snapshot {
  const collections = new Map<string, Uint8Array[]>();
  const metadata = new Map<string, CollectionMetadata>();
  const indexes = (state.get('indexes') ?? new Doc()) as Doc;
  for (const [name, docs] of state.get('collections') as Doc) {
    collections.set(name, (docs as Doc[]).map(encode));
    metadata.set(name, { options: new Doc(), indexes: [idIndex, ...indexesOf(indexes.get(name) as Doc | undefined)] });
  }
  return { collections, metadata };
}

const idIndex = parseEjsonDoc('{"key": {"_id": 1}, "name": "_id_"}');

function indexesOf(recorded: Doc | undefined): Doc[] {
  return [...(recorded ?? [])].map(([name, index]) => {
    const [key, ...options] = [...(index as Doc)];
    const fields = new Doc(((key?.[1] ?? []) as [string, Value][]).map(([field, direction]) => [field, direction]));
    return new Doc([['key', fields], ['name', name], ...options]);
  });
}
