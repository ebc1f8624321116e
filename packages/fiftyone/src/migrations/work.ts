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
import { electionOf } from '../database/election.js';
import { LEASES } from '../database/lease-store.js';
import type { Lease } from '../database/leases.js';
import { deleteRaw, findDocs, findRaw, updateRaw } from '../database/raw.js';
import type { AtticWork } from './attic/changes.js';
import { type AtticEntry, entryDocs, ofEntry } from './attic/entry.js';
import { allOf, KEPT_DOCUMENTS } from './attic/kept-documents.js';
import type { EditProgress } from './bulk-edits.js';
import { datasetsRealm } from './datasets-realm.js';
import { Guard, MOST_MS } from './guard.js';
import { changesOf } from './plan.js';
import { ALL_RUN_MAPS, runIdsOf, type StoredPlan, viewIdsOf } from './read-record.js';
import type { Realm } from './realm.js';
import { deleteFile } from './results-file.js';
import type { DatasetRecord } from './revision.js';

export { WORK } from './datasets-realm.js';

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
  readonly attic: boolean;
  /** How far the bulk edits got. */
  readonly edits?: EditProgress | undefined;
}

/** A dataset document that is ready to be committed. */
export interface Ready {
  readonly plan: StoredPlan;
  readonly begun: Begun;
  readonly after: DatasetRecord;
  /** The dataset document after the plan. */
  readonly bytes: Uint8Array;
  readonly lease: Lease;
  /** Whether `begin` has noted it. */
  readonly noted: boolean;
  /** The election since which everything before the commit was written. */
  readonly election: string;
  readonly attic: AtticWork;
}

export class WorkLog {
  /** @param election the election in which the run began, see `electionOf` */
  constructor(
    readonly db: Db,
    public election = '',
    readonly realm: Realm = datasetsRealm,
  ) {}

  /** Notes what was begun on a dataset, and in the attic what it is before the first of its documents changes. */
  readonly begin = batched<{ id: ObjectId; begun: Begun; kept: readonly AtticEntry[]; lease: Lease }, void>(
    BATCH,
    async (items) => {
      const guard = new Guard(items.map(({ lease }) => lease));
      const notes = items.map(({ id, begun }) => Doc.of(...noteOf(id, begun)));
      await this.#write(
        this.realm.work,
        notes.map((note) => guard.replacement(note)),
      );
      await this.#keep(
        guard,
        items.flatMap(({ kept }) => kept),
      );
      return items.map(() => undefined);
    },
  );

  /** Notes how far the bulk edits of a dataset got. */
  async progress(id: ObjectId, begun: Begun, edits: EditProgress, lease: Lease): Promise<void> {
    const same = Doc.of(...noteOf(id, { ...begun, edits: undefined }));
    const update = Doc.of(['$set', Doc.of(['edits', progressDoc(edits)])]);
    await this.#write(this.realm.work, [Doc.of(['q', new Guard([lease]).only(same)], ['u', update])]);
  }

  /**
   * Commits: replaces the dataset documents, if they still are what was planned from and the leases still are ours. New runs and
   * views come before, changed and removed ones after it; the note has all that is needed to take back or to go on.
   *
   * @returns false for a dataset that somebody changed, or whose lease was lost, or whose edits an election may have taken back
   */
  readonly commit = batched<Ready, boolean>({ limit: BATCH, gatherMs: GATHER_MS }, async (all) => {
    const guard = new Guard(all.map(({ lease }) => lease));
    const notes = new Map(all.map((item) => [item, staged(item)]));
    await this.#stage(guard, notes);
    const isSafe = await this.#settle(guard, all);
    const items = all.filter(isSafe);
    await this.#replaceDatasets(items.map(({ plan }) => plan.id));
    for (const item of items.filter(isTooBig)) await this.#replaceBig(item);
    const stored = await this.#bytesOf(
      items.map(({ plan }) => plan.id),
      items.some(({ begun, after }) => begun.from === (after.dataset.get('version') ?? null)) ? {} : NAMED,
    );
    const found = items.map((item) => ({ note: notes.get(item) as Doc, bytes: stored.get(item.plan.id.toHexString()) }));
    const committed = new Set(items.filter((_, i) => stateOf(found[i] as Found) === 'committed'));
    await this.#finish(
      guard,
      found.filter((_, i) => committed.has(items[i] as Ready)),
    );
    return all.map((item) => committed.has(item));
  });

  /** Notes what is to be committed, then writes what has to be there before. Without the note nobody would know of it. */
  async #stage(guard: Guard, notes: ReadonlyMap<Ready, Doc>): Promise<void> {
    const items = [...notes.keys()];
    const of = (isNoted: boolean) => items.filter(({ noted }) => noted === isNoted).map((item) => notes.get(item) as Doc);
    const [old, fresh] = [of(true), of(false)];
    // an election may have taken them back
    const lost =
      (await this.#write(
        this.realm.work,
        old.map((note) => guard.overwriting(note)),
      )) < old.length
        ? old
        : [];
    await this.#write(
      this.realm.work,
      [...fresh, ...lost].map((note) => guard.replacement(note)),
    );
    await this.#keep(
      guard,
      items.flatMap(({ attic }) => attic.written),
    );
    for (const side of SIDES) {
      const { inserted } = sidesOf(items, side);
      const { replaced } = sidesOf(items.filter(hasLargeSides), side);
      const large = replaced.map((doc) => guard.replacement(doc));
      await this.#write(side, [...inserted.map((doc) => guard.insertion(doc)), ...large]);
    }
  }

  /**
   * Waits until everything that was written so far cannot be lost any more.
   *
   * @returns tells of each whether nothing of it was lost in an election
   */
  async #settle(guard: Guard, items: readonly Ready[]): Promise<(item: Ready) => boolean> {
    if (this.election !== '') {
      const ids = guard.only(Doc.of(['_id', Doc.of(['$in', items.map(({ plan }) => plan.id)])]));
      const update = Doc.of(['$set', Doc.of(['settled', true])]);
      await this.#write(this.realm.work, [Doc.of(['q', ids], ['u', update], ['multi', true])], true);
      this.election = await electionOf(this.db);
    }
    return ({ election }) => election === this.election;
  }

  /**
   * What runners that died have left: finishes what was committed, takes back what was not, and returns what was begun and is
   * still to be finished. A note about a dataset that others have moved meanwhile counts for nothing.
   */
  readonly recover = batched<{ id: ObjectId; lease: Lease }, Begun | undefined>(BATCH, async (items) => {
    const ids = items.map(({ id }) => id);
    const left = await findDocs(this.db, this.realm.work, { _id: { $in: [...ids] } });
    if (left.length === 0) return ids.map(() => undefined);
    const stored = await this.#bytesOf(left.map(idOf));
    const found = left.map((note) => ({ note, bytes: stored.get(idOf(note).toHexString()) }));
    const notes = (wanted: State) => found.filter(({ note, bytes }) => stateOf({ note, bytes }) === wanted);
    const guard = new Guard(items.map(({ lease }) => lease));
    await this.#finish(guard, notes('committed'));
    for (const side of SIDES) {
      const inserted = [...notes('begun'), ...notes('moved')].flatMap((item) => unnamed(item, 'inserted', side));
      await this.#delete(guard, side, inserted);
    }
    await this.#delete(
      guard,
      this.realm.work,
      notes('moved').map(({ note }) => idOf(note)),
    );
    const byId = new Map(notes('begun').map(({ note }) => [idOf(note).toHexString(), begunOf(note)]));
    return ids.map((id) => byId.get(id.toHexString()));
  });

  /** What was begun on which datasets and not finished, by their ids as hexadecimal text. */
  async unfinished(): Promise<Map<string, Begun>> {
    const left = await findDocs(
      this.db,
      this.realm.work,
      {},
      { projection: { from: 1, to: 1, now: 1, keepUnknown: 1, attic: 1, edits: 1 } },
    );
    return new Map(left.map((note) => [String(note.get('_id')), begunOf(note)]));
  }

  /** The leases are read by the very command that writes, so a runner that was overtaken commits nothing. */
  async #replaceDatasets(ids: readonly ObjectId[]): Promise<void> {
    // a busy server takes a while from looking at the clock to the last dataset
    const end = { $add: ['$$NOW', MOST_MS] };
    const isOurs = { $and: [{ $eq: [{ $first: '$held.fence' }, '$fence'] }, { $gt: [{ $first: '$held.expires' }, end] }] };
    const replaced = { $cond: [{ $eq: ['$$ROOT', '$$new.before'] }, '$$new.after', '$$ROOT'] };
    const pipeline = [
      { $match: { _id: { $in: [...ids] } } },
      { $lookup: { from: LEASES, localField: 'lease', foreignField: '_id', as: 'held' } },
      { $match: { $expr: isOurs } },
      { $project: { before: 1, after: 1 } },
      { $merge: { into: this.realm.records, on: '_id', whenMatched: [{ $replaceWith: replaced }], whenNotMatched: 'discard' } },
    ] as const;
    await this.db
      .collection(this.realm.work)
      .aggregate([...pipeline], { writeConcern: { w: 'majority', j: true } })
      .toArray();
  }

  /** Documents that do not fit twice into one document of the server: what clients change at every load or edit stands for the rest. */
  async #replaceBig({ plan, bytes, lease }: Ready): Promise<void> {
    const before = plan.before.dataset;
    const same = ['version', ...VOLATILE].map((key) => [key, before.get(key) ?? null] as [string, Value]);
    const size = Doc.of(['$eq', [Doc.of(['$bsonSize', '$$ROOT']), int32(plan.before.bytes.length)]]);
    const filter = new Guard([lease]).only(Doc.of(['_id', plan.id], ...same), size);
    await this.#write(this.realm.records, [Doc.of(['q', filter], ['u', new Scalar(BsonType.document, bytes)])], true);
  }

  async #bytesOf(ids: readonly ObjectId[], projection = {}): Promise<Map<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    for await (const bytes of findRaw(this.db, this.realm.records, { _id: { $in: [...ids] } }, { projection })) {
      found.set(idIn(bytes), bytes);
    }
    return found;
  }

  /** What follows a commit: changed runs and views are written, and what nothing names any more is removed. */
  async #finish(guard: Guard, items: readonly Found[]): Promise<void> {
    for (const side of SIDES) {
      const pairs = items.flatMap(({ note }) => listIn(note, 'replaced', side) as Doc[]);
      await this.#write(
        side,
        pairs.map((pair) => unlessChanged(guard, pair)),
      );
      await this.#delete(
        guard,
        side,
        items.flatMap((item) => unnamed(item, 'deleted', side)),
      );
    }
    await this.#clearAttic(guard, items);
    for (const file of items.flatMap(({ note }) => note.get('files') as Value[])) await this.#removeFile(guard, file as ObjectId);
    await this.#delete(
      guard,
      this.realm.work,
      items.map(({ note }) => idOf(note)),
    );
  }

  async #keep(guard: Guard, entries: readonly AtticEntry[]): Promise<void> {
    const docs = (await Promise.all(entries.map(entryDocs))).flat();
    await this.#write(
      this.realm.attic,
      docs.map((doc) => guard.replacement(doc)),
    );
  }

  /** What was put back leaves the attic, or stays there for people only. */
  async #clearAttic(guard: Guard, items: readonly Found[]): Promise<void> {
    const docsIn = (key: string) => items.flatMap(({ note }) => (note.get(key) ?? []) as Doc[]);
    const at = Doc.of(['restored', date(Date.now())]);
    const marked = docsIn('restored').map((doc) =>
      Doc.of(
        ['q', guard.only(Doc.of(['_id', doc.get('id') as Value]))],
        ['u', Doc.of(['$set', new Doc([...at, ['left', doc.get('left') as Value]])])],
      ),
    );
    await this.#write(this.realm.attic, marked);
    for (const doc of docsIn('unkept')) {
      const documents = doc.get('documents');
      if (typeof documents === 'string') await this.#deleteMany(guard, KEPT_DOCUMENTS, allOf(documents));
      await this.#deleteMany(guard, this.realm.attic, ofEntry(doc.get('id') as string));
    }
  }

  async #removeFile(guard: Guard, file: ObjectId): Promise<void> {
    const user = await this.db.collection('runs').findOne({ results: file }, { projection: { _id: 1 } });
    if (user === null) await deleteFile(this.db, file, guard.filter);
  }

  async #deleteMany(guard: Guard, collection: string, filter: object): Promise<void> {
    await this.db.collection(collection).deleteMany({ ...filter, ...guard.filter });
  }

  async #delete(guard: Guard, collection: string, ids: readonly Value[]): Promise<void> {
    const filter = guard.only(Doc.of(['_id', Doc.of(['$in', [...ids]])]));
    if (ids.length > 0) await deleteRaw(this.db, collection, filter);
  }

  /** @returns how many documents were there, or are new */
  async #write(collection: string, statements: readonly Doc[], majority = false): Promise<number> {
    return statements.length === 0 ? 0 : (await updateRaw(this.db, collection, statements, majority)).n;
  }
}

/** What of a side collection changes with several commits together. */
function sidesOf(items: readonly Ready[], side: Side): { inserted: ReadonlyDoc[]; replaced: ReadonlyDoc[] } {
  const changes = items.map(({ plan, after }) => changesOf(plan.before[side], after[side]));
  return { inserted: changes.flatMap(({ inserted }) => inserted), replaced: changes.flatMap(({ replaced }) => replaced) };
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
  const { plan, begun, after, bytes, lease, attic } = item;
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
    ['files', [...attic.files]],
    ['unkept', attic.removed.map(({ id, documents = null }) => Doc.of(['id', id], ['documents', documents]))],
    ['restored', attic.restored.map(({ id, left }) => Doc.of(['id', id], ['left', [...left]]))],
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

/** What of a dataset tells whether it is committed, where its version changes, and what it names. */
const NAMED = Object.fromEntries(['version', 'saved_views', ...ALL_RUN_MAPS].map((key) => [key, 1]));

/** What clients change whenever they load or edit a dataset. */
const VOLATILE = ['last_loaded_at', 'last_modified_at', 'last_deletion_at'];

function stateOf({ note, bytes }: Found): State {
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
function unlessChanged(guard: Guard, pair: Doc): Doc {
  const [before, after] = [pair.get('before') as Doc, pair.get('after') as Doc];
  const unchanged = Doc.of(['$eq', ['$$ROOT', Doc.of(['$literal', before])]]);
  return Doc.of(['q', guard.only(Doc.of(['_id', before.get('_id') as Value]), unchanged)], ['u', after]);
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
    attic: doc.get('attic') === true,
    edits: progressOf(doc.get('edits')),
  };
}

function progressDoc({ election, done, current }: EditProgress): Doc {
  const under: [string, Value][] = current ? [['current', Doc.of(['edit', current.edit], ['upTo', current.upTo])]] : [];
  return Doc.of(['election', election], ['done', [...done]], ...under);
}

function progressOf(value: Value | undefined): EditProgress | undefined {
  if (!(value instanceof Doc)) return undefined;
  const current = value.get('current');
  return {
    election: value.get('election') as string,
    done: value.get('done') as string[],
    ...(current instanceof Doc
      ? { current: { edit: current.get('edit') as string, upTo: current.get('upTo') as ObjectId } }
      : {}),
  };
}

function noteOf(id: ObjectId, { from, to, now, keepUnknown, attic, edits }: Begun): [string, Value][] {
  return [
    ['_id', id],
    ['from', from],
    ['to', to],
    ['now', Doc.of(['ms', date(now.ms)], ['micros', int32(now.micros)])],
    ['keepUnknown', keepUnknown],
    ['attic', attic],
    ...(edits ? ([['edits', progressDoc(edits)]] as [string, Value][]) : []),
  ];
}
