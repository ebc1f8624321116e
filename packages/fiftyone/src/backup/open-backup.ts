import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { EJSON } from 'bson';
import type { Document } from 'mongodb';
import { FiftyOneError } from '../errors.js';
import { atOnce } from '../media/at-once.js';
import { type CollectionMetadata, isLeftAlone, parseMetadata } from './collections.js';
import { codecOfFile } from './compression.js';
import { DamagedFileError } from './damaged-file.js';
import { DOCUMENTS, METADATA, UNFINISHED } from './layout.js';
import { type BackedUp, type Manifest, readManifest, sha256 } from './manifest.js';

/** A collection in a backup. */
export interface StoredCollection extends CollectionMetadata {
  /** Which documents of it are there, if not all. */
  readonly filter?: Document;
  /** The file of its documents; views have none. */
  readonly file: string | undefined;
  /** What the documents must be; not known of a dump that has no manifest. */
  readonly expected: Pick<BackedUp, 'documents' | 'bytes' | 'stored' | 'sha256'> | undefined;
}

/** How large it is without compression; without a manifest it may be any size. */
export function bytesOf({ expected }: Pick<StoredCollection, 'expected'>): number {
  return expected?.bytes ?? Number.POSITIVE_INFINITY;
}

/** A backup of ours, or what mongodump has written. */
export interface StoredBackup {
  readonly path: string;
  readonly manifest: Manifest | undefined;
  /** The name of the database that it is of. */
  readonly database: string;
  readonly collections: readonly StoredCollection[];
}

const EXTENSIONS = ['', '.gz', '.zst'];

/**
 * Looks what a backup has. Of the documents nothing is read.
 *
 * @param path the folder of a backup, or what mongodump has written: the folder of a database, or the one that it is in
 * @throws FiftyOneError for what is none, or not whole; DamagedFileError
 */
export async function openBackup(path: string): Promise<StoredBackup> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw noBackup(path, 'there is no such folder');
  if (!found.isDirectory())
    throw noBackup(path, 'it is a file', 'archives of mongodump (--archive) cannot be read: use a dump that is a folder');
  const manifest = await readManifest(path);
  if (manifest !== undefined) {
    const collections = await fewAtOnce(manifest.collections, (collection) => ofOurs(path, collection));
    return { path, manifest, database: manifest.database, collections };
  }
  const names = await readdir(path);
  if (names.includes(UNFINISHED))
    throw noBackup(path, 'it is not whole: whoever made it did not get to the end', 'use another backup');
  return await ofMongodump(path, names);
}

/** A process may have a thousand files open, and a database has more collections than that. */
const FILES_AT_ONCE = 16;

async function fewAtOnce<T, R>(items: readonly T[], read: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  await atOnce(items, FILES_AT_ONCE, async (item, n) => {
    results[n] = await read(item);
  });
  return results;
}

async function ofOurs(
  path: string,
  { collection, filter, file, metadata, metadataSha256, ...expected }: BackedUp,
): Promise<StoredCollection> {
  const text = await readText(join(path, metadata));
  if (sha256(text) !== metadataSha256) throw new DamagedFileError(join(path, metadata), 'its checksum is another one');
  return {
    ...parseMetadata(text, collection),
    ...(filter === undefined ? {} : { filter: EJSON.deserialize(filter as Document, { relaxed: false }) }),
    file: file === null ? undefined : join(path, file),
    expected,
  };
}

async function ofMongodump(path: string, names: readonly string[]): Promise<StoredBackup> {
  if (names.some((name) => /^oplog\.bson/.test(name))) {
    throw noBackup(path, 'it has an oplog, without which it is not consistent', 'restore it with: mongorestore --oplogReplay');
  }
  const files = names.filter((name) => stemOf(name) !== undefined && !name.startsWith('prelude.json'));
  if (files.length === 0) return await ofMongodump(...(await onlyDatabase(path, names)));
  const stems = [...new Set(files.map((name) => stemOf(name) as string))].sort();
  const all = new Set(names);
  const collections = await fewAtOnce(stems, (stem) => ofDump(path, stem, all));
  return {
    path,
    manifest: undefined,
    database: basename(path),
    collections: collections.filter(({ name }) => !isLeftAlone(name)),
  };
}

async function onlyDatabase(path: string, names: readonly string[]): Promise<[string, string[]]> {
  const inside = await Promise.all(names.map(async (name) => [name, await readdir(join(path, name)).catch(() => [])] as const));
  const databases = inside.filter(([name, files]) => name !== 'admin' && files.some((file) => stemOf(file) !== undefined));
  const [first, ...others] = databases;
  if (first === undefined) throw noBackup(path, 'it has neither a manifest nor what mongodump writes');
  if (others.length > 0) {
    const list = databases.map(([name]) => name).join(', ');
    throw noBackup(path, `it has several databases: ${list}`, 'give the folder of one of them');
  }
  return [join(path, first[0]), first[1]];
}

async function ofDump(path: string, stem: string, names: ReadonlySet<string>): Promise<StoredCollection> {
  const [metadata, file] = [METADATA, DOCUMENTS].map((end) =>
    EXTENSIONS.map((ext) => `${stem}${end}${ext}`).find((name) => names.has(name)),
  );
  const found = parseMetadata(metadata === undefined ? '{}' : await readText(join(path, metadata)), stem);
  if (found.type === 'collection' && file === undefined)
    throw new DamagedFileError(join(path, `${stem}${DOCUMENTS}`), 'it is missing');
  return { ...found, file: found.type === 'view' ? undefined : join(path, file as string), expected: undefined };
}

function stemOf(name: string): string | undefined {
  return /^(.+?)(?:\.metadata\.json|\.bson)(?:\.gz|\.zst)?$/.exec(name)?.[1];
}

async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new DamagedFileError(path, 'it is missing') : error;
  });
  const decompressor = codecOfFile(path).decompressor();
  if (decompressor === undefined) return bytes.toString('utf8');
  try {
    return (await buffer(Readable.from([bytes]).pipe(decompressor))).toString('utf8');
  } catch (error) {
    throw new DamagedFileError(path, `it cannot be decompressed (${(error as Error).message})`);
  }
}

function noBackup(
  path: string,
  why: string,
  hint = 'give the folder of a backup; they are listed by: fiftyone-migrator backup list',
): FiftyOneError {
  return new FiftyOneError(`${path} is no backup that can be used: ${why}`, { hint });
}
