import { randomUUID } from 'node:crypto';
import { type Db, MongoServerError } from 'mongodb';
import { Doc, decode, encode, int32, numberOf, type ObjectId, type ReadonlyDoc, type Value } from '../bson/index.js';
import type { Holder } from '../database/lease-store.js';
import { thisProcess } from '../database/leases.js';
import { findRaw, insertRaw } from '../database/raw.js';
import { serverTime } from '../database/server-time.js';
import type { MediaField } from './media-fields.js';

/** The collection of who changed media paths, and when. Clients of FiftyOne do not know it and leave it alone. */
export const MEDIA_JOURNAL = 'media.journal';
/** What they changed, batch by batch. A batch is noted before it is written. */
export const MEDIA_CHANGES = 'media.journal.changes';

/** A run that changed media paths of a dataset, or tried to. */
export interface PathRun {
  readonly _id: string;
  readonly dataset: ObjectId;
  /** The name that the dataset had. */
  readonly name: string;
  /** What was done: `upload`, `set-paths`, `revert`. */
  readonly command: string;
  /** More about it, for people: where to, for example. */
  readonly note: string | null;
  readonly by: Omit<Holder, 'run'>;
  readonly started: Date;
  /** Null while it runs, and until somebody goes on with it if it died. */
  readonly ended: Date | null;
  /** The names of the fields that were changed. */
  readonly fields: readonly string[];
  /** How many paths it changed, and how many it did not because others had changed them meanwhile; 0 until it ends. */
  readonly changed: number;
  readonly others: number;
  /** The run whose changes it takes back. */
  readonly reverts: string | null;
  /** When its changes were taken back. */
  readonly reverted: Date | null;
}

/** A change as it is noted. */
export interface NotedChange {
  readonly field: MediaField;
  readonly id: ObjectId;
  readonly place: string;
  readonly from: string;
  readonly to: string;
}

/** What a run is about. A run that died is gone on with by the next one that is about the same. */
export interface RunPurpose {
  readonly command: string;
  readonly note?: string | undefined;
  readonly reverts?: string | undefined;
  /** Whether command and note say all that there is to it, so that the next one of the same goes on with it. Default: true */
  readonly isWhole?: boolean | undefined;
}

const DUPLICATE_KEY = 11000;
const MAJORITY = { writeConcern: { w: 'majority' } } as const;

/** Writes the journal of one run; the first batch opens it, so that a run that has nothing to do leaves no trace. */
export class PathJournal {
  #run: string | undefined;
  #opened: Promise<string> | undefined;
  #next = 0;

  constructor(
    readonly db: Db,
    readonly dataset: ReadonlyDoc,
    readonly purpose: RunPurpose,
  ) {}

  /** The run that is being written, if it has anything. */
  get run(): string | undefined {
    return this.#run;
  }

  /** Notes changes that are about to be written. When it resolves they cannot be lost any more. */
  async note(changes: readonly NotedChange[]): Promise<void> {
    this.#opened ??= this.#open();
    this.#run = await this.#opened;
    for (;;) {
      try {
        await insertRaw(this.db, MEDIA_CHANGES, [encode(batchDoc(this.#run, this.#next++, changes))], true);
        return;
      } catch (error) {
        if (!(error instanceof MongoServerError) || error.code !== DUPLICATE_KEY) throw error;
        // somebody else goes on with the same run
        this.#next = Math.max(this.#next, await nextOf(this.db, this.#run));
      }
    }
  }

  /** Closes the journal of the run. */
  async close(changed: number, others: number, fields: readonly string[]): Promise<void> {
    if (this.#run === undefined) return;
    const all = { $setUnion: ['$fields', { $literal: [...fields] }] };
    const counts = { changed: { $add: ['$changed', changed] }, others: { $add: ['$others', others] } };
    await runsIn(this.db).updateOne({ _id: this.#run }, [{ $set: { ended: '$$NOW', fields: all, ...counts } }], MAJORITY);
  }

  async #open(): Promise<string> {
    const dataset = this.dataset.get('_id') as ObjectId;
    const unfinished = await unfinishedRun(this.db, dataset, this.purpose);
    if (unfinished !== undefined) {
      this.#next = await nextOf(this.db, unfinished._id);
      return unfinished._id;
    }
    const { command, note = null, reverts = null } = this.purpose;
    const _id = randomUUID();
    const started = await serverTime(this.db);
    const name = String(this.dataset.get('name'));
    const facts = { _id, dataset, name, command, note, by: thisProcess(), started, ended: null, fields: [] };
    await runsIn(this.db).insertOne({ ...facts, changed: 0, others: 0, reverts, reverted: null }, MAJORITY);
    return _id;
  }
}

/** The runs that changed media paths of a dataset, newest first. */
export async function pathRuns(db: Db, dataset: ObjectId, limit = 0): Promise<PathRun[]> {
  return await runsIn(db).find({ dataset }).sort({ started: -1 }).limit(limit).toArray();
}

/** The last run of a dataset, if it was about this, has not ended and was not taken back. */
export async function unfinishedRun(
  db: Db,
  dataset: ObjectId,
  { command, note, reverts, isWhole = true }: RunPurpose,
): Promise<PathRun | undefined> {
  const [last] = await pathRuns(db, dataset, 1);
  if (!isWhole || last === undefined || last.ended !== null || last.reverted !== null) return undefined;
  return last.command === command && last.note === (note ?? null) && last.reverts === (reverts ?? null) ? last : undefined;
}

/** What a run changed, newest batch first. */
export async function* notedChanges(db: Db, run: string): AsyncGenerator<NotedChange[]> {
  for await (const bytes of findRaw(db, MEDIA_CHANGES, batchesOf(run), { sort: { _id: -1 }, batchSize: 4 })) {
    yield readBatch(decode(bytes));
  }
}

/** Whether a run has noted any changes. */
export async function hasChanges(db: Db, run: string): Promise<boolean> {
  return (await db.collection(MEDIA_CHANGES).findOne(batchesOf(run), { projection: { _id: 1 } })) !== null;
}

/** How many batches of changes a run has noted. */
export async function batchesNoted(db: Db, run: string): Promise<number> {
  return await db.collection(MEDIA_CHANGES).countDocuments(batchesOf(run));
}

/** Notes that all that a run had changed was taken back; if it had taken back another one, the changes of that are there again. */
export async function noteReverted(db: Db, { _id, reverts }: PathRun): Promise<void> {
  await runsIn(db).updateOne({ _id }, [{ $set: { reverted: '$$NOW' } }], MAJORITY);
  if (reverts !== null) await runsIn(db).updateOne({ _id: reverts }, { $set: { reverted: null } }, MAJORITY);
}

/** Removes all that the journal has of a dataset. */
export async function deletePathJournal(db: Db, dataset: ObjectId): Promise<void> {
  for (const { _id } of await pathRuns(db, dataset)) {
    await db.collection(MEDIA_CHANGES).deleteMany(batchesOf(_id));
    await runsIn(db).deleteOne({ _id });
  }
}

function runsIn(db: Db) {
  return db.collection<PathRun>(MEDIA_JOURNAL);
}

/** The ids of batches begin with that of their run, and sort by number. */
function batchesOf(run: string): Record<string, object> {
  return { _id: { $gt: `${run} `, $lt: `${run}!` } };
}

async function nextOf(db: Db, run: string): Promise<number> {
  const last = await db.collection(MEDIA_CHANGES).findOne(batchesOf(run), { sort: { _id: -1 }, projection: { seq: 1 } });
  return last === null ? 0 : Number(last.seq) + 1;
}

function batchDoc(run: string, seq: number, changes: readonly NotedChange[]): Doc {
  const fields = [...new Map(changes.map(({ field }) => [field.name, field])).values()];
  const numbers = new Map(fields.map(({ name }, i) => [name, int32(i)]));
  return Doc.of(
    ['_id', `${run} ${String(seq).padStart(8, '0')}`],
    ['seq', int32(seq)],
    ['fields', fields.map(fieldDoc)],
    ['changes', changes.map(({ field, id, place, from, to }) => [numbers.get(field.name) as Value, id, place, from, to])],
  );
}

function fieldDoc({ name, scope, holder, path }: MediaField): Doc {
  return Doc.of(['name', name], ['scope', scope], ['holder', holder], ['path', [...path]]);
}

function readBatch(doc: ReadonlyDoc): NotedChange[] {
  const fields = (doc.get('fields') as Doc[]).map(
    (field): MediaField => ({
      name: String(field.get('name')),
      scope: field.get('scope') === 'frames' ? 'frames' : 'samples',
      holder: String(field.get('holder')),
      path: field.get('path') as string[],
    }),
  );
  return (doc.get('changes') as [Value, ObjectId, string, string, string][]).map(([number, id, place, from, to]) => ({
    ...{ field: fields[numberOf(number) as number] as MediaField, id, place, from, to },
  }));
}
