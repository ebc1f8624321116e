import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Collection, Db } from 'mongodb';
import type { ObjectId } from '../bson/index.js';
import { electionOf } from '../database/election.js';
import { isTooLate, inTime as whileHeld } from '../database/lease-store.js';
import type { Lease } from '../database/leases.js';
import { isUnreachable } from '../errors.js';
import { KEPT_DOCUMENTS } from './attic/kept-documents.js';
import { pendingOf } from './fold-edits.js';
import { type IdRange, idRanges } from './id-ranges.js';
import type { EditEvent } from './report.js';
import type { BulkEdit, KeptIndex, MergeEdit, Query, UpdateEdit } from './revision.js';

/** How collections are cut into parts. */
export interface PartSizes {
  /** A database with less data than so many bytes is edited without parts, and so is a collection of at most `whole` documents. */
  readonly small: number;
  readonly whole: number;
  /** How many documents the first part has, and any part at most. */
  readonly first: number;
  readonly most: number;
}

export const PART_SIZES: PartSizes = { small: 32 * 1024 * 1024, whole: 1_000, first: 200, most: 20_000 };

/** How long a part should take: a pause or a death costs no more. */
const PART_MS = 250;

/** How long a part may take: it ends before the lease does. */
const MOST_MS = 5_000;

/** How often it is noted how far an edit got. */
const NOTE_MS = 1_000;

/** The server's codes for a command that took too long, and for an index or collection that is not there. */
const TOO_LONG = 50;
const NOT_THERE = [26, 27];

/** How far the bulk edits of a dataset got, as it is noted for whoever goes on. */
export interface EditProgress {
  /** The election since which it is so: after another one it counts for nothing. */
  readonly election: string;
  /** The edits that are whole. */
  readonly done: readonly string[];
  /** The edit that is under way, and the last document of the parts that are whole. */
  readonly current?: { readonly edit: string; readonly upTo: ObjectId };
}

/** Its codes for an index that the documents violate, or that is there already in another form. */
const NOT_POSSIBLE = [85, 86, 11000];

/** What the bulk edits of one dataset are applied with. */
export interface Editing {
  readonly db: Db;
  readonly lease: Lease;
  /** Lets so many commands of a run edit at once. */
  readonly limited: <T>(task: () => Promise<T>) => Promise<T>;
  /** How many parts of one collection are edited at once. */
  readonly concurrency: number;
  /** Waits while the run is paused. @throws StoppedError when it is to end */
  readonly mayGoOn: () => Promise<void>;
  readonly isSmall: () => Promise<boolean>;
  readonly sizes: PartSizes;
  /** Notes how far it got. */
  readonly note: (progress: EditProgress) => Promise<void>;
  readonly onProgress: (event: EditEvent) => void;
}

/**
 * Applies bulk edits one after the other, large collections in parts, several at once. What was inserted meanwhile is caught at
 * the end.
 *
 * Every command says until when the lease is good, on the server's clock: one that comes too late changes nothing.
 */
export async function applyEdits(editing: Editing, edits: readonly BulkEdit[], before?: EditProgress): Promise<EditProgress> {
  const small = await editing.isSmall();
  const election = small && !before ? '' : await electionOf(editing.db);
  const known = before?.election === election ? before : undefined;
  const done = new Set(known?.done);
  const large: UpdateEdit[] = [];
  for (const [i, edit] of edits.entries()) {
    const key = keyOf(edit);
    const total = small ? 0 : await editing.db.collection(edit.collection).estimatedDocumentCount();
    const isLarge = total > editing.sizes.whole;
    if (isLarge && edit.kind === 'update') large.push(edit);
    if (done.has(key)) continue;
    if (isLarge && isDivisible(edit)) {
      const after = known?.current?.edit === key ? known.current.upTo : undefined;
      const note = (upTo: ObjectId) => editing.note({ election, done: [...done], current: { edit: key, upTo } });
      const tell = (count: number) => editing.onProgress({ edit: edit.summary, done: count, total, edits: i, of: edits.length });
      await inParts(editing, edit, after, note, tell);
    } else await whole(editing, edit);
    done.add(key);
    if (isLarge) await editing.note({ election, done: [...done] });
  }
  await catchLate(editing, large, edits.length);
  return { election, done: [...done] };
}

/** How many documents are looked at once the dataset has its new version: what clients insert comes last. */
const NEWEST = 1_000;

/** Edits, once the dataset has its new version, what clients inserted until then. */
export async function applyLate(editing: Editing, edits: readonly BulkEdit[]): Promise<void> {
  if (await editing.isSmall()) return;
  for (const edit of edits) {
    const collection = editing.db.collection(edit.collection);
    if (edit.kind !== 'update' || (await collection.estimatedDocumentCount()) <= editing.sizes.whole) continue;
    const late = { ...edit, filter: pendingOf(edit) };
    const newest = [{ $sort: { _id: -1 } }, { $limit: NEWEST }, { $match: late.filter }, { $limit: 1 }, { $project: { _id: 1 } }];
    const found = await collection.aggregate(newest).toArray();
    if (found.length > 0) await inParts(editing, late, undefined, NOTHING, () => {});
  }
}

/** Edits what clients inserted while the edits were under way. Most often there is nothing, which one look tells. */
async function catchLate(editing: Editing, edits: readonly UpdateEdit[], before: number): Promise<void> {
  for (const edit of edits) {
    editing.onProgress({ edit: `check: ${edit.summary}`, done: 0, total: 1, edits: before, of: before });
    const late = { ...edit, filter: pendingOf(edit) };
    const look = editing.db.collection(edit.collection).findOne(late.filter, { projection: { _id: 1 } });
    if ((await unlessStopped(editing, look)) !== null) await inParts(editing, late, undefined, NOTHING, () => {});
  }
}

const NOTHING = async () => {};

/** Waits for a long look, but not when the run is to end. */
async function unlessStopped<T>({ mayGoOn }: Editing, look: Promise<T>): Promise<T> {
  for (;;) {
    const found = await Promise.race([look.then((value) => ({ value })), sleep(200)]);
    if (found) return found.value;
    await mayGoOn();
  }
}

type Divisible = UpdateEdit | MergeEdit;

/** Whether it comes to the same when it is done part by part, by `_id`. What is kept in the attic has ids of its own. */
function isDivisible(edit: BulkEdit): edit is Divisible {
  if (edit.kind === 'update') return true;
  if (edit.kind !== 'merge' || edit.collection === KEPT_DOCUMENTS) return false;
  return !edit.pipeline.some((stage) => '$group' in stage || '$sort' in stage);
}

async function whole({ db, lease, limited, mayGoOn }: Editing, edit: BulkEdit): Promise<void> {
  await mayGoOn();
  await limited(() => underLease(lease, 0, (inTime) => applyEdit(db, edit, { inTime, comment: commentOf(db, lease) })));
}

async function inParts(
  editing: Editing,
  edit: Divisible,
  after: ObjectId | undefined,
  note: (upTo: ObjectId) => Promise<void>,
  tell: (documents: number) => void,
): Promise<void> {
  const collection = editing.db.collection(edit.collection);
  const size = partSize(editing.sizes);
  const parts: { upTo: ObjectId | undefined; whole: boolean }[] = [];
  let [documents, noted] = [0, performance.now()];
  const one = async (range: IdRange, part: { whole: boolean }) => {
    const began = performance.now();
    await applyPart(editing, edit, range);
    if (range.documents !== undefined) size.took(range.documents, performance.now() - began);
    part.whole = true;
    documents += range.documents ?? 0;
    tell(documents);
    const first = parts.findIndex((other) => !other.whole);
    const upTo = parts.splice(0, first < 0 ? parts.length : first).findLast((other) => other.upTo)?.upTo;
    if (upTo === undefined) return;
    reached = upTo;
    if (performance.now() - noted < NOTE_MS) return;
    noted = performance.now();
    await note(reached);
  };
  let reached = after;
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  try {
    for await (const range of idRanges(collection, size.next, after)) {
      await editing.mayGoOn();
      if (failures.length > 0) break;
      const part = { upTo: range.upTo, whole: false };
      parts.push(part);
      const task: Promise<void> = one(range, part)
        .catch((error) => void failures.push(error))
        .finally(() => running.delete(task));
      running.add(task);
      if (running.size >= editing.concurrency) await Promise.race(running);
    }
  } finally {
    await Promise.all(running);
    // whoever goes on, goes on from here
    if (reached !== undefined && reached !== after && !failures.some(isUnreachable)) await note(reached).catch(() => {});
  }
  if (failures.length > 0) throw failures[0];
}

/** How many documents a part has: as many as take about a quarter of a second. */
function partSize({ first, most }: PartSizes) {
  let size = first;
  return {
    next: () => size,
    took(documents: number, ms: number) {
      const wanted = Math.round((documents * PART_MS) / Math.max(ms, 1));
      size = Math.min(Math.max(wanted, Math.ceil(size / 4), 1), size * 4, most);
    },
  };
}

async function applyPart({ db, lease, limited }: Editing, edit: Divisible, { filter }: IdRange): Promise<void> {
  const part = { filter, hint: '_id_', comment: commentOf(db, lease) };
  await limited(async () => {
    try {
      await underLease(lease, MOST_MS, (inTime) => applyEdit(db, edit, { ...part, inTime, maxTimeMS: MOST_MS }));
    } catch (error) {
      if ((error as { code?: number }).code !== TOO_LONG) throw error;
      // documents that are this large take their time
      await underLease(lease, 0, (inTime) => applyEdit(db, edit, { ...part, inTime }));
    }
  });
}

/** Sends a command; again if it came too late, as long as the lease is ours. */
async function underLease(lease: Lease, longest: number, send: (inTime: Query) => Promise<void>): Promise<void> {
  for (;;) {
    lease.check();
    try {
      return await send({ $expr: whileHeld(lease.expires, longest) });
    } catch (error) {
      if (!isTooLate(error)) throw error;
    }
    // until then a heartbeat has prolonged it
    await sleep(100);
  }
}

/** By this the commands of a runner that died are found on the server, which may have several databases. */
export function commentOf(db: Db, { key }: Lease): string {
  return `fiftyone migrate ${db.databaseName} ${key}`;
}

interface Part {
  readonly filter?: Query;
  readonly hint?: string;
  /** True as long as the lease lasts, see `inTime`. */
  readonly inTime?: Query;
  readonly maxTimeMS?: number;
  readonly comment?: string;
}

/** Applies one edit, or a part of it. */
export async function applyEdit(db: Db, edit: BulkEdit, { filter, inTime, ...options }: Part = {}): Promise<void> {
  const collection = db.collection(edit.collection);
  const conditions = [filter, inTime].filter((condition) => condition !== undefined);
  if (edit.kind === 'update') {
    const update = edit.update as Parameters<typeof collection.updateMany>[1];
    await collection.updateMany({ $and: [...conditions, edit.filter] }, update, options);
  } else if (edit.kind === 'merge') {
    const pipeline = conditions.length === 0 ? edit.pipeline : [{ $match: { $and: conditions } }, ...edit.pipeline];
    await collection.aggregate([...pipeline], { allowDiskUse: true, ...options }).toArray();
  } else if (edit.kind === 'drop-index') await dropIndex(collection, edit.index);
  else await createIndex(collection, edit.index);
}

async function createIndex(collection: Collection, { name, fields, unique }: KeptIndex): Promise<void> {
  try {
    const key = Object.fromEntries(fields.map((field) => [field, 1 as const]));
    await collection.createIndex(key, { name, ...(unique ? { unique } : {}) });
  } catch (error) {
    if (!NOT_POSSIBLE.includes((error as { code?: number }).code ?? 0)) throw error;
  }
}

async function dropIndex(collection: Collection, index: string): Promise<void> {
  try {
    await collection.dropIndex(index);
  } catch (error) {
    if (!NOT_THERE.includes((error as { code?: number }).code ?? 0)) throw error;
  }
}

function keyOf(edit: BulkEdit): string {
  return createHash('sha256').update(JSON.stringify(edit)).digest('base64url').slice(0, 16);
}
