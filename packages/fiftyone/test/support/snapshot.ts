import { EJSON } from 'bson';
import type { Db, Document } from 'mongodb';
import { Doc, parseEjsonDoc, toEjson } from '../../src/bson/index.js';
import { findRaw, insertRaw } from '../../src/database/raw.js';

/** What a collection has besides its documents: its options and its indexes, as the server lists them. */
export interface CollectionMetadata {
  readonly options: Doc;
  readonly indexes: readonly Doc[];
}

/** A whole database in memory: the BSON of its documents in natural order, options and indexes. */
export interface Snapshot {
  readonly collections: ReadonlyMap<string, readonly Uint8Array[]>;
  readonly metadata: ReadonlyMap<string, CollectionMetadata>;
}

/**
 * Reads a whole database. Views, system collections and what our own runners keep for themselves are left out.
 *
 * @param attic whether what downgrades have kept is in it
 */
export async function snapshot(db: Db, attic = false): Promise<Snapshot> {
  const collections = new Map<string, Uint8Array[]>();
  const metadata = new Map<string, CollectionMetadata>();
  const found = (await db.listCollections().toArray()).filter(
    ({ name, type }) =>
      type === 'collection' && (!/^(system|migrations)\./.test(name) || (attic && name.startsWith('migrations.attic'))),
  );
  for (const info of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const documents: Uint8Array[] = [];
    for await (const bytes of findRaw(db, info.name, {}, { sort: { $natural: 1 } })) documents.push(bytes);
    collections.set(info.name, documents);
    const indexes = await db.collection(info.name).listIndexes().toArray();
    metadata.set(info.name, { options: exact('options' in info ? info.options : {}), indexes: indexes.map(exact) });
  }
  return { collections, metadata };
}

function exact(document: Document | undefined): Doc {
  return parseEjsonDoc(EJSON.stringify(document ?? {}, { relaxed: false }));
}

/** Fills an empty database with exactly these documents, options and indexes. */
export async function restore(db: Db, { collections, metadata }: Snapshot): Promise<void> {
  for (const [name, documents] of collections) {
    const { options, indexes } = metadata.get(name) ?? { options: new Doc(), indexes: [] };
    await db.createCollection(name, plain(options));
    await insertRaw(db, name, documents);
    const others = indexes.filter((index) => index.get('name') !== '_id_').map(plain);
    if (others.length > 0) await db.command({ createIndexes: name, indexes: others });
  }
}

function plain(doc: Doc): Document {
  return EJSON.parse(toEjson(new Doc([...doc].filter(([key]) => key !== 'ns'))), { relaxed: false });
}
