import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isAlive } from '../../database/lock-file.js';
import { ImportError, UsageError } from '../../errors.js';
import { shellWord } from '../../shell-word.js';
import { type ArchiveExtension, archiveExtension } from '../layout.js';
import { type ArchiveEntry, reasonsToRefuse } from './archive-entries.js';
import { isExtractedFrom, noteExtracted } from './extracted-note.js';
import { checked, eachZipEntry } from './zip-entries.js';

/** The type of a file, in the mode of a zip entry, and what it is for files. */
const MODE = { type: 0o170000, file: 0o100000 };

/**
 * Extracts an archive next to itself, into a folder of its name without the extension. If that folder exists and was extracted
 * from this very archive, it is used as it is.
 *
 * @returns the folder, and whether it was there already
 * @throws ImportError before anything is extracted, for what reaches out of the folder or does not fit on the disk, or when the
 * folder is another one
 */
export async function extractArchive(given: string): Promise<{ folder: string; wasThere: boolean }> {
  const path = resolve(given);
  const extension = archiveExtension(path);
  if (extension === undefined) {
    throw new UsageError(`${given} is no archive`, { hint: 'give a .zip, .tar, .tar.gz or .tgz file, or a folder' });
  }
  const folder = path.slice(0, -extension.length);
  checkReadable(extension, given, folder);
  if (!(await exists(path))) throw new ImportError(given, ['there is no such file']);
  if (await exists(folder)) {
    if (await isExtractedFrom(folder, path)) return { folder, wasThere: true };
    throw new ImportError(
      given,
      [`it would be extracted to ${folder}, which is there already and is not from this archive as it is now`],
      `import that folder, if it is meant: fiftyone datasets import ${shellWord(folder)}; else rename the archive, and leave the folder if a dataset has its media there`,
    );
  }
  await removeDead(folder);
  const partial = `${folder}${PARTIAL}${process.pid}`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial);
  try {
    const content = await extractInto(path, partial);
    await noteExtracted(content, path);
    await rename(content, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return { folder, wasThere: false };
}

function checkReadable(extension: ArchiveExtension | undefined, given: string, folder: string): void {
  if (extension !== undefined && ['.zip', '.tar', '.tar.gz', '.tgz'].includes(extension)) return;
  throw new UsageError(`${extension} archives cannot be read`, { hint: `extract ${given} to ${folder}, and import that folder` });
}

/**
 * Extracts an archive into an empty folder.
 *
 * @returns the folder in it that has the export
 * @throws ImportError before anything is extracted, for what reaches out of the folder or does not fit on the disk
 */
export async function extractInto(path: string, folder: string): Promise<string> {
  const extension = archiveExtension(path);
  checkReadable(extension, path, folder);
  const isZip = extension === '.zip';
  const { size } = await stat(path).catch((error) => {
    throw error.code === 'ENOENT' ? new ImportError(path, ['there is no such file']) : error;
  });
  const { bavail, bsize } = await statfs(folder);
  const entries = await damaged(path, () => (isZip ? listZip(path) : listTar(path)));
  const reasons = reasonsToRefuse(entries, size, bavail * bsize);
  if (reasons.length > 0) throw new ImportError(path, reasons, 'nothing was extracted');
  await damaged(path, () => (isZip ? unzip(path, folder) : untar(path, folder)));
  return await contentOf(folder, basename(path).slice(0, -(extension as string).length), path);
}

const PARTIAL = '.extracting-';

/** Removes what processes that died have extracted only in part. */
async function removeDead(folder: string): Promise<void> {
  const prefix = `${basename(folder)}${PARTIAL}`;
  for (const name of await readdir(dirname(folder))) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : Number.NaN;
    if (Number.isInteger(pid) && !isAlive(pid)) await rm(join(dirname(folder), name), { recursive: true, force: true });
  }
}

/** The folder with the export: of the archive's name, or the only one, or all there is. */
async function contentOf(partial: string, name: string, archive: string): Promise<string> {
  const names = await readdir(partial);
  const only = names.length === 1 ? names : [];
  for (const candidate of [name, ...only, '.']) {
    const folder = join(partial, candidate);
    const files = (await isFolder(folder)) ? await readdir(folder) : [];
    if (files.includes('metadata.json') || files.includes('samples.json')) return folder;
  }
  throw new ImportError(archive, [`expected a folder '${name}' with a metadata.json in it`], 'is it an export of a dataset?');
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function damaged<T>(archive: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    // errors of the system carry what was called
    if (error instanceof ImportError || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    throw new ImportError(archive, [`it is damaged: ${(error as Error).message}`], 'copy or export it again');
  }
}

async function listTar(file: string): Promise<ArchiveEntry[]> {
  const { list } = await import('tar');
  const kinds = new Map<string, ArchiveEntry['kind']>([
    ['Directory', 'folder'],
    ['SymbolicLink', 'link'],
    ['Link', 'link'],
  ]);
  const entries: ArchiveEntry[] = [];
  await list({
    file,
    strict: true,
    onReadEntry: ({ path: name, type, size, linkpath }) => {
      const isFile = ['File', 'OldFile', 'ContiguousFile'].includes(type);
      // the target of a hard link is a path within the archive
      const target = type === 'Link' ? `${'../'.repeat(name.split('/').length - 1)}${linkpath}` : linkpath;
      entries.push({ name, kind: isFile ? 'file' : (kinds.get(type) ?? 'other'), size, ...(target ? { target } : {}) });
    },
  });
  return entries;
}

async function untar(file: string, cwd: string): Promise<void> {
  const { extract } = await import('tar');
  await extract({ file, cwd, strict: true, noChmod: true, noMtime: true });
}

async function listZip(file: string): Promise<ArchiveEntry[]> {
  const entries: ArchiveEntry[] = [];
  await eachZipEntry(file, async (name, entry) => {
    const type = (entry.externalFileAttributes >>> 16) & MODE.type;
    const kind = name.endsWith('/') ? 'folder' : type === 0 || type === MODE.file ? 'file' : 'other';
    entries.push({ name, kind, size: entry.uncompressedSize });
  });
  return entries;
}

async function unzip(file: string, cwd: string): Promise<void> {
  await eachZipEntry(file, async (name, entry, zip) => {
    const target = join(cwd, name);
    if (name.endsWith('/')) {
      await mkdir(target, { recursive: true });
      return;
    }
    await mkdir(dirname(target), { recursive: true });
    const written = createWriteStream(target, { flags: 'wx' });
    await pipeline(await zip.openReadStreamPromise(entry), checked(name, entry), written);
  });
}
