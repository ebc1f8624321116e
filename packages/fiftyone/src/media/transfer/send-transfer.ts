import { FiftyOneError, StoppedError } from '../../errors.js';
import { budget } from '../budget.js';
import { holdsContent, type KnownContent, knownContent, partSize } from '../checksum.js';
import { compareCopy } from '../copy-files.js';
import type { OpenStore, StoreAndKey } from '../open-stores.js';
import { bytesSource, objectSource, type Source, withFile } from '../source.js';
import { type Condition, pathIn, type StoredObject } from '../store.js';
import { StoreError } from '../store-error.js';
import { writeObject } from '../write-object.js';
import { ChecksumMemory } from './checksum-memory.js';
import { fileStamp, localContent, modifiedMs, objectContent } from './file-contents.js';
import { State } from './file-table.js';
import { Places } from './places.js';
import { readText } from './read-text.js';
import { isScene, sceneFiles, sceneText } from './scene-files.js';
import { isAbout, shownPath } from './shown-path.js';
import { stopIfAsked, stopped } from './stop.js';
import type { Outcome, RefusedFile, TransferOptions, TransferResult, WantedFile, WantedFiles } from './transfer-options.js';
import { CollisionError, type TransferPlan, UnsendableError } from './transfer-plan.js';

/** How many files are under way at once; how many requests is for the stores to say. */
const FILES_AT_ONCE = 64;

/** So many files are begun, at most, before the first results of them are asked for. */
const WINDOW = 4000;

/** After so many files in a row that found no connection, the others are not tried. */
const HOPELESS = 16;

/** What ends a transfer at once, if it is the store it goes to that says so. */
const HOPELESS_TROUBLES: readonly string[] = ['denied', 'no bucket', 'full'];

const OUTCOMES = ['unsent', 'sent', 'there', 'replaced', 'renamed', 'skipped', 'failed'] as const satisfies readonly Outcome[];

/** One of the batches that are wanted. */
interface Batch {
  readonly items: readonly (WantedFile | RefusedFile)[];
  readonly rows: readonly (number | Error)[];
  readonly done: Promise<unknown>;
  isDone: boolean;
}

/**
 * Does what was planned. Gives the results of each batch, in order, as soon as all of it is in the store and was compared with what
 * was read; others go on meanwhile. When it ends early, what is under way ends first and is among the results.
 *
 * @param wanted the same files as when it was planned
 * @throws CollisionError or UnsendableError before anything is sent; StoreError of the first file that fails, unless failures are to be
 *   skipped; StoppedError
 */
export async function* sendTransfer(
  open: OpenStore,
  wanted: WantedFiles,
  plan: TransferPlan,
  options: TransferOptions = {},
): AsyncGenerator<readonly TransferResult[], void> {
  const { skipFailures = false, overwrite = false, signal, onProgress, manifest } = options;
  const { files, summary } = plan;
  refuseTransfer(plan, skipFailures);
  const places = new Places(open);
  const memory = new ChecksumMemory(options.memory);
  const outcomes = new Uint8Array(files.length);
  const underWay = new Map<number, Promise<void>>();
  const errors = new Map<number, Error>();
  const place = budget(FILES_AT_ONCE);
  let [doneFiles, bytes, sentBytes, inVain] = [0, 0, 0, 0];
  let stop: unknown;

  const { send, replace, rename, there, skip } = summary;
  const totalBytes = [send, replace, rename, there, skip].reduce((sum, amount) => sum + amount.bytes, 0);
  const report = () => onProgress?.({ step: 'send', files: doneFiles, bytes, totalFiles: files.length, totalBytes, sentBytes });

  async function ended(row: number, outcome: Outcome, object?: Pick<StoredObject, 'checksum'>, error?: Error): Promise<void> {
    outcomes[row] = OUTCOMES.indexOf(outcome);
    if (error) errors.set(row, error);
    if (outcome === 'unsent') return;
    doneFiles++;
    report();
    const to = isInStore(outcome) ? files.to(row) : undefined;
    const line = { from: shownPath(files.from(row)), to, size: files.size(row), checksum: object?.checksum, what: outcome };
    await manifest?.(error ? { ...line, error: error.message } : line);
  }

  function begin(row: number, item: WantedFile): Promise<void> {
    const known = underWay.get(row);
    if (known !== undefined) return known;
    if (outcomes[row] !== 0) return Promise.resolve();
    const run: Promise<void> = work(row, item)
      .catch((error) => failed(row, error))
      // the manifest may not be written
      .catch((error) => {
        stop ??= error;
      })
      .then(() => void underWay.delete(row));
    underWay.set(row, run);
    return run;
  }

  async function failed(row: number, error: unknown): Promise<void> {
    if (error instanceof StoppedError) return await ended(row, 'unsent');
    if (!(error instanceof StoreError)) {
      stop ??= error;
      return;
    }
    const isOfStore = !isAbout(error, places.normal(files.from(row)));
    if (isOfStore && error.trouble === 'passing') inVain++;
    const isHopeless = isOfStore && (HOPELESS_TROUBLES.includes(error.trouble) || inVain >= HOPELESS);
    if (!skipFailures || isHopeless) stop ??= error;
    await ended(row, 'failed', undefined, error);
  }

  async function work(row: number, item: WantedFile): Promise<void> {
    const state = files.state(row);
    if (state === State.fail) return await ended(row, 'failed', undefined, plannedError(row));
    if (state === State.skip || state === State.collide) return await ended(row, 'skipped');
    // also of a scene that is there a file may be missing
    const scene = isScene(item.from) ? await sceneToSend(row, item) : undefined;
    const twin = files.twin(row);
    if (twin !== undefined) return await followTwin(row, twin, item);
    if (state === State.there) {
      const checksum = await stillThere(row);
      bytes += files.size(row);
      return await ended(row, 'there', { checksum });
    }
    await place(1, async () => {
      if (stop !== undefined || signal?.aborted) return await ended(row, 'unsent');
      let counted = 0;
      const sent = (count: number) => {
        counted += count;
        bytes += count;
        sentBytes += count;
        report();
      };
      try {
        const { object, isNew } = await sendOne(row, scene, sent);
        bytes += files.size(row) - counted;
        inVain = 0;
        await ended(row, isNew ? outcomeOf(state) : 'there', object);
      } catch (error) {
        bytes -= counted;
        throw error;
      }
    });
  }

  const shownSource = (row: number) => shownPath(places.normal(files.from(row)));

  const plannedError = (row: number) => new FiftyOneError(files.reason(row) as string);

  /** Makes sure that a file that was found to be there is what it was then. @returns its checksum, if it is remembered */
  async function stillThere(row: number): Promise<string | undefined> {
    const { store, key } = places.at(files.from(row));
    if (!store.isLocal || isScene(files.from(row))) return undefined;
    const path = pathIn(store, key);
    const stamp = await fileStamp(path);
    if (stamp.size !== files.size(row) || modifiedMs(stamp) !== files.modified(row)) throw changed(row);
    return manifest && (await memory.find(path, stamp, partSize(stamp.size)));
  }

  /** Another file with the same content is sent for it. */
  async function followTwin(row: number, twin: number, item: WantedFile): Promise<void> {
    await begin(twin, { ...item, from: files.from(twin) });
    const outcome = OUTCOMES[outcomes[twin] as number] as Outcome;
    const error = errors.get(twin) ?? (outcome === 'failed' ? plannedError(twin) : undefined);
    if (!isInStore(outcome)) return await ended(row, outcome, undefined, error);
    await stillThere(row);
    bytes += files.size(row);
    await ended(row, 'there');
  }

  const changed = (row: number) => new StoreError(shownSource(row), 'changed', 'it is not what it was when it was planned');

  /** Sends the files that a scene names. @returns its text for the store; undefined if they are not all there */
  async function sceneToSend(row: number, item: WantedFile): Promise<Buffer> {
    const from = places.at(files.from(row));
    const text = await readText(from);
    const named = sceneFiles(text, item);
    const rows = new Map<string, number>();
    for (const [written, file] of named) {
      await Promise.all([places.learn(file.from), places.learn(file.to)]);
      const fileRow = files.find(file.from, file.to);
      if (fileRow === undefined) throw changed(row);
      rows.set(written, fileRow);
    }
    await Promise.all([...named].map(([written, file]) => begin(rows.get(written) as number, file)));
    for (const fileRow of rows.values()) {
      const outcome = OUTCOMES[outcomes[fileRow] as number] as Outcome;
      if (isInStore(outcome)) continue;
      if (outcome === 'unsent') throw stopped();
      const reason = errors.get(fileRow)?.message ?? files.reason(fileRow) ?? 'was skipped';
      throw new StoreError(shownSource(row), 'refused', `a file of the scene: ${reason}`);
    }
    const placed = sceneText(text, files.to(row), (written) => {
      const fileRow = rows.get(written);
      return fileRow === undefined ? undefined : files.to(fileRow);
    });
    const content = Buffer.from(placed);
    if (content.length !== files.size(row)) throw changed(row);
    return content;
  }

  /** @returns what is in the store, and whether it is by us */
  async function sendOne(
    row: number,
    scene: Buffer | undefined,
    sent: (bytes: number) => void,
  ): Promise<{ readonly object: StoredObject; readonly isNew: boolean }> {
    const [from, to] = [places.at(files.from(row)), places.at(files.to(row))];
    const version = files.version(row);
    const isReplaced = files.state(row) === State.replace && version !== undefined;
    const condition: Condition = isReplaced ? { ifVersion: version } : { ifAbsent: true };

    const write = async (source: Source, content: KnownContent, expected?: string) => {
      try {
        const object = await writeObject(to.store, to.key, stoppable(source), { condition, sent, expected });
        return { object, isNew: true };
      } catch (error) {
        if (!(error instanceof StoreError && error.trouble === 'taken')) throw error;
        // another machine may do the same
        const object = await to.store.stat(to.key);
        if (object !== undefined && (await holdsContent(to.store, object, content))) return { object, isNew: false };
        throw new StoreError(error.path, 'taken', 'which was not there when it was planned');
      }
    };

    if (scene !== undefined) return await write(bytesSource(scene), knownContent(bytesSource(scene)));
    if (from.store.isLocal) {
      const path = pathIn(from.store, from.key);
      return await withFile(path, async (source) => {
        if (source.size !== files.size(row) || modifiedMs(source.stamp) !== files.modified(row)) throw changed(row);
        const since = Date.now();
        const result = await write(source, localContent(path, source.stamp, memory));
        const { checksum } = result.object;
        if (result.isNew && checksum) await memory.keep(path, source.stamp, partSize(source.size), checksum, since);
        return result;
      });
    }
    const object = await from.store.stat(from.key);
    if (object === undefined) throw new StoreError(shownSource(row), 'missing');
    if (object.size !== files.size(row) || !sameSecond(object.modified.getTime(), files.modified(row))) throw changed(row);
    const copied = overwrite || (await isFree(to)) ? await copiedInside(from, to, object) : undefined;
    if (copied) {
      await compareCopy(from.store, object, to.store, copied);
      return { object: copied, isNew: true };
    }
    const content = objectContent(from.store, object, object.checksum);
    const result = await write(objectSource(from.store, object), content, object.checksum);
    if (result.isNew) await compareCopy(from.store, object, to.store, result.object);
    return result;
  }

  /** A large file need not be sent to its end: what is there of it is not sent again. */
  function stoppable(source: Source): Source {
    if (source.size <= partSize(source.size)) return source;
    const read = async (start: number, end: number) => {
      if (stop !== undefined) throw stopped();
      stopIfAsked(signal);
      return await source.read(start, end);
    };
    return { size: source.size, read };
  }

  async function start(items: Batch['items']): Promise<Batch> {
    const rows: (number | Error)[] = [];
    const runs: Promise<void>[] = [];
    for (const item of items) {
      const error = 'refused' in item ? item.refused : await places.learnSource(item.from);
      if (error !== undefined || 'refused' in item) {
        rows.push(error as Error);
        await manifest?.({
          from: shownPath(item.from),
          to: undefined,
          size: 0,
          checksum: undefined,
          what: 'failed',
          error: (error as Error).message,
        });
        continue;
      }
      await places.learn(item.to);
      const row = files.find(item.from, item.to);
      if (row === undefined) {
        const unknown = new StoreError(shownPath(item.from), 'changed', 'it was not wanted when it was planned');
        if (!skipFailures) stop ??= unknown;
        rows.push(unknown);
        continue;
      }
      rows.push(row);
      if (outcomes[row] === 0) runs.push(begin(row, item));
    }
    const done = Promise.all(runs).then(() => {
      batch.isDone = true;
    });
    const batch: Batch = { items, rows, done, isDone: false };
    return batch;
  }

  function results({ items, rows }: Batch): TransferResult[] {
    const found = rows.map((row, i): TransferResult => {
      const { from } = items[i] as WantedFile;
      if (row instanceof Error) return { from, to: undefined, outcome: 'failed', error: row };
      const outcome = OUTCOMES[outcomes[row] as number] as Outcome;
      const error = errors.get(row) ?? (outcome === 'failed' ? plannedError(row) : undefined);
      return { from, to: isInStore(outcome) ? files.to(row) : undefined, outcome, ...(error && { error }) };
    });
    // very many errors are kept as what they say
    for (const row of rows) {
      const error = typeof row === 'number' ? errors.get(row) : undefined;
      if (error === undefined) continue;
      files.fail(row as number, error.message);
      errors.delete(row as number);
    }
    return found;
  }

  const queue: Batch[] = [];
  let ahead = 0;
  try {
    for await (const items of wanted()) {
      if (stop !== undefined || signal?.aborted) break;
      queue.push(await start(items));
      ahead += items.length;
      for (let first = queue[0]; first && (first.isDone || ahead > WINDOW); first = queue[0]) {
        await first.done;
        queue.shift();
        ahead -= first.items.length;
        yield results(first);
      }
    }
    for (const batch of queue) {
      await batch.done;
      yield results(batch);
    }
    if (stop === undefined) stopIfAsked(signal);
  } finally {
    const reason = stop;
    stop ??= stopped();
    await Promise.all(underWay.values());
    await memory.save();
    stop = reason;
  }
  if (stop !== undefined) throw stop;
}

/** Refuses a plan of which nothing is to be sent. @throws CollisionError, UnsendableError */
export function refuseTransfer({ files, summary: { collisions, failures } }: TransferPlan, skipFailures: boolean): void {
  for (let row = 0; row < files.length; row++) {
    if (files.state(row) === State.collide) throw new CollisionError(collisions.count, collisions.listed);
  }
  if (failures.count > 0 && !skipFailures) throw new UnsendableError(failures.count, failures.listed);
}

/** A copy inside a store takes no condition: so it is asked right before. */
async function isFree({ store, key }: StoreAndKey): Promise<boolean> {
  return store.copy !== undefined && (await store.stat(key)) === undefined;
}

async function copiedInside(from: StoreAndKey, to: StoreAndKey, object: StoredObject): Promise<StoredObject | undefined> {
  return from.store === to.store ? await to.store.copy?.(object, to.key) : undefined;
}

function isInStore(outcome: Outcome): boolean {
  return outcome !== 'failed' && outcome !== 'skipped' && outcome !== 'unsent';
}

function outcomeOf(state: number): Outcome {
  return state === State.replace ? 'replaced' : state === State.rename ? 'renamed' : 'sent';
}

/** A list may tell the time more exactly than a question. */
function sameSecond(a: number, b: number): boolean {
  return Math.floor(a / 1000) === Math.floor(b / 1000);
}
