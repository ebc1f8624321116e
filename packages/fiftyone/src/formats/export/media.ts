import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { isScene } from '../../dataset-media/scene-assets.js';
import { UsageError } from '../../errors.js';
import { isRemotePath } from '../../media/remote-path.js';
import { DATA, FIELDS } from '../layout.js';
import type { CloudMedia } from './cloud-media.js';
import type { ExportMedia } from './export-options.js';
import { FileNames } from './file-names.js';
import { mapScenePaths } from './scene.js';

export interface MediaOptions {
  readonly mode: ExportMedia;
  readonly cloud: CloudMedia;
  readonly relDir?: string | undefined;
  readonly chunkSize?: number | undefined;
  readonly noBackslashes?: boolean | undefined;
  /** A folder with an earlier export, whose files are not to be replaced by others. */
  readonly beside?: string | undefined;
}

/** A file that belongs into the export. */
export interface MediaFile {
  /** Absolute and normalised, or the address of a file in a store. */
  readonly from: string;
  readonly isRemote: boolean;
  /** Relative to the export, with `/` between its parts. */
  readonly to: string;
  /** Whether it is a 3D scene, which names other files. */
  readonly isScene: boolean;
}

/** Decides which files belong into an export, and what they are called there. */
export class Media {
  readonly files: MediaFile[] = [];
  /** Paths that lead nowhere that is known here (`hdfs://…`), and stay as they are. */
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
  scene({ from, to, isRemote }: MediaFile, text: string): string | undefined {
    const leadsTo = (asset: string): string | undefined => {
      if (isRemote) return this.options.cloud.beside(from, asset);
      return isRemotePath(asset) ? asset : resolve(dirname(from), asset);
    };
    return mapScenePaths(text, (asset) => {
      const path = leadsTo(asset);
      const place = path === undefined ? undefined : this.#place(DATA, path);
      return place === undefined ? asset : relative(dirname(to), place);
    });
  }

  /** Finds the files that a scene names, if it can be read on this machine: their names come right after its own. */
  placeAssets(scene: MediaFile): void {
    const at = scene.isRemote ? this.options.cloud.sceneAt(scene.from) : scene.from;
    if (at === undefined) return;
    try {
      this.scene(scene, readFileSync(at, 'utf8'));
    } catch (error) {
      // one that is missing is found later, with all others; one that is no JSON is a file like any other
      if (!(error instanceof SyntaxError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }

  #place(folder: string, given: string): string | undefined {
    const { mode, cloud } = this.options;
    const path = sourceOf(given);
    const isRemote = isRemotePath(path);
    if (isRemote && !cloud.has(path)) {
      this.remote.add(path);
      return undefined;
    }
    if (isRemote && mode !== true) {
      throw new UsageError(`media in a store cannot be ${mode === 'move' ? 'moved into' : 'linked from'} an export: ${path}`, {
        hint: 'copy the media (exportMedia: true, --export-media true), or leave them where they are (false)',
      });
    }
    const names = this.#folders.get(folder) ?? this.#namesIn(folder);
    this.#folders.set(folder, names);
    const known = names.find(path);
    if (known !== undefined) return `${folder}/${known}`;
    const named = isRemote ? cloud.named(path) : path;
    const to = `${folder}/${names.of(path, named)}`;
    const file: MediaFile = { from: path, to, isRemote, isScene: folder === DATA && isScene(named) };
    this.files.push(file);
    if (file.isScene) this.placeAssets(file);
    return file.to;
  }

  #namesIn(folder: string): FileNames {
    const { relDir, chunkSize, noBackslashes = false, beside } = this.options;
    const chunkName = folder.slice(folder.indexOf('/') + 1);
    const isTaken = (name: string, path: string) => !isSameOrFree(path, join(beside as string, folder, name));
    return new FileNames({ relDir, chunkSize, chunkName, noBackslashes, ...(beside === undefined ? {} : { isTaken }) });
  }
}

/** The file that a path stands for: on this machine in one spelling, elsewhere as it is. */
export function sourceOf(path: string): string {
  return isRemotePath(path) ? path : resolve(path);
}

/** Whether there is nothing at a path, or the same as in a file of this machine. */
function isSameOrFree(file: string, path: string): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  if (!there) return true;
  // to compare with a file elsewhere, all of it would have to come here first
  if (isRemotePath(file)) return false;
  const here = statSync(file, { throwIfNoEntry: false });
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
