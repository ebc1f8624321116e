import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { EJSON } from 'bson';
import type { Db } from 'mongodb';
import type { Connection } from '../database/connection.js';
import { makeFolder } from '../database/make-folder.js';
import { rawBatches } from '../database/raw-batches.js';
import type { OnProgress } from '../datasets/progress.js';
import { FiftyOneError, StoppedError } from '../errors.js';
import { sdkVersion } from '../version.js';
import { backupError } from './backup-error.js';
import { largestFirst } from './by-size.js';
import { type CollectionMetadata, listIndexes, listMetadata, metadataText } from './collections.js';
import { type Codec, type Compression, codecOf } from './compression.js';
import { DocumentWriter, type Written } from './document-writer.js';
import { checkRoom, type Forecast, forecast, type PartSize } from './forecast.js';
import { DOCUMENTS, fileStem, MANIFEST, METADATA, UNFINISHED } from './layout.js';
import { type BackedUp, FORMAT, type Manifest, manifestText, sha256 } from './manifest.js';
import { settleRestores } from './settle-restores.js';
import { underLeases } from './under-leases.js';
import { unwrapped } from './unwrap.js';
import { merged, type What } from './what.js';

export interface CreateBackupOptions {
  /** Where the backup gets a folder of its own. */
  readonly folder: string;
  /** The name of that folder. Default: the time and the name of the database */
  readonly name?: string;
  /** Default: gzip */
  readonly compression?: Compression;
  /** The run for which it is made, as the journal calls it. */
  readonly run?: string;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** A backup that was made. */
export interface Backup {
  /** Its folder. */
  readonly path: string;
  readonly manifest: Manifest;
}

/**
 * Backs up what is asked for, in mongodump's directory format with a manifest. It is whole only when it has its manifest, which comes
 * last; of one that fails nothing is left.
 *
 * Nobody migrates, imports or deletes the datasets meanwhile. Other clients may write: each collection is read once, in the order in
 * which the server has it, and what they write during that may or may not be in it.
 *
 * @throws LockedError while somebody is at work on it; FiftyOneError when there is no room for it
 */
export async function createBackup(connection: Connection, what: What, options: CreateBackupOptions): Promise<Backup> {
  const codec = codecOf(options.compression ?? 'gzip');
  const { folder } = options;
  const started = new Date();
  await settleRestores(connection);
  const path = join(folder, options.name ?? defaultName(started, connection.db.databaseName));
  return await underLeases(connection, what.leases, 'backed up', async (held) => {
    const check = () => {
      for (const lease of held) lease.check();
    };
    try {
      await makeFolder(folder);
      const parts = merged(what.parts);
      const size = await forecast(connection.db, parts, codec);
      await checkRoom(folder, size.stored, `a backup of ${connection.address}`);
      await begin(path);
      try {
        return {
          path,
          manifest: await fill(connection, what, options, { path, codec, started, size, check }),
        };
      } catch (error) {
        await rm(path, { recursive: true, force: true });
        throw error;
      }
    } catch (error) {
      throw backupError(error, path);
    }
  });
}

function defaultName(time: Date, database: string): string {
  return `${time.toISOString().replace(/\..*/, '').replaceAll(':', '-')}Z-${fileStem(database)}`;
}

/** Makes the folder, which says who is at work in it. */
async function begin(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new FiftyOneError(`${path} is there already`, { hint: 'choose another name for the backup' });
  }
  await writeFile(join(path, UNFINISHED), JSON.stringify({ host: hostname(), pid: process.pid }));
}

interface Place {
  readonly path: string;
  readonly codec: Codec;
  readonly started: Date;
  readonly size: Forecast;
  /** @throws LostLeaseError */
  readonly check: () => void;
}

async function fill(
  { db }: Connection,
  { scope, versions }: What,
  { run, onProgress, signal }: CreateBackupOptions,
  place: Place,
): Promise<Manifest> {
  const { path, codec, started, size, check } = place;
  await mkdir(join(path, db.databaseName));
  const metadata = new Map((await listMetadata(db)).map((found) => [found.name, found]));
  let done = 0;
  const onDocuments = (count: number) => {
    if (signal?.aborted) throw new StoppedError(`stopped by ${signal.reason ?? 'a signal'}`);
    check();
    done += count;
    onProgress?.({ what: 'Backing up', done, total: Math.max(done, size.documents), unit: 'documents' });
  };
  const collections: BackedUp[] = [];
  const bytesOf = ({ bytes }: PartSize) => bytes;
  await largestFirst(size.sizes, bytesOf, async (part) => {
    const found = metadata.get(part.part.collection);
    // it has been dropped since it was asked for
    if (found !== undefined) collections.push(await backUp(db, part, found, path, codec, onDocuments));
  });
  const { version: server } = await db.admin().command({ buildInfo: 1 });
  const manifest: Manifest = {
    format: FORMAT,
    id: randomUUID(),
    run: run ?? null,
    tool: `fiftyone ${sdkVersion}`,
    server: `MongoDB ${server}`,
    database: db.databaseName,
    scope,
    versions,
    compression: codec.name,
    started: started.toISOString(),
    ended: new Date().toISOString(),
    collections: collections.sort((a, b) => (a.collection < b.collection ? -1 : 1)),
  };
  check();
  await complete(path, db.databaseName, manifest);
  return manifest;
}

async function backUp(
  db: Db,
  { part, ...size }: PartSize,
  found: CollectionMetadata,
  path: string,
  codec: Codec,
  onDocuments: (count: number) => void,
): Promise<BackedUp> {
  const { type } = found;
  const { collection, filter } = part;
  if (type !== 'collection' && type !== 'view') {
    throw new FiftyOneError(`${collection} is a collection of type ${type}, which cannot be backed up`, {
      hint: 'back it up by other means, and leave it out here',
    });
  }
  const stem = `${db.databaseName}/${fileStem(collection)}`;
  const indexes = type === 'view' ? [] : await listIndexes(db, collection);
  const text = metadataText({ ...found, indexes });
  const metadata = `${stem}${METADATA}${codec.extension}`;
  await writeSynced(join(path, metadata), await codec.compress(Buffer.from(text)));
  const file = type === 'view' ? null : `${stem}${DOCUMENTS}${codec.extension}`;
  const written = file === null ? NOTHING : await writeDocuments(db, { part, ...size }, join(path, file), codec, onDocuments);
  return {
    collection,
    type,
    ...(filter === undefined ? {} : { filter: EJSON.serialize(filter, { relaxed: false }) }),
    file,
    ...written,
    metadata,
    metadataSha256: sha256(text),
  };
}

const NOTHING = { documents: 0, bytes: 0, stored: 0, sha256: sha256('') };

/** The server gives as many documents as fit into 16 MB: less is enough, and takes less memory. */
const BATCH_BYTES = 4_000_000;
const MOST_DOCUMENTS = 10_000;

async function writeDocuments(
  db: Db,
  { part: { collection, filter }, documents, bytes }: PartSize,
  path: string,
  codec: Codec,
  onDocuments: (count: number) => void,
): Promise<Written> {
  const writer = await DocumentWriter.create(path, codec);
  try {
    const batchSize = Math.max(1, Math.min(MOST_DOCUMENTS, Math.floor((BATCH_BYTES * documents) / bytes) || MOST_DOCUMENTS));
    // samples are shown in the order in which they are stored
    const query = filter === undefined ? { sort: { $natural: 1 } } : { filter };
    for await (const batch of rawBatches(db, { collection, ...query, batchSize })) {
      const found = unwrapped(batch);
      await writer.add(found);
      onDocuments(found.count);
    }
    return await writer.end();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** Ends the backup: from here on it is one, also after a power failure. */
async function complete(path: string, database: string, manifest: Manifest): Promise<void> {
  await syncFolder(join(path, database));
  await writeSynced(join(path, `${MANIFEST}.new`), manifestText(manifest));
  await rename(join(path, `${MANIFEST}.new`), join(path, MANIFEST));
  await syncFolder(path);
  await rm(join(path, UNFINISHED), { force: true });
}

async function writeSynced(path: string, bytes: string | Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What is in a folder stays in it after a power failure. Not every system can say so. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}
