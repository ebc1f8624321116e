import { UsageError } from '../errors.js';
import { atOnce } from './at-once.js';
import { sameContent } from './checksum.js';
import type { OpenStore, StoreAndKey } from './open-stores.js';
import { objectSource, withFile } from './source.js';
import { type MediaStore, pathIn, type StoredObject } from './store.js';
import { StoreError } from './store-error.js';
import { writeObject } from './write-object.js';

/** How many files are under way at once; how many requests is for the stores to say. */
const FILES_AT_ONCE = 64;

export interface FilesOptions {
  /** Go on with the others when one fails. Default: false */
  readonly skipFailures?: boolean;
  /** Called when a file is done, with the totals up to now. */
  readonly progress?: (done: { readonly files: number; readonly bytes: number }) => void;
}

export interface CopyFilesOptions extends FilesOptions {
  /** Replace what is there; otherwise it is a failure. Default: true */
  readonly overwrite?: boolean;
}

/** What became of many files. */
export interface FilesReport {
  readonly done: number;
  readonly bytes: number;
  readonly failed: readonly { readonly path: string; readonly error: Error }[];
}

/**
 * Copies files between any stores; what arrives is compared with what was read. Inside a store the store copies.
 *
 * @throws StoreError of the first file that fails, unless failures are to be skipped
 */
export async function copyFiles(
  open: OpenStore,
  inpaths: readonly string[],
  outpaths: readonly string[],
  { overwrite = true, ...options }: CopyFilesOptions = {},
): Promise<FilesReport> {
  paired(inpaths, outpaths);
  return await forEachFile(inpaths, options, async (path, i) => {
    const [from, to] = await Promise.all([open(path), open(outpaths[i] as string)]);
    return (await copyObject(from, to, overwrite)).size;
  });
}

/** Moves files between any stores: each is deleted when its copy is there and was compared. @throws StoreError likewise */
export async function moveFiles(
  open: OpenStore,
  inpaths: readonly string[],
  outpaths: readonly string[],
  { overwrite = true, ...options }: CopyFilesOptions = {},
): Promise<FilesReport> {
  paired(inpaths, outpaths);
  return await forEachFile(inpaths, options, async (path, i) => {
    const [from, to] = await Promise.all([open(path), open(outpaths[i] as string)]);
    if (pathIn(from.store, from.key) === pathIn(to.store, to.key)) return 0;
    const { size } = await copyObject(from, to, overwrite);
    await from.store.delete(from.key);
    return size;
  });
}

/** Deletes files of any stores; those that are not there count as deleted. @throws StoreError likewise */
export async function deleteFiles(open: OpenStore, paths: readonly string[], options: FilesOptions = {}): Promise<FilesReport> {
  return await forEachFile(paths, options, async (path) => {
    const { store, key } = await open(path);
    await store.delete(key);
    return 0;
  });
}

/**
 * Copies one object.
 *
 * @param known the object to copy, if it is known already
 * @param sent called with the number of bytes that are there now
 * @throws StoreError `missing` if it is not there, `taken` if it must not replace what is
 */
export async function copyObject(
  from: StoreAndKey,
  to: StoreAndKey,
  overwrite = true,
  known?: StoredObject,
  sent?: (bytes: number) => void,
): Promise<StoredObject> {
  const condition = overwrite ? undefined : ({ ifAbsent: true } as const);
  // by one handle from beginning to end, so that what is sent is one file
  if (from.store.isLocal) {
    return await withFile(pathIn(from.store, from.key), (source) => writeObject(to.store, to.key, source, { condition, sent }));
  }
  const object = known ?? (await from.store.stat(from.key));
  if (object === undefined) throw new StoreError(pathIn(from.store, from.key), 'missing');
  if (from.store === to.store) {
    if (from.key === to.key) return object;
    const copied = overwrite ? await to.store.copy?.(object, to.key) : undefined;
    if (copied) return copied;
  }
  const options = { condition, expected: object.checksum, sent };
  const written = await writeObject(to.store, to.key, objectSource(from.store, object), options);
  await compareCopy(from.store, object, to.store, written);
  return written;
}

/** How often a file is copied anew that changes while it is copied. */
const MOST_CHANGES = 3;

/**
 * Copies an object of a store over whatever is there. If it is replaced meanwhile it is copied anew: all of the copy is of one version.
 *
 * @param known the object, if it is known already
 * @returns what was copied
 * @throws StoreError `missing` if it is not there
 */
export async function copyLatest(
  from: StoreAndKey,
  to: StoreAndKey,
  known?: StoredObject,
  sent?: (bytes: number) => void,
): Promise<StoredObject> {
  for (let tries = 1; ; tries++) {
    const object = (tries === 1 ? known : undefined) ?? (await from.store.stat(from.key));
    if (object === undefined) throw new StoreError(pathIn(from.store, from.key), 'missing');
    try {
      await copyObject(from, to, true, object, sent);
      return object;
    } catch (error) {
      // by a list one does not see that a checksum is that of encrypted content
      const isAsListed = tries === 1 && known !== undefined;
      const mayPass = error instanceof StoreError && (error.trouble === 'changed' || (error.trouble === 'damaged' && isAsListed));
      if (!mayPass || tries > MOST_CHANGES) throw error;
    }
  }
}

/** Compares what was written with what was to be read, where the two checksums do not say by themselves that they are the same. */
export async function compareCopy(from: MediaStore, object: StoredObject, to: MediaStore, written: StoredObject): Promise<void> {
  if (object.checksum === undefined || object.checksum === written.checksum) return;
  if (await sameContent(from, object, objectSource(to, written))) return;
  await to.delete(written.key);
  throw new StoreError(pathIn(to, written.key), 'damaged');
}

/** Does something with many files, `most` at a time. @param task gives the number of bytes that went */
export async function forEachFile(
  paths: readonly string[],
  { skipFailures = false, progress }: FilesOptions,
  task: (path: string, index: number) => Promise<number>,
  most = FILES_AT_ONCE,
): Promise<FilesReport> {
  let [files, bytes] = [0, 0];
  const failed: { path: string; error: Error }[] = [];
  await atOnce(paths, most, async (path, index) => {
    try {
      const size = await task(path, index);
      bytes += size;
      files++;
      progress?.({ files, bytes });
    } catch (error) {
      if (!skipFailures || !(error instanceof StoreError)) throw error;
      failed.push({ path, error });
    }
  });
  return { done: files, bytes, failed };
}

function paired(inpaths: readonly string[], outpaths: readonly string[]): void {
  if (inpaths.length === outpaths.length) return;
  throw new UsageError(`there are ${inpaths.length} paths to read and ${outpaths.length} to write`);
}
