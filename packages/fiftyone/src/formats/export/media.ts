import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { DATA, FIELDS } from '../layout.js';
import { FileNames } from './file-names.js';
import { mapScenePaths } from './scene.js';

export interface MediaOptions {
  readonly relDir?: string | undefined;
  readonly chunkSize?: number | undefined;
  readonly noBackslashes?: boolean | undefined;
  /** A folder with an earlier export, whose files are not to be replaced by others. */
  readonly beside?: string | undefined;
}

/** A file that belongs into the export. */
export interface MediaFile {
  /** Absolute and normalised. */
  readonly from: string;
  /** Relative to the export, with `/` between its parts. */
  readonly to: string;
  /** Whether it is a 3D scene, which names other files. */
  readonly isScene: boolean;
}

/** Decides which files belong into an export, and what they are called there. */
export class Media {
  readonly files: MediaFile[] = [];
  /** Paths that are no files of this machine (`s3://…`), and stay as they are. */
  readonly remote = new Set<string>();
  readonly #folders = new Map<string, FileNames>();
  readonly #frames = new Map<string, string>();

  constructor(readonly options: MediaOptions) {}

  /** The path in the export of a `filepath`. */
  ofSample(path: string): string {
    return this.#place(DATA, path) ?? path;
  }

  /** The path in the export of another media field's value. */
  ofField(field: string, path: string): string {
    return this.#place(`${FIELDS}/${field}`, path) ?? path;
  }

  /** The same for a frame: a file is there once, whichever fields name it. */
  ofFrame(field: string, path: string): string {
    const known = this.#frames.get(path);
    if (known !== undefined) return known;
    const place = this.#place(`${FIELDS}/${field}`, path);
    if (place !== undefined) this.#frames.set(path, place);
    return place ?? path;
  }

  /** Where the media of frames are in the export, by what the frames call them. */
  get frames(): ReadonlyMap<string, string> {
    return this.#frames;
  }

  /** The text of a scene in which every path leads to the file in the export, or undefined if it is good as it is. */
  scene({ from, to }: MediaFile, text: string): string | undefined {
    return mapScenePaths(text, (asset) => {
      const place = this.#place(DATA, resolve(dirname(from), asset));
      return place === undefined || isRemote(asset) ? asset : relative(dirname(to), place);
    });
  }

  #place(folder: string, given: string): string | undefined {
    if (isRemote(given)) {
      this.remote.add(given);
      return undefined;
    }
    const path = resolve(given);
    const names = this.#folders.get(folder) ?? this.#namesIn(folder);
    this.#folders.set(folder, names);
    const known = names.find(path);
    if (known !== undefined) return `${folder}/${known}`;
    const file: MediaFile = {
      from: path,
      to: `${folder}/${names.of(path)}`,
      isScene: folder === DATA && extname(path).toLowerCase() === '.fo3d',
    };
    this.files.push(file);
    if (file.isScene) this.#placeAssets(file);
    return file.to;
  }

  /** The names of a scene's files come right after its own. */
  #placeAssets(scene: MediaFile): void {
    try {
      this.scene(scene, readFileSync(scene.from, 'utf8'));
    } catch (error) {
      // one that is missing is found later, with all others; one that is no JSON is a file like any other
      if (!(error instanceof SyntaxError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }

  #namesIn(folder: string): FileNames {
    const { relDir, chunkSize, noBackslashes = false, beside } = this.options;
    const chunkName = folder.slice(folder.indexOf('/') + 1);
    const isTaken = (name: string, path: string) => !isSameOrFree(path, join(beside as string, folder, name));
    return new FileNames({ relDir, chunkSize, chunkName, noBackslashes, ...(beside === undefined ? {} : { isTaken }) });
  }
}

function isRemote(path: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(path);
}

/** Whether there is nothing at a path, or the same as in a file. */
function isSameOrFree(file: string, path: string): boolean {
  const [there, here] = [statSync(path, { throwIfNoEntry: false }), statSync(file, { throwIfNoEntry: false })];
  if (!there) return true;
  return (here?.isFile() ?? false) && there.isFile() && here?.size === there.size && sameContent(file, path);
}

const BLOCK = 2 ** 20;

function sameContent(a: string, b: string): boolean {
  const [left, right] = [openSync(a, 'r'), openSync(b, 'r')];
  try {
    const [leftBlock, rightBlock] = [Buffer.allocUnsafe(BLOCK), Buffer.allocUnsafe(BLOCK)];
    for (;;) {
      const [read, other] = [readSync(left, leftBlock), readSync(right, rightBlock)];
      if (read !== other || !leftBlock.subarray(0, read).equals(rightBlock.subarray(0, read))) return false;
      if (read === 0) return true;
    }
  } finally {
    closeSync(left);
    closeSync(right);
  }
}
