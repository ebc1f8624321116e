import { lstat, mkdir, open, readdir, readFile, rename, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { isAlive, withLockFile } from '../../database/lock-file.js';
import { makeFolder } from '../../database/make-folder.js';
import { LockedError } from '../../errors.js';
import { documentsFile, FRAME_MEDIA, FRAMES, METADATA, MOVES, RUN_FOLDERS, SAMPLES, STAGING, TAGS } from '../layout.js';
import { MoveJournal } from './move-journal.js';

/** What is to be done with a complete export. */
export interface Completion {
  /** Whether all that was in the folder goes; by default only the documents of an earlier export do. */
  readonly overwrite: boolean;
  /** The `_id` of the dataset whose files were moved, in hexadecimal digits. */
  readonly moved?: string;
  /** The name of that dataset. */
  readonly name?: string;
}

const OWNER = 'owner.json';
const FILES = 'files';
const ORIGINALS = 'originals';
const REPLACED = 'replaced';
const COMPLETE = 'complete.json';
const CLEARED = 'cleared';

/** What an earlier export may have left, and what no longer goes together with a new one. */
const DOCUMENTS: readonly string[] = [
  ...[SAMPLES, FRAMES].flatMap((kind) => [kind, documentsFile(kind as typeof SAMPLES)]),
  ...RUN_FOLDERS.map(([, folder]) => folder),
  METADATA,
  TAGS,
  FRAME_MEDIA,
];

/** Without its samples an export is no export to any client: so they go first and come last. */
const LAST: readonly string[] = [SAMPLES, documentsFile(SAMPLES)];

/**
 * The place where an export is made: a folder within the one that it is for, so that both are on one disk. When all is written
 * its files are moved to their places, the samples last. Whoever finds a complete one finishes that; whoever finds another one
 * puts back the media that were moved into it, and removes it.
 */
export class Staging {
  readonly journal: MoveJournal;
  /** Whether this one has finished the export of a dead process first. */
  hasFinished = false;
  #beat: NodeJS.Timeout | undefined;

  private constructor(
    /** The folder that the export is for. */
    readonly folder: string,
    readonly root: string,
  ) {
    this.journal = new MoveJournal(join(root, MOVES));
  }

  /** An empty folder, for files that are moved away without becoming a part of the export. */
  get originals(): string {
    return join(this.root, ORIGINALS);
  }

  /** Where the files of the export are made. */
  get files(): string {
    return join(this.root, FILES);
  }

  /**
   * Begins an export into a folder, after finishing or undoing what a dead one has left in it.
   *
   * @param finish is called with a complete export of a dead process, once its files are in place
   * @throws LockedError if somebody else is at it
   */
  static async begin(folder: string, finish: (staging: Staging) => Promise<void>): Promise<Staging> {
    await makeFolder(folder);
    const staging = new Staging(folder, join(folder, STAGING));
    await withLockFile(`${staging.root}.lock`, async () => {
      if (await exists(staging.root)) {
        await staging.#refuseWhileAlive();
        if (await staging.isComplete()) {
          await staging.#place();
          await finish(staging);
          staging.hasFinished = true;
        } else await staging.journal.undo();
        await staging.journal.remove();
        await rm(staging.root, { recursive: true });
      }
      await staging.#make().catch(async (error) => {
        await rm(staging.root, { recursive: true, force: true });
        throw error;
      });
    });
    here.add(staging.root);
    staging.#beat = setInterval(() => utimes(join(staging.root, OWNER), new Date(), new Date()).catch(() => {}), BEAT_MS).unref();
    return staging;
  }

  /** Whether there is something else in the folder. */
  async isBeside(): Promise<boolean> {
    return (await readdir(this.folder)).some((name) => !name.startsWith(STAGING));
  }

  /** Whether it can only be finished, and not be undone any more. */
  async isComplete(): Promise<boolean> {
    return await exists(join(this.root, COMPLETE));
  }

  /** What {@link complete} was called with. */
  async completion(): Promise<Completion> {
    return JSON.parse(await readFile(join(this.root, COMPLETE), 'utf8')) as Completion;
  }

  /** Where files are that were moved: by where they were, as soon as they are in place. */
  async moved(): Promise<ReadonlyMap<string, string>> {
    return new Map((await this.journal.moves()).map(({ from, becomes }) => [from, join(this.folder, becomes)]));
  }

  /** From here on the export is not undone any more but finished, whoever does it. */
  async complete(completion: Completion): Promise<void> {
    await syncFolder(this.files);
    await writeSynced(join(this.root, COMPLETE), JSON.stringify(completion));
    await this.#place();
  }

  /** Puts back what was moved, and removes all the rest. */
  async undo(): Promise<void> {
    await this.leave();
    await this.journal.undo();
    await this.remove();
  }

  async remove(): Promise<void> {
    await this.leave();
    await this.journal.remove();
    await rm(this.root, { recursive: true, force: true });
    // the folder too, if it is here for this export only
    await rmdir(this.folder).catch(() => {});
  }

  /** Leaves it to the next export. */
  async leave(): Promise<void> {
    clearInterval(this.#beat);
    here.delete(this.root);
    await this.journal.close();
  }

  async #make(): Promise<void> {
    await mkdir(this.root);
    await writeFile(join(this.root, OWNER), JSON.stringify({ pid: process.pid, host: hostname() }));
    await mkdir(this.files);
    await mkdir(this.originals);
  }

  async #place(): Promise<void> {
    if (!(await exists(join(this.root, CLEARED)))) {
      const { overwrite } = await this.completion();
      await mkdir(join(this.root, REPLACED), { recursive: true });
      const old = (await readdir(this.folder)).filter(
        (name) => !name.startsWith(STAGING) && (overwrite || DOCUMENTS.includes(name)),
      );
      for (const name of old.sort(samplesFirst)) await rename(join(this.folder, name), join(this.root, REPLACED, name));
      await writeSynced(join(this.root, CLEARED), '');
    }
    const names = await readdir(this.files).catch(() => [] as string[]);
    for (const name of names.sort(samplesFirst).reverse()) await moveInto(join(this.files, name), join(this.folder, name));
    await syncFolder(this.folder);
  }

  async #refuseWhileAlive(): Promise<void> {
    const owner = join(this.root, OWNER);
    const text = await readFile(owner, 'utf8').catch(() => '');
    if (text === '') return;
    const { pid, host } = ownerIn(text);
    const isHere = host === hostname();
    const isAtWork = isHere
      ? pid === process.pid
        ? here.has(this.root)
        : pid > 0 && isAlive(pid)
      : Date.now() - (await stat(owner)).mtimeMs < STALE_AFTER_MS;
    if (!isAtWork) return;
    throw new LockedError(`process ${pid} on ${host} is exporting into ${this.folder}`, {
      hint: isHere
        ? 'wait until it has ended'
        : `wait until it has ended; if it has died, until ${STALE_AFTER_MS / 60_000} minutes have passed`,
    });
  }
}

/** A process on another host is dead when it has not shown itself for so long. */
const STALE_AFTER_MS = 10 * 60_000;
const BEAT_MS = 20_000;

/** The exports of this process. */
const here = new Set<string>();

/** What is not whole was written by somebody who died. */
function ownerIn(text: string): { pid: number; host: string } {
  try {
    return JSON.parse(text);
  } catch {
    return { pid: 0, host: hostname() };
  }
}

function samplesFirst(a: string, b: string): number {
  return Number(LAST.includes(b)) - Number(LAST.includes(a));
}

/** Moves a file, or a folder into a folder that may be there already. */
async function moveInto(from: string, to: string): Promise<void> {
  const isFolder = (await lstat(from)).isDirectory();
  if (!isFolder || !(await exists(to))) return await rename(from, to);
  for (const name of await readdir(from)) await moveInto(join(from, name), join(to, name));
}

export async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

/** Writes a file so that it is there after a power failure, too. */
export async function writeSynced(path: string, text: string | Uint8Array): Promise<void> {
  const file = await open(`${path}.new`, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  await syncFolder(dirname(path));
}

/** What is in a folder stays in it after a power failure. Not every system can say so. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}
