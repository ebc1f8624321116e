import type { Db } from 'mongodb';
import { batched } from '../batched.js';
import {
  BsonType,
  Doc,
  date,
  decode,
  encode,
  equal,
  int32,
  millisecondsOf,
  numberOf,
  type ObjectId,
  type ReadonlyDoc,
  Scalar,
  type Value,
} from '../bson/index.js';
import { LEASES, type Lease } from '../database/leases.js';
import { deleteByIds, findDocs, findRaw, insertNew, updateRaw } from '../database/raw.js';
import { changesOf } from './plan.js';
import { runIdsOf, type StoredPlan, viewIdsOf } from './read-record.js';
import { deleteFile } from './results-file.js';
import type { DatasetRecord } from './revision.js';

/**
 * The collection of datasets on which somebody is at work: what was begun, and what is to be committed. A document is in it
 * from the first write to the last removal, so whoever finds one knows what a runner that died has left.
 */
export const WORK = 'migrations.work';

/** The collections beside `datasets` whose documents are part of a record. */
const SIDES = ['runs', 'views'] as const;
type Side = (typeof SIDES)[number];

/** How many datasets are committed in one round trip. */
const BATCH = 100;

/** Datasets become ready one by one: while they do, a commit waits for more. */
const GATHER_MS = 5;

/** What fits into one document of the server, with room for the rest of the note. */
const MOST_BYTES = 12_000_000;
const MOST_SIDE_BYTES = 1_500_000;

/** What a plan makes up, noted before the first write so that a resumed run makes the same. */
export interface Begun {
  readonly from: string | null;
  readonly to: string;
  readonly now: { readonly ms: number; readonly micros: number };
  readonly keepUnknown: boolean;
}

/** A dataset document that is ready to be committed. */
export interface Ready {
  readonly plan: StoredPlan;
  readonly begun: Begun;
  readonly after: DatasetRecord;
  /** The dataset document after the plan. */
  readonly bytes: Uint8Array;
  readonly lease: Lease;
  /** Results files that nothing names after the commit. */
  readonly files: readonly Value[];
}

export class WorkLog {
  constructor(readonly db: Db) {}

  /** Notes what was begun on a dataset. */
  readonly begin = batched<{ id: ObjectId; begun: Begun }, void>(BATCH, async (items) => {
    await this.#upsert(
      WORK,
      items.map(({ id, begun }) => Doc.of(...noteOf(id, begun))),
    );
    return items.map(() => undefined);
  });

  /**
   * Commits: replaces the dataset documents, if they still are what was planned from and the leases still are ours. New runs and
   * views come before, changed and removed ones after it; the note has all that is needed to take back or to go on.
   *
   * @returns false for a dataset that somebody changed, or whose lease was lost
   */
  readonly commit = batched<Ready, boolean>({ limit: BATCH, gatherMs: GATHER_MS }, async (items) => {
    const notes = items.map(staged);
    await this.#upsert(WORK, notes);
    for (const side of SIDES) {
      const inserted = items.flatMap((item) => changesOf(item.plan.before[side], item.after[side]).inserted);
      // never over what is there: it may be newer than this runner knows
      await insertNew(this.db, side, inserted.map(encode));
      const large = items.filter(hasLargeSides).flatMap((item) => changesOf(item.plan.before[side], item.after[side]).replaced);
      await this.#upsert(side, large);
    }
    await this.#replaceDatasets(items.map(({ plan }) => plan.id));
    for (const item of items.filter(isTooBig)) await this.#replaceBig(item);
    const stored = await this.#bytesOf(items.map(({ plan }) => plan.id));
    const found = notes.map((note) => ({ note, bytes: stored.get(idOf(note).toHexString()) }));
    const committed = found.map(({ note, bytes }) => stateOf(note, bytes) === 'committed');
    await this.#finish(found.filter((_, i) => committed[i]));
    return committed;
  });

  /**
   * What runners that died have left: finishes what was committed, takes back what was not, and returns what was begun and is
   * still to be finished. A note about a dataset that others have moved meanwhile counts for nothing.
   */
  readonly recover = batched<ObjectId, Begun | undefined>(BATCH, async (ids) => {
    const left = await findDocs(this.db, WORK, { _id: { $in: [...ids] } });
    if (left.length === 0) return ids.map(() => undefined);
    const stored = await this.#bytesOf(left.map(idOf));
    const found = left.map((note) => ({ note, bytes: stored.get(idOf(note).toHexString()) }));
    const notes = (wanted: State) => found.filter(({ note, bytes }) => stateOf(note, bytes) === wanted);
    await this.#finish(notes('committed'));
    for (const side of SIDES) {
      const inserted = [...notes('begun'), ...notes('moved')].flatMap((item) => unnamed(item, 'inserted', side));
      await deleteByIds(this.db, side, inserted);
    }
    await deleteByIds(
      this.db,
      WORK,
      notes('moved').map(({ note }) => idOf(note)),
    );
    const byId = new Map(notes('begun').map(({ note }) => [idOf(note).toHexString(), begunOf(note)]));
    return ids.map((id) => byId.get(id.toHexString()));
  });

  /** What was begun on which datasets and not finished, by their ids as hexadecimal text. */
  async unfinished(): Promise<Map<string, Begun>> {
    const left = await findDocs(this.db, WORK, {}, { projection: { from: 1, to: 1, now: 1, keepUnknown: 1 } });
    return new Map(left.map((note) => [String(note.get('_id')), begunOf(note)]));
  }

  /** The leases are read by the very command that writes, so a runner that was overtaken commits nothing. */
  async #replaceDatasets(ids: readonly ObjectId[]): Promise<void> {
    const isOurs = { $and: [{ $eq: [{ $first: '$held.fence' }, '$fence'] }, { $gt: [{ $first: '$held.expires' }, '$$NOW'] }] };
    const replaced = { $cond: [{ $eq: ['$$ROOT', '$$new.before'] }, '$$new.after', '$$ROOT'] };
    const pipeline = [
      { $match: { _id: { $in: [...ids] } } },
      { $lookup: { from: LEASES, localField: 'lease', foreignField: '_id', as: 'held' } },
      { $match: { $expr: isOurs } },
      { $project: { before: 1, after: 1 } },
      { $merge: { into: 'datasets', on: '_id', whenMatched: [{ $replaceWith: replaced }], whenNotMatched: 'discard' } },
    ] as const;
    await this.db
      .collection(WORK)
      .aggregate([...pipeline], { writeConcern: { w: 'majority' } })
      .toArray();
  }

  /** Documents that do not fit twice into one document of the server: what clients change at every load or edit stands for the rest. */
  async #replaceBig({ plan, bytes, lease }: Ready): Promise<void> {
    const before = plan.before.dataset;
    const same = ['version', ...VOLATILE].map((key) => [key, before.get(key) ?? null] as [string, Value]);
    const size = Doc.of(['$eq', [Doc.of(['$bsonSize', '$$ROOT']), int32(plan.before.bytes.length)]]);
    lease.check();
    const filter = Doc.of(['_id', plan.id], ...same, ['$expr', size]);
    await updateRaw(this.db, 'datasets', [Doc.of(['q', filter], ['u', new Scalar(BsonType.document, bytes)])], true);
  }

  async #bytesOf(ids: readonly ObjectId[]): Promise<Map<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    for await (const bytes of findRaw(this.db, 'datasets', { _id: { $in: [...ids] } })) {
      found.set(idIn(bytes), bytes);
    }
    return found;
  }

  /** What follows a commit: changed runs and views are written, and what nothing names any more is removed. */
  async #finish(items: readonly Found[]): Promise<void> {
    for (const side of SIDES) {
      const statements = items.flatMap(({ note }) => (listIn(note, 'replaced', side) as Doc[]).map(replacement));
      if (statements.length > 0) await updateRaw(this.db, side, statements);
      await deleteByIds(
        this.db,
        side,
        items.flatMap((item) => unnamed(item, 'deleted', side)),
      );
    }
    for (const file of items.flatMap(({ note }) => note.get('files') as Value[])) await this.#removeFile(file as ObjectId);
    await deleteByIds(
      this.db,
      WORK,
      items.map(({ note }) => idOf(note)),
    );
  }

  async #removeFile(file: ObjectId): Promise<void> {
    const user = await this.db.collection('runs').findOne({ results: file }, { projection: { _id: 1 } });
    if (user === null) await deleteFile(this.db, file);
  }

  async #upsert(collection: string, docs: readonly ReadonlyDoc[]): Promise<void> {
    const statements = docs.map((doc) =>
      Doc.of(['q', Doc.of(['_id', doc.get('_id') as Value])], ['u', doc as Doc], ['upsert', true]),
    );
    if (statements.length > 0) await updateRaw(this.db, collection, statements);
  }
}

/** Whether the changed runs and views are too many bytes for the note: they are then written before the commit. */
function hasLargeSides({ plan, after }: Ready): boolean {
  const replaced = SIDES.flatMap((side) => changesOf(plan.before[side], after[side]).replaced);
  return replaced.reduce((sum, doc) => sum + encode(doc).length, 0) > MOST_SIDE_BYTES;
}

function isTooBig({ plan, bytes }: Ready): boolean {
  return plan.before.bytes.length + bytes.length > MOST_BYTES;
}

/** The note of a commit. Of a dataset document that is too big for it, it has the new version only. */
function staged(item: Ready): Doc {
  const { plan, begun, after, bytes, lease, files } = item;
  const changes = SIDES.map((side) => [side, changesOf(plan.before[side], after[side])] as const);
  const idsOf = (docs: readonly ReadonlyDoc[]) => docs.map(idOf);
  return Doc.of(
    ...noteOf(plan.id, begun),
    ['lease', lease.key],
    ['fence', new Scalar(BsonType.int64, Buffer.from(lease.fence.toBytesLE()))],
    ['version', after.dataset.get('version') ?? null],
    ...(isTooBig(item)
      ? []
      : ([
          ['before', new Scalar(BsonType.document, plan.before.bytes)],
          ['after', new Scalar(BsonType.document, bytes)],
        ] as [string, Value][])),
    ['inserted', new Doc(changes.map(([side, { inserted }]) => [side, idsOf(inserted)]))],
    ['replaced', new Doc(SIDES.map((side) => [side, hasLargeSides(item) ? [] : replacedPairs(item, side)]))],
    ['deleted', new Doc(changes.map(([side, { deleted }]) => [side, [...deleted]]))],
    ['files', [...files]],
  );
}

function replacedPairs({ plan, after }: Ready, side: Side): Doc[] {
  const { replaced } = changesOf(plan.before[side], after[side]);
  const before = (doc: ReadonlyDoc) => plan.before[side].find((old) => equal(old.get('_id') as Value, doc.get('_id') as Value));
  return replaced.map((doc) => Doc.of(['before', before(doc) as Doc], ['after', doc as Doc]));
}

/** A note, and the dataset document as it is stored now. */
interface Found {
  readonly note: Doc;
  readonly bytes: Uint8Array | undefined;
}

/** `committed`: the dataset has the version that the note leads to. `begun`: not yet. `moved`: somebody took it elsewhere. */
type State = 'committed' | 'begun' | 'moved';

/** What clients change whenever they load or edit a dataset. */
const VOLATILE = ['last_loaded_at', 'last_modified_at', 'last_deletion_at'];

function stateOf(note: Doc, bytes: Uint8Array | undefined): State {
  if (bytes === undefined) return 'moved';
  const after = note.get('after');
  const isAfter =
    after instanceof Doc
      ? Buffer.compare(encode(after), bytes) === 0
      : after instanceof Scalar && Buffer.compare(after.bytes, bytes) === 0;
  if (isAfter) return 'committed';
  const version = decode(bytes).get('version') ?? null;
  if (equal(version, note.get('from') ?? null)) return 'begun';
  return note.has('lease') && equal(version, note.get('version') ?? null) ? 'committed' : 'moved';
}

/** The ids of a note's list that the dataset does not name: whatever happened, nothing that is in use is removed. */
function unnamed({ note, bytes }: Found, key: 'inserted' | 'deleted', side: Side): Value[] {
  const ids = listIn(note, key, side);
  if (bytes === undefined || ids.length === 0) return [];
  const dataset = decode(bytes);
  const named = new Set((side === 'runs' ? runIdsOf(dataset) : viewIdsOf(dataset)).map(String));
  return ids.filter((id) => !named.has(String(id)));
}

/** Replaces a run or view, if nobody changed it meanwhile. */
function replacement(pair: Doc): Doc {
  const [before, after] = [pair.get('before') as Doc, pair.get('after') as Doc];
  const unchanged = Doc.of(['$eq', ['$$ROOT', Doc.of(['$literal', before])]]);
  return Doc.of(['q', Doc.of(['_id', before.get('_id') as Value], ['$expr', unchanged])], ['u', after]);
}

function listIn(note: Doc, key: string, side: Side): readonly Value[] {
  return ((note.get(key) as Doc | undefined)?.get(side) as Value[] | undefined) ?? [];
}

/** The id of a document, as hexadecimal text. The server stores it first, so the rest need not be read. */
function idIn(bytes: Uint8Array): string {
  const isFirst = bytes[4] === BsonType.objectId && Buffer.from(bytes.subarray(5, 9)).toString() === '_id\0';
  return isFirst ? Buffer.from(bytes.subarray(9, 21)).toString('hex') : String(decode(bytes).get('_id'));
}

function idOf(doc: ReadonlyDoc): ObjectId {
  return doc.get('_id') as ObjectId;
}

function begunOf(doc: ReadonlyDoc): Begun {
  const now = doc.get('now') as Doc;
  return {
    from: doc.get('from') as string | null,
    to: doc.get('to') as string,
    now: { ms: Number(millisecondsOf(now.get('ms'))), micros: numberOf(now.get('micros')) as number },
    keepUnknown: doc.get('keepUnknown') === true,
  };
}

function noteOf(id: ObjectId, { from, to, now, keepUnknown }: Begun): [string, Value][] {
  return [
    ['_id', id],
    ['from', from],
    ['to', to],
    ['now', Doc.of(['ms', date(now.ms)], ['micros', int32(now.micros)])],
    ['keepUnknown', keepUnknown],
  ];
}
