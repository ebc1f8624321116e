import { deserialize } from 'bson';
import { type Db, type Document, MongoServerError } from 'mongodb';
import { Doc, decode, encode, type Value } from '../../bson/index.js';
import type { BulkEdit, MergeEdit, Query, UpdateEdit } from '../revision.js';
import { type Detail, type Differences, differencesIn } from './differences.js';
import { mergeParts, updateStages } from './edit-stages.js';

/** What a bulk edit would do. */
export interface EditPreview {
  /** The step that it belongs to: `v0.20.0`. */
  readonly step: string;
  readonly kind: BulkEdit['kind'];
  readonly summary: string;
  /** The collection whose documents change. */
  readonly collection: string;
  /** The collection whose documents are counted, where it is another one. */
  readonly source?: string;
  /** How many documents would change; of a merge: how many it starts from. */
  readonly documents: number;
  /** `estimated`: what the server keeps as their number. `at most`: edits before this one decide how many. */
  readonly how: 'counted' | 'estimated' | 'at most';
  /** What it would do to one of these documents, as it is stored now. */
  readonly example?: Example;
}

/** One document before and after. */
export interface Example {
  readonly id: Value;
  readonly differences: Differences;
}

/** How long counting may take. */
const MOST_MS = 30_000;

const TOO_LONG = 50;

/** Looks at what an edit would do, reading only. @param earlier the edits that are done before it */
export async function previewEdit(
  db: Db,
  step: string,
  edit: BulkEdit,
  earlier: readonly BulkEdit[],
  detail: Detail,
): Promise<EditPreview> {
  const { kind, summary, collection } = edit;
  const facts = { step, kind, summary, collection };
  if (edit.kind === 'drop-index' || edit.kind === 'create-index') return { ...facts, documents: 0, how: 'counted' };
  const filter = edit.kind === 'merge' ? mergeParts(edit).filter : edit.filter;
  const number = await count(db, edit.collection, filter, earlier);
  const example = number.documents > 0 ? await exampleFor(db, edit, detail) : undefined;
  const places = edit.kind === 'merge' && edit.into !== collection ? { collection: edit.into, source: collection } : {};
  return { ...facts, ...places, ...number, ...(example && example.differences.count > 0 ? { example } : {}) };
}

/** Edits that wait for a merge into the same collection change what their filter cannot see yet. */
async function count(
  db: Db,
  name: string,
  filter: Query,
  earlier: readonly BulkEdit[],
): Promise<Pick<EditPreview, 'documents' | 'how'>> {
  const collection = db.collection(name);
  const isChanged = earlier.some((edit) => edit.kind === 'merge' && edit.into === name);
  const all = async () => await collection.estimatedDocumentCount();
  if (Object.keys(filter).length === 0) return { documents: await all(), how: 'estimated' };
  if (isChanged) return { documents: await all(), how: 'at most' };
  try {
    return { documents: await collection.countDocuments(filter, { maxTimeMS: MOST_MS }), how: 'counted' };
  } catch (error) {
    if ((error as { code?: unknown }).code !== TOO_LONG) throw error;
    return { documents: await all(), how: 'at most' };
  }
}

/** An example that takes too long to find, or that is too large to show twice, is left out. */
async function exampleFor(db: Db, edit: UpdateEdit | MergeEdit, detail: Detail): Promise<Example | undefined> {
  try {
    return edit.kind === 'merge' ? await mergeExample(db, edit, detail) : await updateExample(db, edit, detail);
  } catch (error) {
    if (!(error instanceof MongoServerError)) throw error;
    return undefined;
  }
}

async function updateExample(db: Db, edit: UpdateEdit, detail: Detail): Promise<Example | undefined> {
  const stages = updateStages(edit);
  if (stages === undefined) return undefined;
  const [found] = await aggregate(db, edit.collection, [{ $match: edit.filter }, { $limit: 1 }, beside(stages)]);
  return found && exampleOf(found, detail);
}

async function mergeExample(db: Db, edit: MergeEdit, detail: Detail): Promise<Example | undefined> {
  const { filter, stages, groupedBy, whenMatched } = mergeParts(edit);
  const [source] = await aggregate(db, edit.collection, [{ $match: filter }, { $limit: 1 }]);
  if (source === undefined) return undefined;
  // a group is all documents with the same value
  const key = groupedBy ?? '_id';
  const chosen = { $and: [filter, plain(Doc.of([key, source.get(key) ?? null]))] };
  const [made] = await aggregate(db, edit.collection, [{ $match: chosen }, ...stages, { $limit: 1 }]);
  if (made === undefined) return undefined;
  const target = plain(Doc.of(['_id', made.get('_id') ?? null]));
  const [found] = await aggregate(db, edit.into, [{ $match: target }, beside(whenMatched)], { new: { $literal: plain(made) } });
  return found && exampleOf(found, detail);
}

/** A stage that keeps a document as it is beside what stages make of it. */
function beside(stages: readonly Query[]): Query {
  return { $facet: { before: [{ $limit: 1 }], after: [...stages] } };
}

function exampleOf(found: Doc, detail: Detail): Example | undefined {
  const [before, after] = ['before', 'after'].map((key) => (found.get(key) as Doc[])[0]);
  if (before === undefined || after === undefined) return undefined;
  return { id: before.get('_id') ?? null, differences: differencesIn(before, after, detail) };
}

async function aggregate(db: Db, collection: string, pipeline: readonly Query[], variables: Document = {}): Promise<Doc[]> {
  const cursor = db.collection(collection).aggregate([...pipeline], { raw: true, let: variables, maxTimeMS: MOST_MS });
  return (await cursor.toArray()).map((bytes) => decode(bytes as Uint8Array));
}

/** For the driver, with every type kept. Filters and values of samples have no integer-like keys at the top. */
function plain(doc: Doc): Document {
  return deserialize(encode(doc), { promoteValues: false });
}
