import type { AggregationCursor, Db, Document as Plain } from 'mongodb';

/** What the driver keeps of a reply: it takes whole documents out of it one by one, which costs more than reading them. */
interface Reply {
  readonly batch: { toBytes(): Uint8Array };
  clear(): void;
}

/** What to read: an aggregation over a collection, or a plain read when the pipeline is empty. */
export interface BatchQuery {
  readonly collection: string;
  readonly pipeline?: readonly Plain[];
  readonly filter?: Plain;
  readonly projection?: Plain;
  readonly sort?: Plain;
  /** Which index to use, or `{ $natural: 1 }` for none. Default: the server chooses. */
  readonly hint?: Plain | undefined;
  /** How many documents a batch has at most; a batch never has more than 16 MB. */
  readonly batchSize: number;
}

/**
 * Documents in batches: each the bytes of a BSON array of them, as the server sent it. The next batch is asked for while the caller
 * works on one, so two are in memory at most.
 */
export async function* rawBatches(db: Db, query: BatchQuery): AsyncGenerator<Buffer> {
  const cursor = open(db, query);
  const replies = cursor as unknown as { documents: Reply };
  try {
    let next = cursor.hasNext();
    while (await next) {
      const reply = replies.documents;
      const bytes = reply.batch.toBytes();
      reply.clear();
      next = cursor.hasNext();
      // the caller may leave before it is waited for
      next.catch(() => undefined);
      yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    }
  } finally {
    await cursor.close();
  }
}

function open(db: Db, { collection, pipeline = [], filter = {}, projection, sort, hint, batchSize }: BatchQuery) {
  const options = { raw: true, batchSize, ...(hint ? { hint } : {}) };
  if (pipeline.length > 0) {
    const stages = [
      ...pipeline,
      ...(Object.keys(filter).length > 0 ? [{ $match: filter }] : []),
      ...(sort ? [{ $sort: sort }] : []),
      ...(projection ? [{ $project: projection }] : []),
    ];
    return db.collection(collection).aggregate(stages, { ...options, allowDiskUse: true }) as AggregationCursor;
  }
  return db.collection(collection).find(filter, { ...options, ...(projection ? { projection } : {}), ...(sort ? { sort } : {}) });
}
