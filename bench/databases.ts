import { clone, Doc, decode, encode, ObjectId, type Value } from '../packages/fiftyone/src/bson/index.js';
import { readDump } from '../packages/fiftyone/test/support/dump.js';
import type { CollectionMetadata, Snapshot } from '../packages/fiftyone/test/support/snapshot.js';

/** The documents of datasets only: all that `--info` looks at. */
export async function manyDatasets(recorded: string, count: number): Promise<Snapshot> {
  const { collections, metadata } = await manyCompleteDatasets(recorded, count);
  const kept = <T>(entries: ReadonlyMap<string, T>) =>
    new Map([...entries].filter(([name]) => name === 'datasets' || name === 'config'));
  return { collections: kept(collections), metadata: kept(metadata) };
}

/**
 * A database with copies of the persistent datasets of a recorded one in turn, until there are `count`: each with its own
 * samples, frames and results of runs.
 */
export async function manyCompleteDatasets(recorded: string, count: number): Promise<Snapshot> {
  const dump = await readDump(recorded);
  const originals = documents(dump, 'datasets').filter(
    // generated ones share the collections of those that they were made from
    (dataset) => dataset.get('persistent') === true && String(dataset.get('sample_collection_name')).startsWith('samples.'),
  );
  const copy = new Copy(dump);
  for (let i = 0; i < count; i++) copy.addDataset(originals[i % originals.length] as Doc, i);
  return copy;
}

/** A database with so many datasets of one kind, of 25 fields and three samples each. */
export async function manySmallDatasets(count: number): Promise<Snapshot> {
  const dump = await readDump('databases/0.14.3-main');
  const dataset = documents(dump, 'datasets').find((doc) => doc.get('name') === 'all-fields') as Doc;
  dataset.set('sample_fields', (dataset.get('sample_fields') as Doc[]).slice(0, 25));
  const samples = dataset.get('sample_collection_name') as string;
  const collections = new Map([...dump.collections, [samples, (dump.collections.get(samples) ?? []).slice(0, 3)]]);
  const copy = new Copy({ ...dump, collections });
  for (let i = 0; i < count; i++) copy.addDataset(dataset, i);
  return copy;
}

function documents(snapshot: Snapshot, collection: string): Doc[] {
  return (snapshot.collections.get(collection) ?? []).map(decode);
}

class Copy implements Snapshot {
  readonly collections = new Map<string, Uint8Array[]>();
  readonly metadata = new Map<string, CollectionMetadata>();
  readonly #files: readonly Doc[];
  readonly #chunks: readonly Doc[];

  constructor(readonly source: Snapshot) {
    this.#files = documents(source, 'fs.files');
    this.#chunks = documents(source, 'fs.chunks');
    for (const name of ['datasets', 'fs.files', 'fs.chunks', 'config']) {
      const metadata = source.metadata.get(name);
      if (metadata === undefined) continue;
      this.collections.set(name, name === 'config' ? [...(source.collections.get(name) ?? [])] : []);
      this.metadata.set(name, metadata);
    }
  }

  addDataset(original: Doc, number: number): void {
    const dataset = clone(original);
    dataset.set('_id', new ObjectId()).set('name', `${dataset.get('name')} ${number}`);
    if (dataset.has('slug')) dataset.set('slug', `${dataset.get('slug')}-${number}`);
    for (const key of ['sample_collection_name', 'frame_collection_name']) {
      const name = dataset.get(key);
      if (typeof name === 'string') dataset.set(key, this.#addCollection(name, number));
    }
    for (const key of ['evaluations', 'brain_methods']) {
      const runs = dataset.get(key);
      for (const run of runs instanceof Doc ? runs.values() : [])
        if (run instanceof Doc && run.get('results') instanceof ObjectId)
          run.set('results', this.#addFile(run.get('results') as ObjectId));
    }
    this.#add('datasets', dataset);
  }

  #addCollection(name: string, number: number): string {
    const copied = `${name}.${number}`;
    const metadata = this.source.metadata.get(name);
    if (metadata !== undefined) {
      this.collections.set(copied, [...(this.source.collections.get(name) ?? [])]);
      this.metadata.set(copied, metadata);
    }
    return copied;
  }

  #addFile(id: ObjectId): ObjectId {
    const copied = new ObjectId();
    const same = (value: Value | undefined) => value instanceof ObjectId && value.equals(id);
    for (const file of this.#files) if (same(file.get('_id'))) this.#add('fs.files', new Doc(file).set('_id', copied));
    for (const chunk of this.#chunks)
      if (same(chunk.get('files_id'))) this.#add('fs.chunks', new Doc(chunk).set('_id', new ObjectId()).set('files_id', copied));
    return copied;
  }

  #add(collection: string, doc: Doc): void {
    this.collections.get(collection)?.push(encode(doc));
  }
}
