import type { Binary, Db, ObjectId } from 'mongodb';
import type { Connection } from '../../database/connection.js';
import { leaseStore } from '../../database/lease-store.js';
import { isHeld, Leases } from '../../database/leases.js';
import { releaseGenerated } from '../../datasets/delete.js';
import { listAttic, removeEntry } from '../../migrations/attic/attic.js';
import { deleteFile } from '../../migrations/results-file.js';
import { finishMerge } from './finish-merge.js';
import { takeLease } from './take-lease.js';
import { TAGS } from './temporal-tags.js';

/**
 * The collection of imports that are under way. A document is in it from the first write to the last, so whoever finds one of a
 * process that died knows what it has left. Clients of FiftyOne do not know it and leave it alone.
 */
export const IMPORTS = 'migrations.imports';

/** Documents of a dataset outside of its collections. */
export interface Parts {
  readonly collections: readonly string[];
  readonly views: readonly ObjectId[];
  readonly workspaces: readonly ObjectId[];
  readonly runs: readonly ObjectId[];
  readonly files: readonly ObjectId[];
}

/** What an import writes, noted before it writes anything. */
export interface ImportNote {
  /** Also part of the names of its collections. */
  readonly _id: ObjectId;
  readonly name: string;
  readonly dataset: ObjectId;
  readonly by: { readonly host: string; readonly pid: number; readonly user: string };
  readonly at: Date;
  /** The collection of samples that the dataset names once the import is committed. */
  readonly samples: string;
  readonly parts: Parts;
  /** What the dataset had that this one replaces. */
  readonly replaced?: Parts;
  /** Where the temporal tags wait until the import is committed. */
  readonly waitingTags?: string;
  /** Where samples wait that are to be in another order. */
  readonly shuffled?: string;
  /** What is merged into a dataset that is there already. */
  readonly merge?: {
    /** The imported dataset's document, as BSON. */
    readonly imported: Binary;
    /** Where its frames wait; its samples wait in `samples`. */
    readonly frames?: string;
  };
  /** Set from when on a merge is finished, not undone. */
  readonly merging?: boolean;
}

/** The lease under which an import is done. */
export function importLease(id: ObjectId): string {
  return `import ${id}`;
}

/** Notes an import. */
export async function noteImport(db: Db, note: ImportNote): Promise<void> {
  await db.collection<ImportNote>(IMPORTS).insertOne(note, { writeConcern: { w: 'majority' } });
}

/** Ends an import: what it was to replace goes if it is committed, else what it has written. @returns whether it is committed */
export async function settleImport(db: Db, note: ImportNote): Promise<boolean> {
  const committed = await isCommitted(db, note);
  if (committed) await finish(db, note);
  else await undo(db, note);
  await db.collection<ImportNote>(IMPORTS).deleteOne({ _id: note._id });
  return committed;
}

async function isCommitted(db: Db, note: ImportNote): Promise<boolean> {
  if (note.merge !== undefined) {
    return (
      (await db.collection<ImportNote>(IMPORTS).findOne({ _id: note._id, merging: true }, { projection: { _id: 1 } })) !== null
    );
  }
  const dataset = await db.collection('datasets').findOne({ _id: note.dataset }, { projection: { sample_collection_name: 1 } });
  return dataset?.sample_collection_name === note.samples;
}

async function finish(db: Db, note: ImportNote): Promise<void> {
  const { replaced, merge, waitingTags: waiting } = note;
  if (merge !== undefined) await finishMerge(db, note);
  if (replaced !== undefined) {
    await releaseGenerated(db, note.dataset);
    await removeParts(db, replaced);
  }
  if (waiting !== undefined && (await exists(db, waiting))) {
    if (replaced !== undefined) await db.collection(TAGS).deleteMany({ _dataset_id: note.dataset });
    await db
      .collection(waiting)
      .aggregate([{ $merge: { into: TAGS, whenMatched: 'keepExisting' } }])
      .toArray();
    await db.dropCollection(waiting);
  }
  if (merge !== undefined) for (const name of note.parts.collections) await db.dropCollection(name);
  if (replaced === undefined) return;
  const kept = (await listAttic(db)).filter((entry) => entry.dataset.equals(note.dataset) && entry.at < note.at.getTime());
  for (const entry of kept) await removeEntry(db, entry);
}

async function undo(db: Db, note: ImportNote): Promise<void> {
  if (note.shuffled !== undefined) await db.dropCollection(note.shuffled);
  await removeParts(db, note.parts);
  if (note.waitingTags !== undefined) await db.dropCollection(note.waitingTags);
  // the dataset never was there, so whatever names it is from this import
  if (note.replaced === undefined && note.merge === undefined)
    await db.collection(TAGS).deleteMany({ _dataset_id: note.dataset });
}

async function removeParts(db: Db, parts: Parts): Promise<void> {
  for (const name of parts.collections) await db.dropCollection(name);
  await removeDocuments(db, 'views', parts.views);
  await removeDocuments(db, 'workspaces', parts.workspaces);
  await removeDocuments(db, 'runs', parts.runs);
  for (const file of parts.files) {
    const user = await db.collection('runs').findOne({ results: file }, { projection: { _id: 1 } });
    if (user === null) await deleteFile(db, file);
  }
}

async function removeDocuments(db: Db, collection: string, ids: readonly ObjectId[]): Promise<void> {
  if (ids.length > 0) await db.collection(collection).deleteMany({ _id: { $in: [...ids] } });
}

async function exists(db: Db, collection: string): Promise<boolean> {
  return (await db.listCollections({ name: collection }, { nameOnly: true }).toArray()).length > 0;
}

/** Ends the imports of processes that died. @returns how each of them ended */
export async function settleDeadImports(connection: Connection): Promise<{ name: string; committed: boolean }[]> {
  const { db } = connection;
  const notes = await db.collection<ImportNote>(IMPORTS).find().toArray();
  if (notes.length === 0) return [];
  const settled: { name: string; committed: boolean }[] = [];
  const leases = new Leases(leaseStore(db));
  try {
    for (const { _id } of notes) {
      const lease = await takeLease(leases, importLease(_id));
      if (!isHeld(lease)) continue;
      const note = await db.collection<ImportNote>(IMPORTS).findOne({ _id });
      if (note !== null) settled.push({ name: note.name, committed: await settleImport(db, note) });
    }
  } finally {
    await leases.releaseAll();
  }
  return settled;
}
