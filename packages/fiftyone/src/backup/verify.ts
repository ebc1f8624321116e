import { join, relative } from 'node:path';
import { toEjson } from '../bson/index.js';
import type { Connection } from '../database/connection.js';
import type { OnProgress } from '../datasets/progress.js';
import { FiftyOneError, StoppedError } from '../errors.js';
import { largestFirst } from './by-size.js';
import { checkedDocuments } from './checked-documents.js';
import { listIndexes } from './collections.js';
import { DamagedFileError } from './damaged-file.js';
import { bytesOf, openBackup, type StoredBackup, type StoredCollection } from './open-backup.js';
import { dropDeadScratches, type Scratch, withScratch } from './scratch.js';
import { stage } from './stage.js';

export interface VerifyOptions {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
  /** Restores it into a scratch database of this server, and compares that with it. */
  readonly restoreTo?: Connection;
}

/** Something in a backup that is not as it was, or that cannot be restored. */
export interface BackupProblem {
  /** The file, relative to the backup. */
  readonly file: string;
  readonly problem: string;
}

/** What was verified. */
export interface VerifyReport {
  readonly problems: readonly BackupProblem[];
  readonly collections: number;
  readonly documents: number;
  /** Whether there is a manifest. Without one, a file that lacks whole documents does not show. */
  readonly hasChecksums: boolean;
  readonly restored: boolean;
}

/**
 * Reads a whole backup and compares it with its checksums; with `restoreTo` it is restored, too, beside everything else.
 *
 * @throws FiftyOneError for what is no backup, or not whole
 */
export async function verifyBackup(path: string, { onProgress, signal, restoreTo }: VerifyOptions = {}): Promise<VerifyReport> {
  const problems: BackupProblem[] = [];
  const add = (file: string, problem: string) => problems.push({ file: relative(path, file), problem });
  const note = (error: unknown, file: string) => {
    if (error instanceof DamagedFileError) add(error.path, error.problem);
    else if (error instanceof FiftyOneError && !(error instanceof StoppedError)) add(file, error.message);
    else throw error;
  };
  let backup: StoredBackup;
  try {
    backup = await openBackup(path);
  } catch (error) {
    if (!(error instanceof DamagedFileError)) throw error;
    note(error, path);
    return { problems, collections: 0, documents: 0, hasChecksums: true, restored: false };
  }
  const { collections, manifest } = backup;
  let documents = 0;
  const total = collections.reduce((sum, { expected }) => sum + (expected?.documents ?? 0), 0);
  const onDocuments = (count: number) => {
    if (signal?.aborted) throw new StoppedError(`stopped by ${signal.reason ?? 'a signal'}`);
    documents += count;
    onProgress?.({ what: 'Verifying', done: documents, ...(total > 0 ? { total } : {}), unit: 'documents' });
  };
  const verifyAll = (scratch?: Scratch) =>
    largestFirst(collections, bytesOf, async (collection, n) => {
      const file = collection.file ?? join(path, collection.name);
      try {
        if (scratch === undefined || collection.file === undefined) await read(collection, onDocuments);
        else await restoreInto(scratch, `c${n}`, collection, onDocuments);
      } catch (error) {
        note(error, file);
      }
    });
  if (restoreTo === undefined) await verifyAll();
  else {
    await dropDeadScratches(restoreTo);
    await withScratch(restoreTo, verifyAll);
  }
  return {
    problems,
    collections: collections.length,
    documents,
    hasChecksums: manifest !== undefined,
    restored: restoreTo !== undefined,
  };
}

async function read(collection: StoredCollection, onDocuments: (count: number) => void): Promise<void> {
  for await (const batch of checkedDocuments(collection)) onDocuments(batch.length);
}

/** What is staged is compared with the file; then the indexes are. */
async function restoreInto(
  { db, check }: Scratch,
  name: string,
  source: StoredCollection,
  onDocuments: (count: number) => void,
): Promise<void> {
  await stage(db, name, { source, select: undefined }, true, (count) => {
    check();
    onDocuments(count);
  });
  const [wanted, found] = [source.indexes, await listIndexes(db, name)].map((indexes) =>
    indexes.map((index) => toEjson(new Map([...index].filter(([key]) => key !== 'ns')) as never)),
  );
  const missing = wanted?.filter((index) => !found?.includes(index)) ?? [];
  if (missing.length > 0) throw new FiftyOneError(`indexes are not the same after it was restored: ${missing.join(', ')}`);
  await db.dropCollection(name);
}
