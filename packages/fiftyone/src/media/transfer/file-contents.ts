import { accessSync, constants, statSync } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { budget } from '../budget.js';
import { checksumOf, type KnownContent, partSize } from '../checksum.js';
import { type FileStamp, fileError, objectSource, stampOf, withFile } from '../source.js';
import { type MediaStore, pathIn, type StoredObject } from '../store.js';
import { StoreError } from '../store-error.js';
import { askDisk } from './ask-disk.js';
import type { ChecksumMemory } from './checksum-memory.js';
import { shownPath } from './shown-path.js';

/** How many files are read at once to know their checksums. */
const reading = budget(8);

/** What a file of this machine that can be read is like now. @throws StoreError */
export async function fileStamp(path: string): Promise<FileStamp> {
  try {
    const found = await askDisk(
      () => {
        accessSync(path, constants.R_OK);
        return statSync(path, { bigint: true });
      },
      async () => {
        await access(path, constants.R_OK);
        return await stat(path, { bigint: true });
      },
    );
    if (!found.isFile()) throw new StoreError(path, 'refused', 'not a file');
    return stampOf(found);
  } catch (error) {
    throw fileError(path, error);
  }
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
    return await reading(1, async () => {
      const since = Date.now();
      return await withFile(path, async (source) => {
        const found = await checksumOf(source, part);
        await memory.keep(path, source.stamp, part, found, since);
        return found;
      });
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
    if (object === undefined) throw new StoreError(shownPath(pathIn(store, key)), 'missing');
    return await checksumOf(objectSource(store, object), part);
  };
  return { size, checksum };
}
