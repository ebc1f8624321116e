import type { Db } from 'mongodb';
import { batched } from '../batched.js';
import {
  BsonType,
  Doc,
  date,
  decode,
  encode,
  int32,
  millisecondsOf,
  numberOf,
  type ObjectId,
  type ReadonlyDoc,
  Scalar,
  type Value,
} from '../bson/index.js';
import { LEASES, type Lease } from '../database/leases.js';
import { deleteByIds, findDocs, findRaw, updateRaw } from '../database/raw.js';
import type { StoredPlan } from './apply.js';
import { changesOf } from './plan.js';
import { deleteFile } from './results-file.js';
import type { DatasetRecord } from './revision.js';

/**
 * The collection of datasets on which somebody is at work: what was begun, and what is to be committed. A document is in it
 * from the first write to the last removal, so whoever finds one knows what a runner that died has left.
 */
export const WORK = 'migrations.work';

/** How many datasets are committed in one round trip. */
const BATCH = 50;

/** What fits into one document of the server, with room for the rest of the note. */
const MOST_BYTES = 15_000_000;

/** What a plan makes up, noted before the first write so that a resumed run makes the same. */
export interface Begun {
  readonly from: string | null;
  readonly to: string;
  readonly now: { readonly ms: number; readonly micros: number };
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
   * Commits: replaces the dataset documents, if they still are what was planned from and the leases still are ours. The
   * removals follow.
   *
   * @returns false for a dataset that somebody changed, or whose lease was lost
   */
  readonly commit = batched<Ready, boolean>(BATCH, async (items) => {
    const big = items.filter(isTooBig);
    await this.#upsert(WORK, items.filter((item) => !isTooBig(item)).map(staged));
    for (const side of ['runs', 'views'] as const) {
      const changes = items.map(({ plan, after }) => changesOf(plan.before[side], after[side]));
      await this.#upsert(
        side,
        changes.flatMap(({ inserted, replaced }) => [...inserted, ...replaced]),
      );
    }
    await this.#replaceDatasets(items.map(({ plan }) => plan.id));
    for (const item of big) await this.#replaceBig(item);
    const stored = await this.#bytesOf(items.map(({ plan }) => plan.id));
    const committed = items.map(({ plan, bytes }) => {
      const found = stored.get(plan.id.toHexString());
      return found !== undefined && Buffer.compare(found, bytes) === 0;
    });
    await this.#remove(items.filter((_, i) => committed[i]).map(staged));
    return committed;
  });

  /** What is left of the work of runners that died: finishes what was committed, and returns what was only begun. */
  readonly recover = batched<ObjectId, Begun | undefined>(BATCH, async (ids) => {
    const left = await findDocs(this.db, WORK, { _id: { $in: [...ids] } });
    const stored = left.length === 0 ? new Map<string, Uint8Array>() : await this.#bytesOf(left.map(idOf));
    const isCommitted = (doc: Doc) => {
      const [bytes, after] = [stored.get(idOf(doc).toHexString()), doc.get('after')];
      return bytes !== undefined && after instanceof Doc && Buffer.compare(bytes, encode(after)) === 0;
    };
    await this.#remove(left.filter(isCommitted));
    const begun = new Map(left.filter((doc) => !isCommitted(doc)).map((doc) => [idOf(doc).toHexString(), begunOf(doc)]));
    return ids.map((id) => begun.get(id.toHexString()));
  });

  /** Forgets what was begun, when nothing came of it. */
  async forget(id: ObjectId): Promise<void> {
    await deleteByIds(this.db, WORK, [id]);
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

  /** Documents that do not fit twice into one document of the server are replaced if nobody changed them. */
  async #replaceBig({ plan, bytes, lease }: Ready): Promise<void> {
    const asRead = new Scalar(BsonType.document, plan.before.bytes);
    const unchanged = Doc.of(['$eq', ['$$ROOT', Doc.of(['$literal', asRead])]]);
    const filter = Doc.of(['_id', plan.id], ['$expr', unchanged]);
    lease.check();
    await updateRaw(this.db, 'datasets', [Doc.of(['q', filter], ['u', new Scalar(BsonType.document, bytes)])], true);
  }

  async #bytesOf(ids: readonly ObjectId[]): Promise<Map<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    for await (const bytes of findRaw(this.db, 'datasets', { _id: { $in: [...ids] } })) {
      found.set(idIn(bytes), bytes);
    }
    return found;
  }

  async #remove(docs: readonly Doc[]): Promise<void> {
    const removals = (key: string) => docs.flatMap((doc) => doc.get(key) as Value[]);
    await deleteByIds(this.db, 'runs', removals('runs'));
    await deleteByIds(this.db, 'views', removals('views'));
    for (const file of removals('files')) await deleteFile(this.db, file);
    await deleteByIds(this.db, WORK, docs.map(idOf));
  }

  async #upsert(collection: string, docs: readonly ReadonlyDoc[]): Promise<void> {
    const statements = docs.map((doc) =>
      Doc.of(['q', Doc.of(['_id', doc.get('_id') as Value])], ['u', doc as Doc], ['upsert', true]),
    );
    if (statements.length > 0) await updateRaw(this.db, collection, statements);
  }
}

function isTooBig({ plan, bytes }: Ready): boolean {
  return plan.before.bytes.length + bytes.length > MOST_BYTES;
}

function staged({ plan, begun, after, bytes, lease, files }: Ready): Doc {
  const deleted = (side: 'runs' | 'views') => [...changesOf(plan.before[side], after[side]).deleted];
  return Doc.of(
    ...noteOf(plan.id, begun),
    ['lease', lease.key],
    ['fence', new Scalar(BsonType.int64, Buffer.from(lease.fence.toBytesLE()))],
    ['before', new Scalar(BsonType.document, plan.before.bytes)],
    ['after', new Scalar(BsonType.document, bytes)],
    ['runs', deleted('runs')],
    ['views', deleted('views')],
    ['files', [...files]],
  );
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
  };
}

function noteOf(id: ObjectId, { from, to, now }: Begun): [string, Value][] {
  return [
    ['_id', id],
    ['from', from],
    ['to', to],
    ['now', Doc.of(['ms', date(now.ms)], ['micros', int32(now.micros)])],
  ];
}
