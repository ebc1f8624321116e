import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isRemotePath } from '../../media/remote-path.js';

/** Counts the media of an export that are not on this machine, though they should be, with one look per folder. */
export class MediaSeen {
  readonly #folders = new Map<string, ReadonlySet<string>>();
  /** How many paths of samples there were. */
  paths = 0;
  missing = 0;
  /** The first that is not there. */
  first: string | undefined;

  look(path: string): void {
    if (isRemotePath(path)) return;
    const folder = dirname(path);
    const names = this.#folders.get(folder) ?? namesIn(folder);
    this.#folders.set(folder, names);
    // names may be written in more than one way on some systems
    if (names.has(basename(path)) || existsSync(path)) return;
    this.missing++;
    this.first ??= path;
  }
}

function namesIn(folder: string): ReadonlySet<string> {
  try {
    return new Set(readdirSync(folder));
  } catch {
    return new Set();
  }
}
