import { basename, extname, isAbsolute, join, relative, sep } from 'node:path';
import { LONGEST_NAME, standIn } from '../../media/file-name.js';
import { isRemotePath, pathBelowRemote } from '../../media/remote-path.js';

export interface FileNamesOptions {
  /** Keep the paths below this folder. What is not in it is named like all else. */
  readonly relDir?: string | undefined;
  /** So many files per folder. */
  readonly chunkSize?: number | undefined;
  /** The name of the folders, up to their number. */
  readonly chunkName: string;
  /** Whether `\` in a name becomes `-`: to readers of zip archives it is a `/`. Default: false */
  readonly noBackslashes?: boolean;
  /** Whether a file cannot have a name, for a reason from outside. */
  readonly isTaken?: (name: string, path: string) => boolean;
}

/**
 * Gives every file a name of its own in one folder. Of files with equal names the second becomes `name-2.ext`; the same file
 * has one name, however often it is asked for.
 */
export class FileNames {
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  readonly #taken = new Set<string>();
  readonly #folders = new Set<string>();

  constructor(readonly options: FileNamesOptions) {}

  /** The name of a file if it has one already. @param path absolute and normalised */
  find(path: string): string | undefined {
    return this.#names.get(path);
  }

  /**
   * The name of a file, relative to the folder, with `/` between its parts.
   *
   * @param path absolute and normalised, or the address of a file in a store
   * @param address what to name it for, if the path says more than where it is
   */
  of(path: string, address = path): string {
    const known = this.#names.get(path);
    if (known !== undefined) return known;
    const [folder, wanted] = this.#wanted(address);
    let name: string;
    do {
      const count = (this.#counts.get(wanted) ?? 0) + 1;
      this.#counts.set(wanted, count);
      name = folder + (count === 1 ? wanted : numbered(wanted, count));
    } while (this.#taken.has(name) || this.#folders.has(name) || this.options.isTaken?.(name, path));
    this.#names.set(path, name);
    this.#taken.add(name);
    for (const above of foldersOf(name)) this.#folders.add(above);
    return name;
  }

  #wanted(path: string): [folder: string, name: string] {
    const { relDir, chunkSize, chunkName, noBackslashes = false } = this.options;
    const possible = isRemotePath(path) ? possibleName : (name: string) => name;
    const good = (name: string) => (noBackslashes ? name.replaceAll('\\', '-') : name);
    const inside =
      relDir === undefined ? undefined : pathBelow(relDir, path)?.replaceAll(sep, '/').split('/').map(possible).join('/');
    // in a store there may be a file `a` and a file `a/b`
    if (inside !== undefined && !foldersOf(inside).some((folder) => this.#taken.has(folder))) return ['', good(inside)];
    const folder = chunkSize && relDir === undefined ? `${chunkName}_${Math.floor(this.#names.size / chunkSize)}/` : '';
    return [folder, good(possible(safe(basename(path))))];
  }
}

/** The path relative to a folder, or undefined if it is not in it. */
export function pathBelow(folder: string, path: string): string | undefined {
  if (isRemotePath(folder)) return pathBelowRemote(folder, path);
  if (isRemotePath(path)) return undefined;
  const inside = relative(folder, path);
  return inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside) ? undefined : inside;
}

/** A name that is good in an URL as well, as the real client does it. */
function safe(name: string): string {
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  return stem.replaceAll('%', '-') + (extension.split('?')[0] as string);
}

function numbered(name: string, count: number): string {
  const file = basename(name);
  const extension = extname(file);
  return join(name.slice(0, name.length - file.length), `${file.slice(0, file.length - extension.length)}-${count}${extension}`);
}

/** The folders above a name, the outermost first. */
function foldersOf(name: string): string[] {
  const names = name.split('/').slice(0, -1);
  return names.map((_, i) => names.slice(0, i + 1).join('/'));
}

/** A number may come behind it. */
const ROOM_FOR_NUMBER = 15;

/** The name itself, or what stands for it where no disk takes it. */
function possibleName(name: string): string {
  const isPossible = !['', '.', '..'].includes(name) && Buffer.byteLength(name) <= LONGEST_NAME - ROOM_FOR_NUMBER;
  return isPossible ? name : standIn(name);
}
