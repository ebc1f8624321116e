import { randomBytes } from 'node:crypto';
import { EJSON } from 'bson';
import type { Db, Document } from 'mongodb';
import { Doc, encode, parseEjsonDoc } from '../bson/index.js';
import { inTime, isTooLate } from '../database/lease-store.js';
import { type Lease, LostLeaseError, thisProcess } from '../database/leases.js';
import { findDocs, insertRaw, runRaw } from '../database/raw.js';
import { atOnce } from '../media/at-once.js';
import { RESTORES, STAGED } from './collections.js';

/** The lease under which a database is restored, by one at a time. */
export const RESTORE_LEASE = 'restore';

/** A restore that is under way, or whose process died. */
export interface RestoreNote {
  readonly _id: string;
  /** What is restored, from what: the same restore goes on with what is staged. */
  readonly of: string;
  /** Where it is from, for messages. */
  readonly from: string;
  /** Until all is staged nothing is replaced, and it can be undone; after that it is finished. */
  readonly state: 'staging' | 'replacing';
  readonly by: { readonly host: string; readonly pid: number; readonly user: string };
  readonly at: Date;
}

/** What is replaced by what. */
export interface Replacement {
  readonly target: string;
  readonly kind: 'collection' | 'documents' | 'view' | 'removal';
  /** What has the new documents. */
  readonly staged?: string;
  /** Extended JSON: which documents go. */
  readonly filter?: string;
  /** Extended JSON: those of a view. */
  readonly options?: string;
}

const MAJORITY = { writeConcern: { w: 'majority' as const } };
const NAMESPACE_NOT_FOUND = 26;

/** How long a guarded removal may take, in milliseconds, and how many documents it is about. */
const MOST_MS = 2_000;
const BATCH = 500;

/** Notes a restore, or finds the note of the same one that somebody left. */
export async function noteRestore(db: Db, of: string, from: string): Promise<RestoreNote> {
  const notes = db.collection<RestoreNote>(RESTORES);
  const left = await notes.findOne({ of, state: 'staging' });
  if (left !== null) return left;
  const note: RestoreNote = {
    _id: randomBytes(6).toString('hex'),
    of,
    from,
    state: 'staging',
    by: thisProcess(),
    at: new Date(),
  };
  await notes.insertOne(note, MAJORITY);
  return note;
}

/** The restores that nobody has finished. */
export async function restoresOf(db: Db): Promise<RestoreNote[]> {
  return await db
    .collection<RestoreNote>(RESTORES)
    .find({ state: { $exists: true } })
    .toArray();
}

/** The collection in which an item waits. */
export function stagedName({ _id }: RestoreNote, item: number): string {
  return `${STAGED}${_id}.${item}`;
}

/** The collections that wait. */
export async function stagedBy(db: Db, { _id }: RestoreNote): Promise<string[]> {
  return (await allStaged(db)).filter((name) => name.startsWith(`${STAGED}${_id}.`));
}

/** The collections that wait, of all restores. */
export async function allStaged(db: Db): Promise<string[]> {
  const found = await db.listCollections({}, { nameOnly: true }).toArray();
  return found.map(({ name }) => name).filter((name) => name.startsWith(STAGED));
}

/** Drops what a process has written late that was taken for dead: its restore was ended by another one. */
export async function dropUnnoted(db: Db): Promise<void> {
  const noted = (await restoresOf(db)).map(({ _id }) => `${STAGED}${_id}.`);
  const late = (await allStaged(db)).filter((name) => !noted.some((start) => name.startsWith(start)));
  await atOnce(late, AT_ONCE, (name) => drop(db, name));
}

/** From here on a restore is finished, not undone. */
export async function commitRestore(db: Db, note: RestoreNote, replacements: readonly Replacement[]): Promise<void> {
  const items = replacements.map((replacement, n) => {
    return encode(Doc.of(['_id', itemId(note, n)], ...Object.entries(replacement)));
  });
  const collection = db.collection<Document>(RESTORES);
  await collection.deleteMany(itemsOf(note));
  await insertRaw(db, RESTORES, items);
  // what is safe once this is includes what came before it
  const { matchedCount } = await collection.updateOne(
    { _id: note._id as never, state: 'staging' },
    { $set: { state: 'replacing' } },
    MAJORITY,
  );
  if (matchedCount === 1) return;
  // somebody took this process for dead, and has ended the restore in its place
  await collection.deleteMany(itemsOf(note));
  throw new LostLeaseError(RESTORE_LEASE);
}

function itemId({ _id }: RestoreNote, n: number): string {
  return `${_id} ${String(n).padStart(8, '0')}`;
}

function itemsOf({ _id }: RestoreNote): Document {
  return { _id: { $gt: `${_id} `, $lt: `${_id}!` } };
}

/** Puts in place what is staged. It can be done again, and goes on where somebody who died has stopped. */
export async function finishRestore(db: Db, note: RestoreNote, lease: Lease): Promise<void> {
  const found = await findDocs(db, RESTORES, itemsOf(note), { sort: { _id: 1 } });
  const items = found.map((item) => Object.fromEntries(item) as unknown as Replacement);
  const there = new Map((await db.listCollections().toArray()).map(({ name, type }) => [name, type]));
  const replace = async (item: Replacement) => {
    lease.check();
    await replaceOne(db, item, there, lease);
  };
  const isLast = ({ target, kind }: Replacement) => kind === 'view' || kind === 'removal' || LAST.includes(target);
  await atOnce(
    items.filter((item) => !isLast(item)),
    AT_ONCE,
    replace,
  );
  for (const item of items.filter(isLast)) await replace(item);
  await remove(db, note);
}

/** The datasets come last, and after them what goes: until then clients find what belongs to the old ones. */
const LAST: readonly string[] = ['datasets', 'config'];

const AT_ONCE = 8;

/** @param there the types of the collections that there were: what is staged nobody else touches */
async function replaceOne(
  db: Db,
  { target, kind, staged = '', filter = '', options = '' }: Replacement,
  there: ReadonlyMap<string, string | undefined>,
  lease: Lease,
): Promise<void> {
  if (kind === 'removal') return await drop(db, target);
  if (kind === 'view') {
    await drop(db, target);
    return await runRaw(db, new Doc([['create', target], ...parseEjsonDoc(options)]));
  }
  // what is gone has been put in place
  if (!there.has(staged)) return;
  // one that is not there gets the options and indexes of the backup
  if (kind === 'documents' && there.has(target))
    return await replaceDocuments(db, staged, target, EJSON.parse(filter, { relaxed: false }), lease);
  if (there.get(target) === 'view') await drop(db, target);
  await db.renameCollection(staged, target, { dropTarget: true }).catch(unlessMissing);
}

/** Documents that are there stay there all the time: clients may be reading them. */
async function replaceDocuments(db: Db, staged: string, target: string, filter: Document, lease: Lease): Promise<void> {
  const stages = [
    { $match: filter },
    { $lookup: { from: staged, localField: '_id', foreignField: '_id', pipeline: [{ $project: { _id: 1 } }], as: 'staged' } },
    { $match: { staged: { $size: 0 } } },
    { $project: { _id: 1 } },
  ];
  const superfluous = await db.collection(target).aggregate(stages, { promoteValues: false }).toArray();
  for (let i = 0; i < superfluous.length; i += BATCH) {
    const ids = superfluous.slice(i, i + BATCH).map(({ _id }) => _id);
    await removeInTime(db, target, ids, lease);
  }
  const merge = [{ $merge: { into: target, on: '_id', whenMatched: 'replace' as const, whenNotMatched: 'insert' as const } }];
  await db.collection(staged).aggregate(merge, MAJORITY).toArray();
  await drop(db, staged);
}

/** A removal that comes late must not find what others have written since. */
async function removeInTime(db: Db, target: string, ids: readonly unknown[], lease: Lease): Promise<void> {
  for (;;) {
    lease.check();
    const going = { _id: { $in: ids }, $expr: inTime(lease.expires, MOST_MS) } as Document;
    try {
      await db.collection(target).deleteMany(going, { ...MAJORITY, maxTimeMS: MOST_MS });
      return;
    } catch (error) {
      if (!isTooLate(error)) throw error;
    }
  }
}

/** Takes back a restore that has replaced nothing. */
export async function undoRestore(db: Db, note: RestoreNote): Promise<void> {
  await atOnce(await stagedBy(db, note), AT_ONCE, (name) => drop(db, name));
  await remove(db, note);
}

async function remove(db: Db, note: RestoreNote): Promise<void> {
  const collection = db.collection<Document>(RESTORES);
  await collection.deleteMany(itemsOf(note));
  await collection.deleteOne({ _id: note._id as never });
}

async function drop(db: Db, collection: string): Promise<void> {
  await db.dropCollection(collection).catch(unlessMissing);
}

function unlessMissing(error: { code?: unknown }): void {
  if (error.code !== NAMESPACE_NOT_FOUND) throw error;
}
