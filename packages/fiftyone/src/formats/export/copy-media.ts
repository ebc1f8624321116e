import { constants, copyFile, lstat, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ExportMedia } from './export-options.js';
import type { Media, MediaFile } from './media.js';
import { type Move, type MoveJournal, moveFile } from './move-journal.js';

/** How many files are looked at or copied at once. */
const ABREAST = 16;

/** Sizes of files in bytes, and why some cannot be exported. */
export interface Checked {
  readonly sizes: ReadonlyMap<string, number>;
  readonly bad: ReadonlyMap<string, string>;
}

/** Looks whether files are there and can be exported. */
export async function checkFiles(paths: ReadonlySet<string>, tell: (done: number) => void): Promise<Checked> {
  const sizes = new Map<string, number>();
  const problems = new Map<string, string>();
  let done = 0;
  await abreast(paths, async (path) => {
    try {
      const found = await stat(path);
      if (found.isFile()) sizes.set(path, found.size);
      else problems.set(path, 'is no file');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      problems.set(path, code === 'ENOENT' || code === 'ENOTDIR' ? 'is missing' : `cannot be read (${code})`);
    }
    tell(++done);
  });
  // in the order of the samples, not of the answers
  const bad = [...paths].flatMap((path) => (problems.has(path) ? [[path, problems.get(path) as string] as const] : []));
  return { sizes, bad: new Map(bad) };
}

export interface MediaToCopy {
  readonly media: Media;
  readonly files: readonly MediaFile[];
  /** Where the export is made, and where it will be. */
  readonly folder: string;
  readonly place: string;
  readonly mode: Exclude<ExportMedia, false>;
  readonly journal: MoveJournal;
  /** An empty folder, for what is moved away and has another content in the export. */
  readonly originals: string;
  /** Is told after each file. @throws to end it */
  readonly tell: (file: MediaFile) => void;
}

/** Brings media into the export. What is to be moved is copied where it is there twice, and moved last. */
export async function copyMedia({ media, files, folder, place, mode, journal, originals, tell }: MediaToCopy): Promise<void> {
  const folders = new Set(files.map(({ to }) => dirname(join(folder, to))));
  for (const path of folders) await mkdir(path, { recursive: true });
  const last = new Map(files.map((file) => [file.from, file]));
  const moves = new Map<MediaFile, Move>();
  await abreast(files, async (file) => {
    const to = join(folder, file.to);
    if (await isSameFile(file.from, join(place, file.to))) return tell(file);
    const scene = file.isScene ? textOfScene(media, file, await readFile(file.from, 'utf8')) : undefined;
    if (scene !== undefined) await writeFile(to, scene);
    if (mode === 'move' && last.get(file.from) === file) {
      const away = scene === undefined ? to : join(originals, String(moves.size));
      return void moves.set(file, { from: file.from, to: away, becomes: file.to });
    }
    if (mode === 'symlink' && scene === undefined) await symlink(file.from, to);
    else if (scene === undefined) await copyFile(file.from, to, constants.COPYFILE_FICLONE);
    tell(file);
  });
  const all = [...moves];
  for (let i = 0; i < all.length; i += NOTED) {
    const some = all.slice(i, i + NOTED);
    await journal.note(some.map(([, move]) => move));
    await abreast(some, async ([file, { from, to }]) => {
      await moveFile(from, to);
      tell(file);
    });
  }
}

/** Whether a file is in its place already: the dataset was made from an export in the same folder. */
async function isSameFile(from: string, place: string): Promise<boolean> {
  const there = await lstat(place).catch(() => undefined);
  if (!there?.isFile()) return false;
  const here = await stat(from);
  return here.dev === there.dev && here.ino === there.ino;
}

/** How many moves are noted at once. */
const NOTED = 1000;

/** What becomes of the text of a scene; undefined if it stays as it is, also because it is no scene. */
export function textOfScene(media: Media, file: MediaFile, text: string): string | undefined {
  try {
    return media.scene(file, text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Does work for all items, several at once. After a failure no more is begun, and all that was begun has ended. */
async function abreast<T>(items: Iterable<T>, work: (item: T) => Promise<unknown>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (let next = iterator.next(); !next.done && !failed; next = iterator.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: ABREAST }, worker));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
}
