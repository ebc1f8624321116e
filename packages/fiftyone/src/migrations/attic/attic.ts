import type { Db } from 'mongodb';
import { type Doc, decode, equal, ObjectId, type Value } from '../../bson/index.js';
import { leaseStore } from '../../database/lease-store.js';
import { isHeld, Leases } from '../../database/leases.js';
import { findDocs } from '../../database/raw.js';
import { datasetsRealm } from '../datasets-realm.js';
import { readRecord } from '../read-record.js';
import { deleteFile } from '../results-file.js';
import { WorkLog } from '../work.js';
import { resultsOf } from './changes.js';
import { type AtticEntry, type EntryHead, headOf, ofEntry, unpacked } from './entry.js';
import { allOf, KEPT_DOCUMENTS } from './kept-documents.js';

/**
 * What the attic has, oldest first.
 *
 * @param names only of datasets that are called so, or were when it was kept
 */
export async function listAttic(db: Db, names?: readonly string[], realm = datasetsRealm): Promise<EntryHead[]> {
  const docs = await findDocs(db, realm.attic, { kind: 'entry' }, { projection: { data: 0 }, sort: { _id: 1 } });
  const heads = docs.map(headOf).sort((a, b) => a.at - b.at);
  if (names === undefined) return heads;
  const now = await db
    .collection(realm.records)
    .find({ name: { $in: [...names] } }, { projection: { _id: 1 } })
    .toArray();
  const ids = new Set(now.map(({ _id }) => String(_id)));
  return heads.filter(({ name, dataset }) => names.includes(name) || ids.has(String(dataset)));
}

/** One entry with its records. */
export async function readEntry(db: Db, { id }: EntryHead, realm = datasetsRealm): Promise<AtticEntry | undefined> {
  return (await unpacked(await findDocs(db, realm.attic, ofEntry(id))))[0];
}

/** What is kept of samples and frames for an entry. */
export async function* keptDocuments(db: Db, { documents }: EntryHead): AsyncGenerator<Doc> {
  const last = { _id: 0 as const, collection: '$_id.collection', id: '$_id.id', keys: 1, before: 1, after: 1 };
  const cursor = db.collection(KEPT_DOCUMENTS).find(allOf(documents), { projection: last, raw: true });
  for await (const bytes of cursor) yield decode(bytes as unknown as Uint8Array);
}

/**
 * Removes entries from the attic, for ever, with their documents and with results files that nothing else names.
 *
 * @returns the entries that stay, because somebody is at work on their datasets
 */
export async function clearAttic(db: Db, entries: readonly EntryHead[], realm = datasetsRealm): Promise<EntryHead[]> {
  const leases = new Leases(leaseStore(db));
  const unfinished = await new WorkLog(db, '', realm).unfinished();
  const busy: EntryHead[] = [];
  try {
    for (const entry of entries) {
      const lease = unfinished.has(String(entry.dataset)) ? undefined : await leases.take(`${realm.noun} ${entry.dataset}`);
      if (lease === undefined || !isHeld(lease)) busy.push(entry);
      else await removeEntry(db, entry, realm);
    }
  } finally {
    await leases.releaseAll();
  }
  return busy;
}

/** Removes one entry. Only under the lease of its dataset. */
export async function removeEntry(db: Db, entry: EntryHead, realm = datasetsRealm): Promise<void> {
  const others = await findDocs(
    db,
    realm.attic,
    { documents: entry.documents, _id: { $ne: entry.id } },
    { projection: { _id: 1 } },
  );
  if (others.length === 0) {
    const record = await readRecord(db, entry.dataset);
    const named = record === undefined ? [] : resultsOf(record);
    for (const file of entry.files) if (!(await isNamed(db, file, named))) await deleteFile(db, file);
    await db.collection(KEPT_DOCUMENTS).deleteMany(allOf(entry.documents));
  }
  await db.collection(realm.attic).deleteMany(ofEntry(entry.id));
}

async function isNamed(db: Db, file: Value, named: readonly ObjectId[]): Promise<boolean> {
  if (!(file instanceof ObjectId) || named.some((other) => equal(other, file))) return true;
  return (await db.collection('runs').findOne({ results: file }, { projection: { _id: 1 } })) !== null;
}
