import type { FileHandle } from 'node:fs/promises';
import { constants, copyFile, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../../database/make-folder.js';
import { FiftyOneError } from '../../errors.js';

/** A file that goes from one place to another. */
export interface Move {
  readonly from: string;
  readonly to: string;
  /** Where its content is in the export, relative to it. */
  readonly becomes: string;
}

/** Files that are moved, noted before they are: so that each of them can be put back at any moment. */
export class MoveJournal {
  #file: FileHandle | undefined;

  constructor(readonly path: string) {}

  /** Notes files that are about to be moved. */
  async note(moves: readonly Move[]): Promise<void> {
    this.#file ??= await open(this.path, 'a');
    await this.#file.writeFile(moves.map((move) => `${JSON.stringify(move)}\n`).join(''));
    await this.#file.sync();
  }

  /** What was noted. A last line that was cut off is not: what is in it was not begun. */
  async moves(): Promise<Move[]> {
    const text = await readFile(this.path, 'utf8').catch((error) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Move);
  }

  /** Puts every file back that is not where it was, the last one first. */
  async undo(): Promise<void> {
    await this.close();
    for (const { from, to } of (await this.moves()).reverse()) {
      const [old, moved] = await Promise.all([sizeOf(from), sizeOf(to)]);
      if (moved === undefined) continue;
      if (old === undefined) await putBack(to, from);
      // both are there: a copy to another disk was not removed from the old one yet, or somebody made a new file
      else if (old !== moved) {
        throw new FiftyOneError(
          `${from} was moved to ${to} by an export that did not end, and now there is another file in its place`,
          {
            hint: 'move one of the two elsewhere, and export again',
          },
        );
      }
    }
  }

  /** Forgets what was moved. This comes before the rest of what an export leaves: what is noted is put back. */
  async remove(): Promise<void> {
    await this.close();
    await rm(this.path, { force: true });
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

/** Moves a file to where it was, in a folder that may be gone. */
async function putBack(from: string, to: string): Promise<void> {
  try {
    await moveFile(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await makeFolder(dirname(to));
    await moveFile(from, to);
  }
}

/** Moves a file. Between disks it is removed from the old one when it is safe on the new one. */
export async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    const part = `${to}.part`;
    await copyFile(from, part, constants.COPYFILE_FICLONE);
    const copy = await open(part, 'r+');
    await copy.sync();
    await copy.close();
    await rename(part, to);
    await rm(from);
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return await stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}
