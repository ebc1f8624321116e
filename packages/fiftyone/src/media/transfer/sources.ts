import { atOnce } from '../at-once.js';
import { type KnownContent, knownContent, partSize } from '../checksum.js';
import { bytesSource, type FileStamp } from '../source.js';
import { pathIn, type StoredObject } from '../store.js';
import { StoreError } from '../store-error.js';
import { namedFiles } from './collect-files.js';
import { fileStamp, localContent, modifiedMs, objectContent } from './file-contents.js';
import { State } from './file-table.js';
import { lookUpRows } from './look-up-rows.js';
import type { Planning } from './planning.js';
import { readText } from './read-text.js';
import { isScene, sceneText } from './scene-files.js';
import { shownPath } from './shown-path.js';
import { stopIfAsked } from './stop.js';
import { TextArena } from './text-arena.js';

/** How many files are looked at once. */
const AT_ONCE = 64;

/** What rows are to send. */
export interface Sources {
  content(row: number): Promise<KnownContent>;
  /** The checksum that it will have in the store; undefined, and the row has failed, if it cannot be read. */
  checksum(row: number): Promise<string | undefined>;
  /** The text of a scene whose files are where they will be. */
  scene(row: number): Promise<Buffer>;
}

/** Looks at all sources: their sizes and times are in the table afterwards. @param report called now and then */
export async function lookAtSources(planning: Planning, report: (done: number) => void): Promise<Sources> {
  const { files, places, memory, options } = planning;
  /** Three numbers of the stamp of each local file. */
  const stamps = new BigInt64Array(3 * files.length);
  /** What stores tell of remote sources. */
  const checksums = new TextArena();
  const checksumOf = new Uint32Array(files.length);
  const seen = new Uint8Array(files.length);
  let done = 0;

  const isLocal = (row: number) => places.at(files.from(row)).store.isLocal === true;

  await atOnce(files.rows(State.open, isLocal), AT_ONCE, async (row) => {
    stopIfAsked(options.signal);
    if (++done % 1000 === 0) report(done);
    try {
      const stamp = await fileStamp(places.normal(files.from(row)));
      files.describe(row, stamp.size, modifiedMs(stamp));
      stamps.set([stamp.mtimeNs, stamp.ctimeNs, BigInt.asIntN(64, stamp.ino)], 3 * row);
    } catch (error) {
      planning.failBy(row)(error);
    }
  });

  const found = async (row: number, object: StoredObject) => {
    files.describe(row, object.size, object.modified.getTime());
    if (object.checksum !== undefined) checksumOf[row] = checksums.add(object.checksum);
  };
  const remote = () => files.rows(State.open, (row) => !isLocal(row));
  await lookUpRows(planning, { rows: remote(), pathOf: (row) => files.from(row), seen, found, failed: planning.fail });
  for (const row of remote()) if (seen[row] === 0) planning.fail(row, new StoreError(shownPath(files.from(row)), 'missing'));

  function stampOf(row: number): FileStamp {
    const [mtimeNs = 0n, ctimeNs = 0n, ino = 0n] = stamps.subarray(3 * row, 3 * row + 3);
    return { size: files.size(row), mtimeNs, ctimeNs, ino: BigInt.asUintN(64, ino) };
  }

  async function scene(row: number): Promise<Buffer> {
    const text = await readText(places.at(files.from(row)));
    const named = namedFiles(planning, row, text);
    const place = (written: string) => {
      const file = named.get(written);
      return file && files.to(files.find(file.from, file.to) as number);
    };
    return Buffer.from(sceneText(text, files.to(row), place));
  }

  async function content(row: number): Promise<KnownContent> {
    const { store, key } = places.at(files.from(row));
    if (isScene(key)) return knownContent(bytesSource(await scene(row)));
    if (store.isLocal) return localContent(pathIn(store, key), stampOf(row), memory);
    const known = checksumOf[row] as number;
    return objectContent(store, { key, size: files.size(row) }, known === 0 ? undefined : checksums.get(known));
  }

  return {
    scene,
    content,
    checksum: async (row) => {
      try {
        return await (await content(row)).checksum(partSize(files.size(row)));
      } catch (error) {
        return planning.failBy(row)(error);
      }
    },
  };
}
