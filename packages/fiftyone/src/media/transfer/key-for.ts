import { lstatSync } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { StoreError } from '../store-error.js';
import { askDisk } from './ask-disk.js';
import { shownPath } from './shown-path.js';

/** The longest key that every store takes, in bytes. */
export const LONGEST_KEY = 1024;

/** Gives a media file its key below the folder it goes to. @throws StoreError `refused` if it must have none, `missing` */
export type KeyFor = (path: string) => Promise<string>;

/** How many folders are remembered with what they really are. */
const MOST_FOLDERS = 10_000;

/**
 * Keys of media: the name of a file, or with `relDir` its path below that folder. Nothing in a name is changed. With `relDir` a file
 * that is elsewhere is refused, also if only a symbolic link or `..` leads there.
 *
 * @param relDir a folder of this machine or of any store
 */
export function keyFor({ relDir }: { readonly relDir?: string | undefined } = {}): KeyFor {
  if (relDir === undefined) return async (path) => checked(path, nameOf(path));
  const isRemote = /^[a-z][a-z0-9+.-]+:\/\//i;
  if (isRemote.test(relDir)) {
    const folder = relDir.endsWith('/') ? relDir : `${relDir}/`;
    return async (path) => checked(path, path.startsWith(folder) ? path.slice(folder.length) : undefined, relDir);
  }
  const base = resolve(relDir);
  const real = remembering(realpath);
  return async (path) => {
    if (isRemote.test(path)) return checked(path, undefined, relDir);
    const absolute = resolve(path);
    const inside = below(base, absolute);
    if (inside === undefined) return checked(path, undefined, relDir);
    // what is not there is not for us to tell
    const [folder, file] = await Promise.all([real(base), realFile(absolute, real)]).catch(() => [undefined, undefined]);
    const isInside = folder === undefined || file === undefined || below(folder, file) !== undefined;
    return checked(path, isInside ? inside.replaceAll(sep, '/') : undefined, relDir);
  };
}

/** Where a file really is. Most are no links, and many are in one folder. */
async function realFile(path: string, real: (folder: string) => Promise<string>): Promise<string> {
  const found = await askDisk(
    () => lstatSync(path),
    () => lstat(path),
  );
  return found.isSymbolicLink() ? await realpath(path) : join(await real(dirname(path)), basename(path));
}

function checked(path: string, key: string | undefined, relDir?: string): string {
  if (key === undefined)
    throw new StoreError(shownPath(path), 'refused', `it is not in ${relDir}`, 'correct relDir, or leave it out');
  if (Buffer.byteLength(key) > LONGEST_KEY)
    throw new StoreError(shownPath(path), 'refused', `its key would be longer than ${LONGEST_KEY} bytes`);
  const isBad = key.split('/').some((name) => ['', '.', '..'].includes(name));
  if (isBad) throw new StoreError(shownPath(path), 'refused', 'it does not have the name of a file');
  return key;
}

function nameOf(path: string): string {
  const plain = /^https?:\/\//i.test(path) ? path.replace(/[?#].*$/s, '') : path;
  const local = /^[a-z][a-z0-9+.-]+:\/\//i.test(plain) ? plain : plain.replaceAll(sep, '/');
  return local.slice(local.lastIndexOf('/') + 1);
}

function below(folder: string, path: string): string | undefined {
  const inside = relative(folder, path);
  return inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside) ? undefined : inside;
}

function remembering(ask: (folder: string) => Promise<string>): (folder: string) => Promise<string> {
  const known = new Map<string, Promise<string>>();
  return (folder) => {
    const found = known.get(folder);
    if (found !== undefined) return found;
    if (known.size >= MOST_FOLDERS) known.clear();
    const asked = ask(folder);
    known.set(folder, asked);
    return asked;
  };
}
