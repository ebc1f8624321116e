import type { Db } from 'mongodb';
import { Doc, decode, parseEjsonDoc, Scalar, toEjson, type Value } from '../bson/index.js';
import { LEASES } from '../database/lease-store.js';
import { CONTROL } from '../migrations/control.js';
import { JOURNAL } from '../migrations/journal.js';

/** What a collection is besides its documents. */
export interface CollectionMetadata {
  readonly name: string;
  readonly type: 'collection' | 'view';
  readonly options: Doc;
  readonly indexes: readonly Doc[];
  /** In hexadecimal digits; views have none. */
  readonly uuid: string | undefined;
}

/** The collection in which restores note what they are about, and the beginning of the names of what they have not put in place. */
export const RESTORES = 'migrations.restores';
export const STAGED = 'migrations.restore.';

/** What says who is at work and who was is no part of what the database holds: it is neither backed up nor restored. */
const LEFT_ALONE: readonly string[] = [LEASES, JOURNAL, CONTROL, RESTORES];

/** Whether backups and restores leave a collection alone. */
export function isLeftAlone(name: string): boolean {
  const starts = ['system.', STAGED, `${JOURNAL}.`];
  return starts.some((start) => name.startsWith(start)) || LEFT_ALONE.includes(name);
}

/** The collections and views of a database, by name. @param names only these */
export async function listMetadata(db: Db, names?: readonly string[]): Promise<CollectionMetadata[]> {
  const filter = names === undefined ? {} : { name: { $in: [...names] } };
  const found: Doc[] = [];
  for await (const bytes of db.listCollections(filter, { raw: true } as object)) found.push(decode(bytes as never));
  const all = found.map(headOf).filter(({ name }) => !isLeftAlone(name));
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function headOf(info: Doc): CollectionMetadata {
  const uuid = (info.get('info') as Doc | undefined)?.get('uuid');
  return {
    name: info.get('name') as string,
    type: info.get('type') as 'collection',
    options: (info.get('options') as Doc | undefined) ?? new Doc(),
    indexes: [],
    uuid: uuid instanceof Scalar ? Buffer.from(uuid.bytes.subarray(5)).toString('hex') : undefined,
  };
}

/** The indexes of a collection, in the server's order. */
export async function listIndexes(db: Db, collection: string): Promise<Doc[]> {
  const indexes: Doc[] = [];
  const cursor = db.collection(collection).listIndexes({ raw: true } as object);
  for await (const bytes of cursor) indexes.push(decode(bytes as never));
  return indexes;
}

/** The metadata as mongodump writes them. */
export function metadataText({ name, type, options, indexes, uuid }: CollectionMetadata): string {
  return toEjson(
    Doc.of(
      ['options', options],
      ['indexes', indexes as Doc[]],
      ...(uuid === undefined ? [] : [['uuid', uuid] as [string, Value]]),
      ['collectionName', name],
      ['type', type],
    ),
  );
}

/** Reads them. @param stem what the file is called, which older dumps have instead of the name */
export function parseMetadata(text: string, stem: string): CollectionMetadata {
  const found = parseEjsonDoc(text);
  return {
    name: (found.get('collectionName') as string | undefined) ?? decodeURIComponent(stem),
    type: found.get('type') === 'view' || (found.get('options') as Doc | undefined)?.has('viewOn') ? 'view' : 'collection',
    options: (found.get('options') as Doc | undefined) ?? new Doc(),
    indexes: (found.get('indexes') as Doc[] | undefined) ?? [],
    uuid: found.get('uuid') as string | undefined,
  };
}
