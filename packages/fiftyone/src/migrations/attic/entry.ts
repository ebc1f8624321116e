import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type { Db } from 'mongodb';
import { batched } from '../../batched.js';
import {
  binary,
  Doc,
  date,
  decode,
  encode,
  millisecondsOf,
  type ObjectId,
  type ReadonlyDoc,
  type Scalar,
  type Value,
} from '../../bson/index.js';
import { findDocs } from '../../database/raw.js';
import type { DatasetRecord, KeptIndex } from '../revision.js';

/** The collection of what downgrades took out. Clients of FiftyOne do not know it and leave it alone. */
export const ATTIC = 'migrations.attic';

/** What one downgrade took out of one dataset. */
export interface AtticEntry {
  readonly id: string;
  readonly dataset: ObjectId;
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** When the downgrade took place: milliseconds since 1970. */
  readonly at: number;
  /** The id of its run in the journal. */
  readonly run: string;
  /** What was taken out, in words. */
  readonly what: readonly string[];
  /** Entries of one dataset in the order in which they were made. */
  readonly order: string;
  /** What tells the runs that write entries apart: an entry of the very same run is from an attempt that did not get to its end. */
  readonly by: string;
  /** Under which name documents of samples and frames are kept, and of which collections. */
  readonly documents: string;
  readonly collections: readonly string[];
  readonly indexes: readonly KeptIndex[];
  /** Results files that nothing but this entry names. */
  readonly files: readonly Value[];
  /** When it was put back except for what was `left`: such an entry takes no part any more. */
  readonly restored: number | undefined;
  readonly left: readonly string[];
  /** The record as it was, at `from`. */
  readonly before: DatasetRecord;
  /** What the downgrade made of it, at `to`. */
  readonly after: DatasetRecord;
}

/** An entry without its records. */
export type EntryHead = Omit<AtticEntry, 'before' | 'after'>;

/** How much of the packed records goes into one document of the server. */
const PART_BYTES = 12_000_000;

/** How many datasets are looked up in one round trip. */
const BATCH = 50;

// not at once: a lease has to be kept alive meanwhile
const [pack, unpack] = [promisify<Uint8Array, { level: number }, Buffer>(deflateRaw), promisify<Uint8Array, Buffer>(inflateRaw)];

/** What tells one run from others. */
export function runText({ ms, micros }: { readonly ms: number; readonly micros: number }): string {
  return `${String(ms).padStart(15, '0')}.${String(micros).padStart(3, '0')}`;
}

/** The id of an entry: entries of one dataset are next to each other. */
export function entryId({ dataset, order, from }: Pick<EntryHead, 'dataset' | 'order' | 'from'>, to: string, by: string): string {
  return `${dataset} ${order} ${from} ${to} ${by}`;
}

/** The documents that make up an entry: one, unless its records are very large. */
export async function entryDocs(entry: AtticEntry): Promise<Doc[]> {
  const { before, after } = entry;
  const packed = await pack(encode(Doc.of(['before', recordDoc(before)], ['after', recordDoc(after)])), { level: 1 });
  const parts = Array.from({ length: Math.ceil(packed.length / PART_BYTES) }, (_, i) =>
    binary(packed.subarray(i * PART_BYTES, (i + 1) * PART_BYTES)),
  );
  const head = Doc.of(
    ['_id', entry.id],
    ['kind', 'entry'],
    ['dataset', entry.dataset],
    ['name', entry.name],
    ['from', entry.from],
    ['to', entry.to],
    ['at', date(entry.at)],
    ['run', entry.run],
    ['what', [...entry.what]],
    ['order', entry.order],
    ['by', entry.by],
    ['documents', entry.documents],
    ['collections', [...entry.collections]],
    ['indexes', entry.indexes.map(indexDoc)],
    ['files', [...entry.files]],
    ['data', parts[0] as Scalar],
  );
  const others = parts.slice(1).map((part, i) => Doc.of(['_id', partId(entry.id, i + 1)], ['kind', 'part'], ['data', part]));
  return [head, ...others];
}

/** A reader of the entries of datasets that are still to be put back, newest first. What is asked for at once is read at once. */
export function entryReader(db: Db, attic = ATTIC): (dataset: ObjectId) => Promise<AtticEntry[]> {
  return batched(BATCH, async (datasets: readonly ObjectId[]) => {
    const docs = await findDocs(db, attic, { $or: datasets.map(ofDataset), restored: { $exists: false } });
    const entries = await unpacked(docs);
    return datasets.map((dataset) => entries.filter((entry) => entry.dataset.equals(dataset)));
  });
}

/** The entries that a list of documents of the collection makes up, newest first. */
export async function unpacked(docs: readonly Doc[]): Promise<AtticEntry[]> {
  const byId = new Map(docs.map((doc) => [doc.get('_id') as string, doc]));
  const heads = docs.filter((doc) => doc.get('kind') === 'entry').sort((a, b) => (headOf(a).order < headOf(b).order ? 1 : -1));
  return await Promise.all(heads.map((head) => entryIn(head, byId)));
}

async function entryIn(head: Doc, byId: ReadonlyMap<string, Doc>): Promise<AtticEntry> {
  const parts: Doc[] = [];
  let part: Doc | undefined = head;
  while (part !== undefined) {
    parts.push(part);
    part = byId.get(partId(head.get('_id') as string, parts.length));
  }
  const records = decode(await unpack(Buffer.concat(parts.map((part) => bytesIn(part.get('data') as Scalar)))));
  return { ...headOf(head), before: recordIn(records.get('before')), after: recordIn(records.get('after')) };
}

function partId(entry: string, n: number): string {
  return `${entry} ${String(n).padStart(4, '0')}`;
}

/** An entry without its records, as the collection has it. */
export function headOf(doc: ReadonlyDoc): EntryHead {
  const text = (key: string) => String(doc.get(key));
  const list = (key: string) => (doc.get(key) ?? []) as Value[];
  const time = (key: string) => Number(millisecondsOf(doc.get(key)));
  return {
    id: text('_id'),
    dataset: doc.get('dataset') as ObjectId,
    name: text('name'),
    from: text('from'),
    to: text('to'),
    at: time('at'),
    run: text('run'),
    what: list('what').map(String),
    order: text('order'),
    by: text('by'),
    documents: text('documents'),
    collections: list('collections').map(String),
    indexes: list('indexes').map((index) => indexIn(index as Doc)),
    files: list('files'),
    restored: doc.has('restored') ? time('restored') : undefined,
    left: list('left').map(String),
  };
}

/** A filter for all that is kept of a dataset. */
export function ofDataset(dataset: ObjectId): { _id: object } {
  return { _id: { $gte: `${dataset} `, $lt: `${dataset}!` } };
}

/** A filter for the documents of one entry. */
export function ofEntry(id: string): { _id: object } {
  return { _id: { $gte: id, $lt: `${id}!` } };
}

function indexDoc({ collection, name, fields, unique }: KeptIndex): Doc {
  return Doc.of(['collection', collection], ['name', name], ['fields', [...fields]], ['unique', unique]);
}

function indexIn(doc: Doc): KeptIndex {
  const fields = doc.get('fields') as string[];
  return { collection: String(doc.get('collection')), name: String(doc.get('name')), fields, unique: doc.get('unique') === true };
}

function recordDoc({ dataset, runs, views }: DatasetRecord): Doc {
  return Doc.of(['dataset', dataset as Doc], ['runs', runs as Doc[]], ['views', views as Doc[]]);
}

function recordIn(value: Value | undefined): DatasetRecord {
  const doc = value as Doc;
  return { dataset: doc.get('dataset') as Doc, runs: doc.get('runs') as Doc[], views: doc.get('views') as Doc[] };
}

function bytesIn(value: Scalar): Uint8Array {
  return value.bytes.subarray(5);
}
