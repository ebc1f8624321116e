import { type Doc, Doc as Document, decode, encode, ObjectId, type Value } from '../../src/bson/index.js';
import { derivedIds } from '../../src/migrations/derived-ids.js';
import { recordsOf } from './record-pool.js';
import type { Snapshot } from './snapshot.js';

/** A dataset with everything that is its own, as documents by collection. */
export interface OwnDocuments {
  readonly id: ObjectId;
  readonly name: string;
  readonly record: { dataset: Doc; runs: Doc[]; views: Doc[] };
  /** Samples and frames, by collection. */
  readonly large: Map<string, Doc[]>;
}

/** A copy of a recorded dataset under another name, with ids and collections of its own, so that many fit into one database. */
export function copyOf(snapshot: Snapshot, number: number): OwnDocuments {
  const records = recordsOf(snapshot);
  const original = records[number % records.length] as (typeof records)[number];
  const old = original.dataset.get('_id') as ObjectId;
  const id = new ObjectId(number.toString(16).padStart(24, 'd'));
  const newId = derivedIds(id, 'copy');
  const ids = new Map(
    [old, ...[...original.runs, ...original.views].map((doc) => doc.get('_id') as ObjectId)].map((each) => [
      String(each),
      newId(),
    ]),
  );
  ids.set(String(old), id);
  const samples = String(original.dataset.get('sample_collection_name'));
  const frames = String(original.dataset.get('frame_collection_name') ?? `frames.${samples}`);
  const names = new Map([
    [samples, `samples.${id}`],
    [frames, `frames.samples.${id}`],
  ]);
  const replace = (value: Value): Value => {
    if (value instanceof ObjectId) return ids.get(value.toHexString()) ?? value;
    if (typeof value === 'string') return names.get(value) ?? value;
    if (value instanceof Document) return new Document([...value].map(([key, item]) => [key, replace(item)]));
    return Array.isArray(value) ? value.map(replace) : value;
  };
  const copy = (doc: Doc) => replace(doc) as Doc;
  const name = `copy-${number}`;
  const dataset = copy(new Document(original.dataset));
  dataset.set('name', name);
  if (dataset.has('slug')) dataset.set('slug', name);
  const docsOf = (collection: string) => (snapshot.collections.get(collection) ?? []).map(decode).map(copy);
  return {
    id,
    name,
    record: {
      dataset,
      runs: original.runs.map((doc) => copy(new Document(doc))),
      views: original.views.map((doc) => copy(new Document(doc))),
    },
    large: new Map([...names].map(([from, to]) => [to, docsOf(from)] as const).filter(([, docs]) => docs.length > 0)),
  };
}

/** A database with these datasets. */
export function databaseWith(version: string, all: readonly OwnDocuments[]): Snapshot {
  const config = Document.of(['_id', new ObjectId('c'.repeat(24))], ['version', version], ['type', 'fiftyone']);
  const collections = new Map<string, Uint8Array[]>([
    ['config', [encode(config)]],
    ['datasets', all.map(({ record }) => encode(record.dataset))],
    ['runs', all.flatMap(({ record }) => record.runs.map(encode))],
    ['views', all.flatMap(({ record }) => record.views.map(encode))],
  ]);
  for (const { large } of all) for (const [name, docs] of large) collections.set(name, docs.map(encode));
  return { collections, metadata: new Map() };
}
