import { createWriteStream } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../../errors.js';
import type { ArchiveExtension } from '../layout.js';

/** Refuses archives that can be named but not written. @throws UsageError */
export function checkArchive(extension: ArchiveExtension): void {
  if (['.zip', '.tar', '.tar.gz', '.tgz'].includes(extension)) return;
  throw new UsageError(`cannot write ${extension} archives`, { hint: 'use .zip, .tar or .tar.gz' });
}

/**
 * Puts a folder into an archive.
 *
 * @param top the one folder at the top of the archive, which has the content of `folder`
 * @param tell is told the name of each file. @throws to end it
 */
export async function writeArchive(
  folder: string,
  top: string,
  path: string,
  extension: ArchiveExtension,
  tell: (name: string) => void,
): Promise<void> {
  if (extension === '.zip') await writeZip(folder, top.replaceAll('\\', '-'), path, tell);
  else await writeTar(folder, top, path, extension !== '.tar', tell);
  const file = await open(path, 'r+');
  await file.sync();
  await file.close();
}

async function writeTar(folder: string, top: string, path: string, gzip: boolean, tell: (name: string) => void): Promise<void> {
  const { create } = await import('tar');
  const filter = (name: string) => {
    tell(name);
    return true;
  };
  await create({ file: path, cwd: folder, prefix: top, gzip: gzip && { level: 6 }, portable: true, filter }, ['.']);
}

async function writeZip(folder: string, top: string, path: string, tell: (name: string) => void): Promise<void> {
  const { ZipFile } = await import('yazl');
  const zip = new ZipFile();
  const written = pipeline(zip.outputStream, createWriteStream(path));
  zip.addEmptyDirectory(top);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const full = join(entry.parentPath, entry.name);
    const name = `${top}/${full.slice(folder.length + 1)}`;
    if (entry.isDirectory()) zip.addEmptyDirectory(name);
    else zip.addFile(full, name);
    tell(name);
  }
  zip.end();
  await written;
}
