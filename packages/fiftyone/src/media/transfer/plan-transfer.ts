import { randomUUID } from 'node:crypto';
import { atOnce } from '../at-once.js';
import { holdsContent, type KnownContent, knownContent, md5, partSize } from '../checksum.js';
import type { OpenStore } from '../open-stores.js';
import { bytesSource } from '../source.js';
import { type MediaStore, pathIn, type StoredObject } from '../store.js';
import { StoreError } from '../store-error.js';
import { ChecksumMemory } from './checksum-memory.js';
import { fileStamp, localContent, modifiedMs, objectContent } from './file-contents.js';
import { FileTable, State } from './file-table.js';
import { HashIndex, hashOf } from './hash-index.js';
import { LONGEST_KEY } from './key-for.js';
import { lookUp } from './look-up.js';
import { Places } from './places.js';
import { readText } from './read-text.js';
import { isScene, type Scene, type SceneFile, sceneFiles, sceneText } from './scene-files.js';
import { stopIfAsked } from './stop.js';
import { TextArena } from './text-arena.js';
import type { TransferOptions, WantedFiles } from './transfer-options.js';
import type { Collision, PlannedFailure, TransferPlan } from './transfer-plan.js';

/** How many files are looked at or hashed at once. */
const AT_ONCE = 64;
const HASHED_AT_ONCE = 8;

/** A version that no object has. */
const NEVER = '1';

/**
 * Finds out what a transfer would do: which files there are, what is at their keys already, which keys two files want, and
 * whether the store may be written to. Nothing is written.
 *
 * @throws StoreError `no bucket` or `denied` by the store it goes to
 */
export async function planTransfer(open: OpenStore, wanted: WantedFiles, options: TransferOptions = {}): Promise<TransferPlan> {
  const { overwrite = false, onCollision = 'refuse', listed = 20, onProgress, signal } = options;
  const files = new FileTable();
  const places = new Places(open);
  const memory = new ChecksumMemory(options.memory);
  const relDirs = new Map<number, string>();
  const failures: PlannedFailure[] = [];
  const collisions: Collision[] = [];
  let [refused, failed, collided, lookedAt] = [0, 0, 0, 0];

  /** The checksums that stores tell of remote sources. */
  const checksums = new TextArena();
  let checksumOfRow = new Uint32Array(0);

  const report = () => {
    const [totalFiles, totalBytes] = [files.length, undefined];
    onProgress?.({ step: 'plan', files: lookedAt, bytes: 0, totalFiles, totalBytes, sentBytes: 0 });
  };

  const fail = (row: number, error: StoreError) => files.fail(row, error.message);

  function addFile(from: string, to: string): number {
    const before = files.length;
    const row = files.add(from, to);
    if (row === before) {
      const { key } = places.at(to);
      if (Buffer.byteLength(key) > LONGEST_KEY) {
        fail(row, new StoreError(from, 'refused', `its key would be longer than ${LONGEST_KEY} bytes`));
      }
    }
    return row;
  }

  async function collect(): Promise<void> {
    for await (const batch of wanted()) {
      stopIfAsked(signal);
      for (const file of batch) {
        const reason = 'refused' in file ? file.refused : await places.learnSource(file.from);
        if ('refused' in file || reason !== undefined) {
          refused++;
          if (failures.length < listed) failures.push({ from: file.from, reason: (reason as Error).message });
          continue;
        }
        await places.learn(file.to);
        const before = files.length;
        const row = addFile(file.from, file.to);
        if (row < before || !isScene(file.from)) continue;
        if (file.relDir !== undefined) relDirs.set(row, file.relDir);
        const text = await readText(places.at(file.from)).catch(failing(row));
        for (const { from, to } of text === undefined ? [] : filesOf(row, text).values()) {
          const reason = await places.learnSource(from);
          if (reason !== undefined) fail(row, new StoreError(file.from, 'refused', reason.message));
          else {
            await places.learn(to);
            addFile(from, to);
          }
        }
      }
      report();
    }
    checksumOfRow = new Uint32Array(files.length);
  }

  const failing = (row: number) => (error: unknown) => {
    if (!(error instanceof StoreError)) throw error;
    fail(row, error);
    return undefined;
  };

  const sceneOf = (row: number): Scene => ({ from: files.from(row), to: files.to(row), relDir: relDirs.get(row) });
  const filesOf = (row: number, text: string): Map<string, SceneFile> =>
    sceneFiles(text, { ...sceneOf(row), to: files.wanted(row) });

  /** Sizes and times of the sources. */
  async function describe(): Promise<void> {
    await atOnce(rowsWith(State.open), AT_ONCE, async (row) => {
      stopIfAsked(signal);
      const { store, key } = places.at(files.from(row));
      if (!store.isLocal) return;
      if (++lookedAt % 1000 === 0) report();
      try {
        const stamp = await fileStamp(pathIn(store, key));
        files.describe(row, stamp.size, modifiedMs(stamp));
      } catch (error) {
        failing(row)(error);
      }
    });
    const remote = [...rowsWith(State.open)].filter((row) => !places.at(files.from(row)).store.isLocal);
    if (remote.length === 0) return;
    const seen = new Uint8Array(files.length);
    const found = async (row: number, object: StoredObject) => {
      files.describe(row, object.size, object.modified.getTime());
      if (object.checksum !== undefined) checksumOfRow[row] = checksums.add(object.checksum);
    };
    await lookUpAll(remote, (row) => files.from(row), seen, found, fail);
    for (const row of remote) {
      if (seen[row] === 0 && files.state(row) === State.open) fail(row, new StoreError(files.from(row), 'missing'));
    }
  }

  function* rowsWith(state: number, filter: (row: number) => boolean = () => true): Generator<number> {
    for (let row = 0; row < files.length; row++) if (files.state(row) === state && filter(row)) yield row;
  }

  /** Rows by one of their paths. Several may have the same. */
  function indexed(rows: Iterable<number>, pathOf: (row: number) => string) {
    const index = new HashIndex();
    const [next, last] = [new Uint32Array(files.length), new Uint32Array(files.length)];
    const firsts: number[] = [];
    const first = (path: string) => index.find(hashOf(path), (row) => pathOf(row) === path);
    for (const row of rows) {
      const path = pathOf(row);
      const head = first(path);
      if (head === undefined) {
        index.add(hashOf(path), row);
        last[row] = row;
        firsts.push(row);
        continue;
      }
      next[last[head] as number] = row + 1;
      last[head] = row;
    }
    const group = (head: number): number[] => {
      const rows = [head];
      for (let row = next[head] as number; row !== 0; row = next[row - 1] as number) rows.push(row - 1);
      return rows;
    };
    return { first, firsts, group };
  }

  /** Looks what is at a path of every row. @param seen gets a 1 for every row at whose path something is */
  async function lookUpAll(
    rows: Iterable<number>,
    pathOf: (row: number) => string,
    seen: Uint8Array,
    found: (row: number, object: StoredObject, store: MediaStore) => Promise<void>,
    failed?: (row: number, error: StoreError) => void,
  ): Promise<void> {
    const { first, firsts, group } = indexed(rows, (row) => places.normal(pathOf(row)));
    const stores = new Map<MediaStore, number>();
    for (const row of firsts) {
      const { store } = places.at(pathOf(row));
      stores.set(store, (stores.get(store) ?? 0) + 1);
    }
    for (const [store, count] of stores) {
      const rowsOf = (key: string): number[] => {
        const head = first(pathIn(store, key));
        return head === undefined ? [] : group(head);
      };
      await lookUp(store, {
        keys: function* () {
          for (const row of firsts) {
            const at = places.at(pathOf(row));
            if (at.store === store) yield at.key;
          }
        },
        count,
        isOpen: (key) => rowsOf(key).every((row) => seen[row] === 0),
        found: async (object) => {
          for (const row of rowsOf(object.key)) {
            if (seen[row] === 1) continue;
            seen[row] = 1;
            await found(row, object, store);
          }
        },
        failed:
          failed &&
          ((key, error) => {
            for (const row of rowsOf(key)) failed(row, error);
          }),
      });
    }
  }

  /** The content that a row is to send. */
  async function contentOf(row: number): Promise<KnownContent> {
    const { store, key } = places.at(files.from(row));
    if (isScene(files.from(row))) return knownContent(bytesSource(await renderedScene(row)));
    if (store.isLocal) {
      const path = pathIn(store, key);
      return localContent(path, await fileStamp(path), memory);
    }
    const known = checksumOfRow[row] as number;
    return objectContent(store, { key, size: files.size(row) }, known === 0 ? undefined : checksums.get(known));
  }

  async function renderedScene(row: number): Promise<Buffer> {
    const text = await readText(places.at(files.from(row)));
    const places_ = filesOf(row, text);
    return Buffer.from(
      sceneText(text, files.to(row), (written) => {
        const file = places_.get(written);
        return file && files.to(files.find(file.from, file.to) as number);
      }),
    );
  }

  /** Decides about rows whose content is known to be what it will be. */
  async function decide(isMine: (row: number) => boolean): Promise<void> {
    const mine = () => rowsWith(State.open, isMine);
    const [seen, same] = [new Uint8Array(files.length), new Uint8Array(files.length)];
    const compare = async (row: number, object: StoredObject, store: MediaStore) => {
      if (overwrite) files.setVersion(row, object.version);
      if (object.size !== files.size(row)) return;
      try {
        const from = places.at(files.from(row));
        const isItself = from.store === store && from.key === object.key;
        same[row] = isItself || (await holdsContent(store, object, await contentOf(row))) ? 1 : 0;
      } catch (error) {
        if (error instanceof StoreError && error.path.startsWith(store.root) && !store.isLocal) throw error;
        failing(row)(error);
      }
    };
    await lookUpAll(mine(), (row) => files.to(row), seen, compare);
    const { firsts, group } = indexed(mine(), (row) => places.normal(files.to(row)));
    await atOnce(firsts, HASHED_AT_ONCE, async (head) => {
      stopIfAsked(signal);
      const rows = group(head);
      const classes = rows.length === 1 ? [rows] : await byContent(rows);
      await decideKey(head, classes, seen, same);
    });
    await decideRenamed(isMine, seen, same, compare);
  }

  /** Rows with one target, by what they hold; what fails is left out. */
  async function byContent(rows: readonly number[]): Promise<number[][]> {
    const sizes = new Map<number, number>();
    for (const row of rows) sizes.set(files.size(row), (sizes.get(files.size(row)) ?? 0) + 1);
    const classes = new Map<string, number[]>();
    for (const row of rows) {
      const size = files.size(row);
      let name = `${size}`;
      if ((sizes.get(size) as number) > 1) {
        const checksum = await naturalChecksum(row);
        if (checksum === undefined) continue;
        name = `${size} ${checksum}`;
      }
      classes.set(name, [...(classes.get(name) ?? []), row]);
    }
    return [...classes.values()];
  }

  /** The checksum that it will have in the store; undefined if it cannot be read. */
  async function naturalChecksum(row: number): Promise<string | undefined> {
    try {
      return await (await contentOf(row)).checksum(partSize(files.size(row)));
    } catch (error) {
      return failing(row)(error);
    }
  }

  async function decideKey(head: number, classes: readonly number[][], seen: Uint8Array, same: Uint8Array): Promise<void> {
    const isThere = seen[head] === 1;
    const holder = classes.find((rows) => rows.some((row) => same[row] === 1));
    const isTaken = isThere && holder === undefined;
    const mayTake = !isThere || overwrite;
    const isCollision = classes.length > 1 || (isTaken && !overwrite);
    if (!isCollision) {
      for (const rows of classes) takeKey(rows, holder !== undefined, isThere);
      return;
    }
    collided++;
    if (collisions.length < listed) {
      const from = classes.slice(0, 5).map(([row]) => files.from(row as number));
      collisions.push({ to: files.to(head), from, isTaken });
    }
    const keeper = holder ?? (onCollision === 'rename' && mayTake ? classes[0] : undefined);
    for (const rows of classes) {
      if (rows === keeper) takeKey(rows, holder !== undefined, isThere);
      else if (onCollision !== 'rename') {
        for (const row of rows) files.decide(row, onCollision === 'skip' ? State.skip : State.collide);
      } else await renameTo(rows);
    }
  }

  /** Rows with one content get their key. */
  function takeKey(rows: readonly number[], isSame: boolean, isThere: boolean): void {
    const [first = 0, ...twins] = rows;
    files.decide(first, isSame ? State.there : isThere ? State.replace : State.send);
    follow(twins, first);
  }

  function follow(twins: readonly number[], first: number): void {
    for (const row of twins) {
      files.decide(row, State.there);
      if (files.state(first) !== State.there) files.setTwin(row, first);
    }
  }

  async function renameTo(rows: readonly number[]): Promise<void> {
    const [first = 0, ...twins] = rows;
    const checksum = await naturalChecksum(first);
    if (checksum === undefined) {
      for (const row of twins) files.fail(row, files.reason(first) as string);
      return;
    }
    const wanted = files.to(first);
    const name = wanted.slice(wanted.lastIndexOf('/') + 1);
    const [, stem, end] = /^(.+?)(\.[^.]*)?$/s.exec(name) as unknown as [string, string, string?];
    for (const row of rows) files.rename(row, `${stem}-${checksum.slice(0, 12)}${end ?? ''}`);
    files.setVersion(first, undefined);
    files.decide(first, State.rename);
    follow(twins, first);
    if (Buffer.byteLength(places.at(files.to(first)).key) > LONGEST_KEY) {
      for (const row of rows) fail(row, new StoreError(wanted, 'refused', 'another name for it would be too long'));
    }
  }

  /** A new name says what the content is, so that anything else that has it is as good as the file, or in the way. */
  async function decideRenamed(
    isMine: (row: number) => boolean,
    seen: Uint8Array,
    same: Uint8Array,
    compare: Parameters<typeof lookUpAll>[3],
  ): Promise<void> {
    const renamed = [...rowsWith(State.rename, isMine)];
    if (renamed.length === 0) return;
    for (const row of renamed) [seen[row], same[row]] = [0, 0];
    await lookUpAll(renamed, (row) => files.to(row), seen, compare);
    for (const row of renamed) {
      if (seen[row] === 1 && same[row] === 1) files.decide(row, State.there);
      else if (seen[row] === 1 && files.state(row) === State.rename) {
        fail(row, new StoreError(files.to(row), 'taken', `which was to be the new name of ${files.from(row)}`));
      }
      files.setVersion(row, undefined);
    }
  }

  async function decideScenes(): Promise<void> {
    await atOnce(rowsWith(State.open), HASHED_AT_ONCE, async (row) => {
      try {
        const text = await readText(places.at(files.from(row)));
        for (const { from, to } of filesOf(row, text).values()) {
          const file = files.find(from, to) as number;
          const state = files.state(file);
          if (state === State.fail) return files.fail(row, `${files.from(row)}: a file of the scene: ${files.reason(file)}`);
          if (state === State.skip || state === State.collide) return files.decide(row, State.skip);
        }
        files.describe(row, (await renderedScene(row)).length, files.modified(row));
      } catch (error) {
        failing(row)(error);
      }
    });
    await decide((row) => isScene(files.from(row)));
  }

  /** Whether it may be written to is told by a write that cannot happen. @throws StoreError */
  async function checkWriting(): Promise<void> {
    const checked = new Set<MediaStore>();
    for (const state of [State.send, State.replace, State.rename]) {
      for (const row of rowsWith(state)) {
        const { store, key } = places.at(files.to(row));
        if (checked.has(store)) continue;
        checked.add(store);
        if (store.isLocal) continue;
        const name = `${key.slice(0, key.lastIndexOf('/') + 1)}.fiftyone-${randomUUID()}`;
        const probe = Buffer.byteLength(name) > LONGEST_KEY ? key : name;
        const empty = Buffer.alloc(0);
        const isWritten = await store.put(probe, empty, md5(empty), { ifVersion: NEVER }).then(
          () => true,
          (error) => {
            if (error instanceof StoreError && (error.trouble === 'taken' || error.trouble === 'missing')) return false;
            throw error;
          },
        );
        if (isWritten) await store.delete(probe);
      }
    }
  }

  function summary(): TransferPlan['summary'] {
    const amounts = Array.from(Object.values(State), () => ({ files: 0, bytes: 0 }));
    let objects = 0;
    for (let row = 0; row < files.length; row++) {
      const state = files.state(row);
      const amount = amounts[state] as { files: number; bytes: number };
      amount.files++;
      amount.bytes += files.size(row);
      if (state <= State.there && files.twin(row) === undefined) objects++;
      if (state !== State.fail) continue;
      failed++;
      if (failures.length < listed) failures.push({ from: files.from(row), reason: files.reason(row) as string });
    }
    const of = (state: number) => amounts[state] as { files: number; bytes: number };
    return {
      ...{ files: files.length, objects, send: of(State.send), replace: of(State.replace), rename: of(State.rename) },
      ...{ there: of(State.there), skip: of(State.skip) },
      collisions: { count: collided, listed: collisions },
      failures: { count: failed + refused, listed: failures },
    };
  }

  try {
    await collect();
    await describe();
    await decide((row) => !isScene(files.from(row)));
    await decideScenes();
    await checkWriting();
  } finally {
    await memory.save();
  }
  return { summary: summary(), files, refused };
}
