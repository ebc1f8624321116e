import { stat } from 'node:fs';
import { checksumOf, type KnownContent, partSize } from '../checksum.js';
import { type FileStamp, fileError, objectSource, stampOf, withFile } from '../source.js';
import { type MediaStore, pathIn, type StoredObject } from '../store.js';
import { StoreError } from '../store-error.js';
import type { ChecksumMemory } from './checksum-memory.js';

/** What a file of this machine is like now. @throws StoreError */
export function fileStamp(path: string): Promise<FileStamp> {
  return new Promise((resolve, reject) => {
    stat(path, { bigint: true }, (error, found) => {
      if (error) return reject(fileError(path, error));
      found.isFile() ? resolve(stampOf(found)) : reject(new StoreError(path, 'refused', 'not a file'));
    });
  });
}

/** In milliseconds, as it is kept in the table. */
export function modifiedMs({ mtimeNs }: FileStamp): number {
  return Number(mtimeNs / 1000n) / 1000;
}

/** The content of a file of this machine; it is read only if the memory does not know its checksum. */
export function localContent(path: string, stamp: FileStamp, memory: ChecksumMemory): KnownContent {
  const checksum = async (part: number): Promise<string> => {
    const known = await memory.find(path, stamp, part);
    if (known !== undefined) return known;
    const since = Date.now();
    return await withFile(path, async (source) => {
      const found = await checksumOf(source, part);
      await memory.keep(path, source.stamp, part, found, since);
      return found;
    });
  };
  return { size: stamp.size, checksum };
}

/** The content of an object of a store; it is read only if the store does not tell the checksum. */
export function objectContent(
  store: MediaStore,
  { key, size }: Pick<StoredObject, 'key' | 'size'>,
  known: string | undefined,
): KnownContent {
  const checksum = async (part: number): Promise<string> => {
    const isWhole = part >= size;
    if (isWhole && known !== undefined && !known.includes('-')) return known;
    // parts of others may be of another size, but seldom come to the same number
    if (!isWhole && part === partSize(size) && known?.endsWith(`-${Math.ceil(size / part)}`)) return known;
    const object = await store.stat(key);
    if (object === undefined) throw new StoreError(pathIn(store, key), 'missing');
    return await checksumOf(objectSource(store, object), part);
  };
  return { size, checksum };
}
