import type { Db } from 'mongodb';
import type { Reading } from '../../datasets/sample-collection.js';

/** How many documents come at once: enough that the way to the server does not count, and few enough for little memory. */
const BATCH = 1000;

/**
 * The BSON of documents, as many at once as one answer of the server has. The next answer is on its way while the one before
 * is used. It is only good until then.
 *
 * @param project what of the documents; all by default
 */
export async function* readDocuments(db: Db, reading: Reading, project?: Record<string, number>): AsyncGenerator<Uint8Array[]> {
  const cursor = openCursor(db, reading, project);
  try {
    for (let more = await cursor.hasNext(); more; ) {
      const batch = cursor.readBufferedDocuments() as unknown as Uint8Array[];
      const next = cursor.hasNext();
      // it may fail before anybody waits for it
      next.catch(() => {});
      yield batch;
      more = await next;
    }
  } finally {
    await cursor.close();
  }
}

/** How many documents there are, where that is known without counting. */
export async function countOf(db: Db, { collection, pipeline }: Reading): Promise<number | undefined> {
  return pipeline.length === 0 ? await db.collection(collection).estimatedDocumentCount() : undefined;
}

function openCursor(db: Db, { collection, pipeline }: Reading, project: Record<string, number> | undefined) {
  const documents = db.collection(collection);
  if (pipeline.length === 0) {
    return documents.find(
      {},
      { raw: true, batchSize: BATCH, sort: { $natural: 1 }, ...(project ? { projection: project } : {}) },
    );
  }
  return documents.aggregate([...pipeline, ...(project ? [{ $project: project }] : [])], {
    raw: true,
    batchSize: BATCH,
    allowDiskUse: true,
  });
}
