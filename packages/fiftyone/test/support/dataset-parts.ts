import { type Doc, decode, encode, ObjectId, type Value } from '../../src/bson/index.js';
import type { Snapshot } from './snapshot.js';

/** The keys by which documents name the dataset that they belong to. */
const OWNER_KEYS: Readonly<Record<string, string>> = {
  datasets: '_id',
  runs: '_dataset_id',
  views: '_dataset_id',
  delegated_ops: 'dataset_id',
};

/** The ids of the datasets with these names. */
export function idsOf(snapshot: Snapshot, names: readonly string[]): string[] {
  const found = new Map(datasetsOf(snapshot).map((dataset) => [dataset.get('name') as string, String(dataset.get('_id'))]));
  return names.map((name) => {
    const id = found.get(name);
    if (id === undefined) throw new Error(`no dataset '${name}'`);
    return id;
  });
}

export function datasetsOf(snapshot: Snapshot): Doc[] {
  return (snapshot.collections.get('datasets') ?? []).map(decode);
}

/** The dataset document with this id. */
export function datasetOf(snapshot: Snapshot, id: string): Doc {
  const dataset = datasetsOf(snapshot).find((doc) => String(doc.get('_id')) === id);
  if (dataset === undefined) throw new Error(`no dataset with _id ${id}`);
  return dataset;
}

/** Only what belongs to these datasets: their documents, samples, frames, runs, saved views, operations and results files. */
export function partOf(snapshot: Snapshot, ids: readonly string[]): Snapshot {
  return select(snapshot, ids, true);
}

/** Everything but what belongs to these datasets. */
export function without(snapshot: Snapshot, ids: readonly string[]): Snapshot {
  return select(snapshot, ids, false);
}

function select(snapshot: Snapshot, ids: readonly string[], wanted: boolean): Snapshot {
  const chosen = datasetsOf(snapshot).filter((dataset) => ids.includes(String(dataset.get('_id'))));
  const owned = new Set(chosen.flatMap(collectionsOf));
  const belongs = (key: string) => (bytes: Uint8Array) => ids.includes(String(decode(bytes).get(key)));
  const runs = (snapshot.collections.get('runs') ?? []).filter(belongs('_dataset_id')).map(decode);
  const mentioned = new Set([...chosen, ...runs].flatMap(mentionedIn));
  const isOwn = (name: string, bytes: Uint8Array): boolean => {
    const key = OWNER_KEYS[name];
    if (key !== undefined) return belongs(key)(bytes);
    if (name === 'fs.files') return mentioned.has(String(decode(bytes).get('_id')));
    return name === 'fs.chunks' && mentioned.has(String(decode(bytes).get('files_id')));
  };
  const isShared = (name: string) => name in OWNER_KEYS || name.startsWith('fs.');
  const selected = [...snapshot.collections].flatMap(([name, docs]): [string, readonly Uint8Array[]][] => {
    if (!isShared(name)) return owned.has(name) === wanted ? [[name, docs]] : [];
    const own = docs.filter((bytes) => isOwn(name, bytes) === wanted);
    // a collection that others share is no part of a dataset that has nothing in it
    return own.length > 0 || !wanted ? [[name, own]] : [];
  });
  const collections = new Map(selected);
  return { collections, metadata: new Map([...snapshot.metadata].filter(([name]) => collections.has(name))) };
}

/** Early releases do not store the name of the collection of frames. */
function collectionsOf(dataset: Doc): Value[] {
  const samples = dataset.get('sample_collection_name') as string;
  return [samples, `frames.${samples}`, dataset.get('frame_collection_name') ?? null];
}

function mentionedIn(value: Value): string[] {
  if (value instanceof ObjectId) return [value.toHexString()];
  if (value instanceof Map) return [...value.values()].flatMap(mentionedIn);
  return Array.isArray(value) ? value.flatMap(mentionedIn) : [];
}

/** The same database with one dataset document changed. */
export function withDataset(snapshot: Snapshot, id: string, edit: (dataset: Doc) => void): Snapshot {
  const datasets = (snapshot.collections.get('datasets') ?? []).map((bytes) => {
    const doc = decode(bytes);
    if (String(doc.get('_id')) !== id) return bytes;
    edit(doc);
    return encode(doc);
  });
  return { ...snapshot, collections: new Map(snapshot.collections).set('datasets', datasets) };
}
