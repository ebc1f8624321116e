import { type Db, GridFSBucket } from 'mongodb';
import { ObjectId, type Value } from '../bson/index.js';

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

/** Stores text as a new GridFS file, in the form in which FiftyOne stores results. What an earlier attempt left is replaced. */
export async function writeFile(db: Db, id: ObjectId, text: string): Promise<void> {
  await deleteFile(db, id);
  const bytes = Buffer.from(text);
  const { Int32, Long, Binary } = await import('mongodb');
  const chunks = [];
  for (let n = 0; n * CHUNK_SIZE < bytes.length; n++) {
    const data = new Binary(bytes.subarray(n * CHUNK_SIZE, (n + 1) * CHUNK_SIZE));
    chunks.push({ _id: new ObjectId(), files_id: id, n: new Int32(n), data });
  }
  for (const chunk of chunks) await db.collection('fs.chunks').insertOne(chunk);
  const file = {
    _id: id,
    contentType: 'application/json',
    chunkSize: new Int32(CHUNK_SIZE),
    length: Long.fromNumber(bytes.length),
    uploadDate: new Date(),
  };
  await db.collection('fs.files').insertOne(file);
}

/** Removes a GridFS file and its chunks. */
export async function deleteFile(db: Db, id: Value): Promise<void> {
  await db.collection('fs.files').deleteOne({ _id: id as ObjectId });
  await db.collection('fs.chunks').deleteMany({ files_id: id as ObjectId });
}
