import { type Db, GridFSBucket } from 'mongodb';
import type { ObjectId, Value } from '../bson/index.js';

/** The chunk size with which FiftyOne stores results. */
const CHUNK_SIZE = 255 * 1024;

/** The text of a GridFS file, or undefined if it is missing, incomplete or not UTF-8. */
export async function readFile(db: Db, id: Value): Promise<string | undefined> {
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of new GridFSBucket(db).openDownloadStream(id as ObjectId)) chunks.push(chunk);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    const missing = /FileNotFound|Chunk/.test(String(error));
    if (missing || error instanceof TypeError) return undefined;
    throw error;
  }
}

/**
 * Stores text as a GridFS file, in the form in which FiftyOne stores results. The same text under the same id may be stored
 * again, also when an earlier attempt did not get to the end.
 */
export async function writeFile(db: Db, id: ObjectId, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  const { Binary, Int32, Long } = await import('mongodb');
  for (let n = 0; n * CHUNK_SIZE < bytes.length; n++) {
    const chunk = { files_id: id, n: new Int32(n), data: new Binary(bytes.subarray(n * CHUNK_SIZE, (n + 1) * CHUNK_SIZE)) };
    await db.collection('fs.chunks').replaceOne({ files_id: id, n: chunk.n }, chunk, { upsert: true });
  }
  const length = Long.fromNumber(bytes.length);
  const file = { contentType: 'application/json', chunkSize: new Int32(CHUNK_SIZE), length, uploadDate: new Date() };
  await db.collection('fs.files').replaceOne({ _id: id }, file, { upsert: true });
}

/** Removes a GridFS file and its chunks. */
export async function deleteFile(db: Db, id: Value): Promise<void> {
  await db.collection('fs.files').deleteOne({ _id: id as ObjectId });
  await db.collection('fs.chunks').deleteMany({ files_id: id as ObjectId });
}
