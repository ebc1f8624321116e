import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { checksumOf, checksumOfParts, md5 as md5Of, partSize } from './checksum.js';
import { fileError, withFile } from './source.js';
import type { Condition, MediaStore, StoredObject } from './store.js';
import { StoreError } from './store-error.js';

/** How files begin that are not finished; they are in no list. */
const UNFINISHED = '.fiftyone-unfinished-';

/**
 * A folder as a store. Keys have slashes on every platform; one that would leave the folder is refused. A file appears
 * under its key when it is complete. That a version is still there is checked a moment before it is replaced.
 */
export function localStore(folder: string): MediaStore {
  const root = folder.endsWith(sep) ? folder : `${folder}${sep}`;

  const pathOf = (key: string): string => {
    const names = key.split('/');
    const isBad = names.some((name) => ['', '.', '..'].includes(name) || name.includes('\0') || name.includes(sep));
    if (isBad) throw new StoreError(`${root}${key}`, 'refused', 'this is not the name of a file below the folder');
    return join(root, ...names);
  };

  const found = async (key: string): Promise<StoredObject | undefined> => {
    const path = pathOf(key);
    try {
      const info = await stat(path, { bigint: true });
      if (!info.isFile()) return undefined;
      const { size, mtimeNs, ino, mtime } = info;
      return { key, size: Number(size), modified: mtime, version: `${mtimeNs}-${size}-${ino}`, checksum: undefined };
    } catch (error) {
      const trouble = fileError(path, error);
      if (trouble.trouble === 'missing') return undefined;
      throw trouble;
    }
  };

  /** Puts a finished file in its place. */
  const place = async (unfinished: string, key: string, condition: Condition | undefined): Promise<void> => {
    const path = pathOf(key);
    try {
      if (condition === undefined) return await rename(unfinished, path);
      if ('ifVersion' in condition) {
        if ((await found(key))?.version !== condition.ifVersion) throw new StoreError(path, 'taken');
        return await rename(unfinished, path);
      }
      await link(unfinished, path);
      await unlink(unfinished);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new StoreError(path, 'taken');
      throw fileError(path, error);
    }
  };

  const unfinishedFor = async (key: string): Promise<string> => {
    const at = dirname(pathOf(key));
    try {
      await mkdir(at, { recursive: true });
    } catch (error) {
      throw fileError(at, error);
    }
    return join(at, `${UNFINISHED}${randomUUID()}`);
  };

  const placed = async (unfinished: string, key: string, checksum: string, condition?: Condition): Promise<StoredObject> => {
    try {
      await place(unfinished, key, condition);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
    const object = await found(key);
    if (object === undefined) throw new StoreError(pathOf(key), 'changed', 'it is gone again');
    return { ...object, checksum };
  };

  /** What a folder holds: files and the folders below it, which both may go with the prefix. */
  async function inFolder(from: string, prefix: string): Promise<{ objects: StoredObject[]; folders: string[] }> {
    const at = from === '' ? root : pathOf(from.slice(0, -1));
    const entries = await readdir(at, { withFileTypes: true }).catch((error) => {
      const trouble = fileError(at, error);
      if (trouble.trouble === 'missing') return [];
      throw trouble;
    });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${from}${name}/`);
    const names = entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith(UNFINISHED));
    const keys = names.map(({ name }) => `${from}${name}`).filter((key) => key.startsWith(prefix));
    const objects: StoredObject[] = [];
    for (let i = 0; i < keys.length; i += 64) {
      const some = await Promise.all(keys.slice(i, i + 64).map(found));
      objects.push(...some.filter((object) => object !== undefined));
    }
    return { objects, folders: folders.filter((key) => key.startsWith(prefix) || prefix.startsWith(key)) };
  }

  return {
    root,
    isLocal: true,
    stat: found,
    async *read(key, { start = 0, end, ifVersion } = {}) {
      const path = pathOf(key);
      if (ifVersion !== undefined && (await found(key))?.version !== ifVersion) throw new StoreError(path, 'changed');
      if (end !== undefined && end <= start) return;
      try {
        yield* createReadStream(path, { start, ...(end === undefined ? {} : { end: end - 1 }) });
      } catch (error) {
        throw fileError(path, error);
      }
    },
    async list(prefix, { shallow = false, page } = {}) {
      // a page is a folder, and says which folders are left
      const [from, ...left]: string[] = page === undefined ? [prefix.slice(0, prefix.lastIndexOf('/') + 1)] : JSON.parse(page);
      const { objects, folders } = await inFolder(from as string, prefix);
      const next = shallow ? [] : [...folders, ...left];
      return { objects, next: next.length === 0 ? undefined : JSON.stringify(next) };
    },
    async put(key, content, md5, condition) {
      const path = pathOf(key);
      if (md5Of(content) !== md5) throw new StoreError(path, 'damaged');
      const unfinished = await unfinishedFor(key);
      await writeFile(unfinished, content, { flag: 'wx' }).catch(async (error) => {
        await rm(unfinished, { force: true });
        throw fileError(path, error);
      });
      return await placed(unfinished, key, md5, condition);
    },
    async beginParts(key, size) {
      const id = await unfinishedFor(key);
      await writeFile(id, '', { flag: 'wx' }).catch((error) => {
        throw fileError(pathOf(key), error);
      });
      return { key, id, size, parts: new Map() };
    },
    async putPart({ key, id, size }, number, content, md5) {
      const path = pathOf(key);
      if (md5Of(content) !== md5) throw new StoreError(path, 'damaged');
      try {
        const file = await open(id, 'r+');
        try {
          await file.write(content, 0, content.length, (number - 1) * partSize(size));
        } finally {
          await file.close();
        }
      } catch (error) {
        throw fileError(path, error);
      }
      return { number, size: content.length, md5, tag: md5 };
    },
    async finishParts({ key, id, size }, parts, condition) {
      const checksum = checksumOfParts(parts.map(({ md5 }) => md5));
      // several machines may write to one folder, and a disk can be full or broken
      const written = await withFile(id, async (file) => file.size === size && (await checksumOf(file)) === checksum);
      if (!written) throw new StoreError(pathOf(key), 'damaged');
      return await placed(id, key, checksum, condition);
    },
    dropParts: ({ id }) => rm(id, { force: true }),
    async delete(key) {
      const path = pathOf(key);
      try {
        if ((await lstat(path)).isDirectory()) return;
        await unlink(path);
      } catch (error) {
        const trouble = fileError(path, error);
        if (trouble.trouble !== 'missing') throw trouble;
      }
    },
  };
}
