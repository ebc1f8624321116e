import type { ObjectId, ReadonlyDoc } from '../bson/index.js';
import { authorized, type Connection, USE_WRITER } from '../database/connection.js';
import { findDocs, updateRaw } from '../database/raw.js';
import { Pace } from '../datasets/pace.js';
import type { OnProgress } from '../datasets/progress.js';
import { DatasetNotFoundError } from '../errors.js';
import { atOnce } from '../media/at-once.js';
import { byDocument, changeStatements } from './change-statements.js';
import { located } from './located.js';
import { checkField, checkStored } from './may-change.js';
import { type NotedChange, PathJournal, type RunPurpose } from './path-journal.js';
import type { MediaReference } from './references.js';
import { storedTexts } from './stored-texts.js';

/** A path that is to be replaced. */
export interface PathChange {
  readonly reference: MediaReference;
  readonly to: string;
}

export interface ChangeOptions extends RunPurpose {
  readonly onProgress?: OnProgress | undefined;
  /** Ends the run; what is changed by then stays, and is noted. */
  readonly signal?: AbortSignal | undefined;
}

/** What was changed. */
export interface ChangeReport {
  /** By which the changes can be taken back, or null when there was nothing to change. */
  readonly run: string | null;
  readonly changed: number;
  /** How many places had the new path already. */
  readonly already: number;
  /** How many places have another path by now, or are gone: others have changed them meanwhile. */
  readonly others: number;
  /** The first of these. */
  readonly examples: readonly PathChange[];
}

const EXAMPLES = 10;
/** How much a batch has at most: changes, and bytes of text. Its note is one document. */
const BATCH = 2000;
const BATCH_BYTES = 6_000_000;
/** How many batches are under way: each waits for the disk twice. */
const AT_ONCE = 4;
/** How often a batch is tried again when somebody else edits the same documents meanwhile. */
const ROUNDS = 3;

/**
 * Replaces media paths in a dataset. Each batch is noted before it is written, and only what still has the old path is written; so whoever
 * dies leaves a dataset of which each path is the old or the new one, and a journal that knows all that can have changed.
 *
 * @throws UsageError for a dataset that a view has made, and for fields that are read-only; FiftyOneError when the user may not write
 */
export async function changePaths(
  connection: Connection,
  dataset: ReadonlyDoc,
  changes: AsyncIterable<readonly PathChange[]> | Iterable<readonly PathChange[]>,
  { onProgress, signal, ...purpose }: ChangeOptions,
): Promise<ChangeReport> {
  const live = await liveDataset(connection, dataset);
  const journal = new PathJournal(connection.db, live, purpose);
  const pace = new Pace(onProgress, signal);
  const total = { changed: 0, already: 0, others: 0 };
  const fields = new Set<string>();
  const examples: PathChange[] = [];
  const batches = async function* () {
    for await (const given of changes) {
      const different = given.filter(({ reference, to }) => reference.path !== to);
      total.already += given.length - different.length;
      yield* parts(different);
    }
  };
  // what a run that was gone on with has changed twice has to be taken back in order
  await atOnce(batches(), purpose.reverts === undefined ? AT_ONCE : 1, async (batch) => {
    for (const { reference } of batch) {
      if (fields.has(reference.field.name)) continue;
      checkField(live, reference.field);
      fields.add(reference.field.name);
    }
    const missed = await write(connection, live, journal, batch, total);
    for (const change of missed) if (examples.length < EXAMPLES) examples.push(change);
    pace.tell({ what: 'Changing paths', done: total.changed, unit: 'paths' });
  });
  await journal.close(total.changed, total.others, [...fields]);
  pace.tell({ what: 'Changing paths', done: total.changed, total: total.changed, unit: 'paths' });
  return { run: journal.run ?? null, ...total, examples };
}

/** @throws DatasetNotFoundError, UsageError if its paths cannot be changed */
async function liveDataset({ db }: Connection, dataset: ReadonlyDoc): Promise<ReadonlyDoc> {
  checkStored(dataset);
  const [live] = await findDocs(db, 'datasets', { _id: dataset.get('_id') }, { limit: 1 });
  if (live === undefined) throw new DatasetNotFoundError(String(dataset.get('name')));
  return live;
}

/** Samples and frames apart, and no more at once than one note can have. */
function* parts(changes: readonly PathChange[]): Generator<PathChange[]> {
  for (const scope of ['samples', 'frames'] as const) {
    let part: PathChange[] = [];
    let bytes = 0;
    for (const change of changes) {
      if (change.reference.field.scope !== scope) continue;
      const size = Buffer.byteLength(change.reference.path) + Buffer.byteLength(change.to);
      if (part.length === BATCH || (part.length > 0 && bytes + size > BATCH_BYTES)) {
        yield part;
        part = [];
        bytes = 0;
      }
      part.push(change);
      bytes += size;
    }
    if (part.length > 0) yield part;
  }
}

/** Writes a batch. @returns what others have changed meanwhile */
async function write(
  connection: Connection,
  dataset: ReadonlyDoc,
  journal: PathJournal,
  batch: readonly PathChange[],
  total: { changed: number; already: number; others: number },
): Promise<PathChange[]> {
  const given = new Map(batch.map((change) => [notedAs(change), change]));
  const scope = batch[0]?.reference.field.scope ?? 'samples';
  const collection = String(dataset.get(scope === 'frames' ? 'frame_collection_name' : 'sample_collection_name'));
  const missed: NotedChange[] = [];
  const tried = new Map<NotedChange, NotedChange>();
  let open = [...given.keys()];
  for (let round = 0; open.length > 0; round++) {
    const todo: NotedChange[] = [];
    for (const { change, state, place } of await locate(connection, collection, open)) {
      const first = tried.get(change) ?? change;
      if (state === 'done') total[tried.has(change) ? 'changed' : 'already']++;
      else if (state === 'other' || round === ROUNDS) missed.push(first);
      else {
        const now = { ...change, place };
        tried.set(now, first);
        todo.push(now);
      }
    }
    if (todo.length === 0) break;
    const statements = changeStatements(dataset, scope, todo);
    const { n } = await authorized(
      connection,
      async () => {
        await journal.note(todo);
        return await updateRaw(connection.db, collection, statements, true);
      },
      USE_WRITER,
    );
    if (n === statements.length) total.changed += todo.length;
    open = n === statements.length ? [] : todo;
  }
  total.others += missed.length;
  return missed.map((change) => given.get(change) as PathChange);
}

function notedAs({ reference: { field, id, place, path }, to }: PathChange): NotedChange {
  return { field, id, place, from: path, to };
}

async function locate(
  { db }: Connection,
  collection: string,
  changes: readonly NotedChange[],
): Promise<ReturnType<typeof located>> {
  const fields = [...new Set(changes.map(({ field }) => field.path.join('.')))];
  const numbers = new Map(fields.map((path, i) => [path, i]));
  const byId = byDocument(changes);
  const ids = [...byId.values()].map(([first]) => first?.id as ObjectId);
  const paths = fields.map((path) => path.split('.'));
  const stored = await storedTexts(db, collection, ids, paths);
  return [...byId].flatMap(([id, some]) => {
    const lists = stored.get(id);
    return located(some, ({ field }) => lists?.[numbers.get(field.path.join('.')) as number] ?? []);
  });
}
