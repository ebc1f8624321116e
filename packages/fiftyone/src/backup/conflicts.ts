import { createHash } from 'node:crypto';
import type { Db } from 'mongodb';
import { type Doc, decode, millisecondsOf, type ObjectId } from '../bson/index.js';
import { findDocs, findRaw } from '../database/raw.js';
import { FiftyOneError } from '../errors.js';
import { type Content, ContentSum, checkedDocuments, contentOfCollection } from './checked-documents.js';
import type { Item, Selection } from './restore-items.js';

/** Something that the database has and the backup does not, or not so. */
export interface Conflict {
  readonly collection: string;
  /** The dataset that it belongs to, if it belongs to one. */
  readonly dataset: string | undefined;
  readonly why: string;
}

/** What a restore would overwrite. */
export async function findConflicts(db: Db, { items, datasets, superfluous }: Selection): Promise<Conflict[]> {
  const existing = new Map((await db.listCollections().toArray()).map(({ name, type }) => [name, type]));
  const owners = await ownersOf(db);
  const conflicts: Conflict[] = [];
  const add = (collection: string, why: string) => conflicts.push({ collection, dataset: owners.get(collection), why });
  for (const dataset of datasets) {
    const newer = await newerThan(db, dataset);
    if (newer) conflicts.push({ collection: 'datasets', dataset: String(dataset.get('name')), why: newer });
  }
  for (const item of items) {
    const { name, type } = item.source;
    const there = existing.get(name);
    if (there === undefined || type === 'view') continue;
    if (there !== type) add(name, `it is a ${there} now`);
    else if (!(await isSame(db, item))) add(name, 'it is not what it was');
  }
  for (const name of superfluous) {
    const isView = existing.get(name) === 'view';
    if (isView || !(await isEmpty(db, name))) add(name, 'the backup does not have it');
  }
  return conflicts;
}

/** The names of the datasets that collections belong to. */
async function ownersOf(db: Db): Promise<Map<string, string>> {
  const projection = { name: 1, sample_collection_name: 1, frame_collection_name: 1 };
  const owners = new Map<string, string>();
  for (const dataset of await findDocs(db, 'datasets', {}, { projection })) {
    for (const key of ['sample_collection_name', 'frame_collection_name'])
      owners.set(String(dataset.get(key)), String(dataset.get('name')));
  }
  return owners;
}

async function newerThan(db: Db, dataset: Doc): Promise<string | undefined> {
  const [now] = await findDocs(db, 'datasets', { _id: dataset.get('_id') as ObjectId }, { projection: { last_modified_at: 1 } });
  const [is, was] = [now, dataset].map((doc) => millisecondsOf(doc?.get('last_modified_at')));
  if (is === undefined || was === undefined || is <= was) return undefined;
  return `it was changed at ${new Date(Number(is)).toISOString()}, after the backup`;
}

/** Whether the database has what the backup has; a database that has nothing has nothing to lose. */
async function isSame(db: Db, item: Item): Promise<boolean> {
  const { source, filter } = item;
  if (filter !== undefined) return await areSame(db, item);
  if (await isEmpty(db, source.name)) return true;
  const { expected } = source;
  if (expected !== undefined && (await db.collection(source.name).estimatedDocumentCount()) !== expected.documents) return false;
  const wanted = expected ?? (await contentOfFile(item));
  const { documents, sha256 } = await contentOfCollection(db, source.name);
  return documents === wanted.documents && sha256 === wanted.sha256;
}

async function isEmpty(db: Db, collection: string): Promise<boolean> {
  return (await db.collection(collection).findOne({}, { projection: { _id: 1 } })) === null;
}

async function contentOfFile({ source }: Item): Promise<Content> {
  const sum = new ContentSum();
  for await (const batch of checkedDocuments(source)) sum.add(batch);
  return sum.end();
}

/** Some documents of a collection, in whichever order. */
async function areSame(db: Db, { source, filter = {}, select = () => true }: Item): Promise<boolean> {
  const stored = new Set<string>();
  for await (const bytes of findRaw(db, source.name, filter)) stored.add(fingerprint(bytes));
  if (stored.size === 0) return true;
  for await (const batch of checkedDocuments(source)) {
    for (const bytes of batch) if (select(decode(bytes)) && !stored.delete(fingerprint(bytes))) return false;
  }
  return stored.size === 0;
}

function fingerprint(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}

const KEYS = ['name', 'slug', 'sample_collection_name'] as const;

/**
 * @throws FiftyOneError when another dataset has a name or collection of one that is restored, and stays: the database has each only
 * once
 */
export async function checkNames(db: Db, { items, datasets }: Selection): Promise<void> {
  // all of them are replaced
  if (items.some(({ source, filter }) => source.name === 'datasets' && !filter)) return;
  const ids = datasets.map((dataset) => dataset.get('_id') as ObjectId);
  for (const dataset of datasets) {
    for (const key of KEYS) {
      const value = dataset.get(key);
      if (typeof value !== 'string') continue;
      const others = await findDocs(db, 'datasets', { [key]: value, _id: { $nin: ids } }, { limit: 1 });
      if (others.length === 0) continue;
      throw new FiftyOneError(
        `another dataset has the ${key} '${value}' now, and it is not the one in the backup: its _id is another`,
        {
          hint: 'rename or delete it, then restore again',
        },
      );
    }
  }
}
