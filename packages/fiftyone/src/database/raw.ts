import type { Db, FindOptions, Document as Plain } from 'mongodb';
import commands from 'mongodb/lib/cmap/commands.js';
import { Doc, decode, encode, int32, type ReadonlyDoc, type Value } from '../bson/index.js';

/** Documents as their BSON bytes, in the order in which the server gives them. */
export async function* findRaw(
  db: Db,
  collection: string,
  filter: Plain = {},
  options: FindOptions = {},
): AsyncGenerator<Uint8Array> {
  const cursor = db.collection(collection).find(filter, { ...options, raw: true });
  try {
    for await (const bytes of cursor) yield bytes as unknown as Uint8Array;
  } finally {
    await cursor.close();
  }
}

/** Documents that keep every type and the order of keys. */
export async function findDocs(db: Db, collection: string, filter: Plain = {}, options: FindOptions = {}): Promise<Doc[]> {
  const docs: Doc[] = [];
  for await (const bytes of findRaw(db, collection, filter, options)) docs.push(decode(bytes));
  return docs;
}

/** What the server answers to a write: how many documents matched. */
export interface WriteResult {
  readonly n: number;
}

/** Inserts documents given as BSON bytes. @param majority see {@link updateRaw} @throws MongoServerError for the first that is refused */
export async function insertRaw(db: Db, collection: string, docs: readonly Uint8Array[], majority = false): Promise<void> {
  for (const batch of messages(docs)) await write(db, { insert: collection, ...waiting(majority) }, 'documents', batch);
}

function waiting(majority: boolean): Plain {
  return majority ? { writeConcern: { w: 'majority' } } : {};
}

/** As many documents as one message to the server may have: 100,000, and 48 MB less room for the rest. */
function* messages(docs: readonly Uint8Array[]): Generator<Uint8Array[]> {
  let batch: Uint8Array[] = [];
  let size = 0;
  for (const doc of docs) {
    if (batch.length === 100_000 || (batch.length > 0 && size + doc.length > 40_000_000)) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push(doc);
    size += doc.length;
  }
  if (batch.length > 0) yield batch;
}

/** Runs update statements `{q, u, upsert?, multi?}`. @param majority wait until the write cannot be lost any more */
export async function updateRaw(
  db: Db,
  collection: string,
  statements: readonly ReadonlyDoc[],
  majority = false,
): Promise<WriteResult> {
  const command = { update: collection, ...waiting(majority) };
  let n = 0;
  for (const batch of messages(statements.map(encode))) n += (await write(db, command, 'updates', batch)).n;
  return { n };
}

/** A statement of a command that the server did not carry out. */
export interface WriteError {
  /** Its place among the statements. */
  readonly index: number;
  readonly code: number;
  readonly errmsg: string;
}

/** Runs all update statements, also those after one that fails. @returns those that failed */
export async function updateEach(db: Db, collection: string, statements: readonly ReadonlyDoc[]): Promise<readonly WriteError[]> {
  const errors: WriteError[] = [];
  let done = 0;
  for (const batch of messages(statements.map(encode))) {
    const sequence = new commands.DocumentSequence('updates');
    for (const statement of batch) sequence.push({}, statement);
    const { writeErrors = [] } = await db.command({ update: collection, ordered: false, updates: sequence });
    for (const { index, code, errmsg } of writeErrors as WriteError[]) errors.push({ index: done + index, code, errmsg });
    done += batch.length;
  }
  return errors;
}

/** Deletes all documents that match a filter. */
export async function deleteRaw(db: Db, collection: string, filter: ReadonlyDoc): Promise<void> {
  await write(db, { delete: collection }, 'deletes', [encode(Doc.of(['q', filter as Doc], ['limit', int32(0)]))]);
}

/** Runs a command whose document keeps every type and the order of keys. */
export async function runRaw(db: Db, command: Doc): Promise<void> {
  const { deserialize } = await import('bson');
  const ordered = (value: Value): unknown => {
    if (Array.isArray(value)) return value.map(ordered);
    // the driver keeps the order of a map, also of keys that look like numbers
    if (value instanceof Doc) return new Map([...value].map(([key, item]) => [key, ordered(item)]));
    return deserialize(encode(Doc.of(['value', value])), { promoteValues: false }).value;
  };
  await db.command(Object.fromEntries([...command].map(([key, value]) => [key, ordered(value)])));
}

/**
 * Sends a write command whose documents are bytes already, which the driver's public interface cannot.
 * Its own bulk writes use the same document sequences (OP_MSG section of kind 1).
 */
async function write(db: Db, command: Plain, field: string, docs: readonly Uint8Array[]): Promise<WriteResult> {
  const sequence = new commands.DocumentSequence(field);
  for (const bytes of joined(docs)) sequence.push({}, bytes);
  const result = await db.command({ ...command, [field]: sequence });
  const { MongoServerError } = await import('mongodb');
  const failure = result.writeErrors?.[0] ?? result.writeConcernError;
  if (failure) throw new MongoServerError(failure);
  return result as unknown as WriteResult;
}

/** Documents that follow one another in memory are one piece: the driver copies pieces one by one. */
function* joined(docs: readonly Uint8Array[]): Generator<Uint8Array> {
  let first: Uint8Array | undefined;
  let end = 0;
  const piece = (from: Uint8Array) => Buffer.from(from.buffer, from.byteOffset, end - from.byteOffset);
  for (const doc of docs) {
    if (first !== undefined && (doc.buffer !== first.buffer || doc.byteOffset !== end)) {
      yield piece(first);
      first = undefined;
    }
    first ??= doc;
    end = doc.byteOffset + doc.length;
  }
  if (first !== undefined) yield piece(first);
}
