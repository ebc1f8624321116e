import { type Db, GridFSBucket } from 'mongodb';
import { binary, Doc, date, int32, int64, type ObjectId, type Value } from '../bson/index.js';
import type { Lease } from '../database/leases.js';
import { updateRaw } from '../database/raw.js';
import { derivedIds } from './derived-ids.js';
import { Guard } from './guard.js';

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
export async function writeFile(db: Db, id: ObjectId, text: string, lease: Lease): Promise<void> {
  const bytes = Buffer.from(text);
  const newId = derivedIds(id, 'chunks');
  for (let n = 0; n * CHUNK_SIZE < bytes.length; n++) {
    const data = binary(bytes.subarray(n * CHUNK_SIZE, (n + 1) * CHUNK_SIZE));
    const chunk = Doc.of(['_id', newId()], ['files_id', id], ['n', int32(n)], ['data', data]);
    await updateRaw(db, 'fs.chunks', [new Guard([lease]).replacement(chunk)]);
  }
  const file = Doc.of(
    ['_id', id],
    ['contentType', 'application/json'],
    ['chunkSize', int32(CHUNK_SIZE)],
    ['length', int64(BigInt(bytes.length))],
    ['uploadDate', date(Date.now())],
  );
  await updateRaw(db, 'fs.files', [new Guard([lease]).replacement(file)]);
}

/** Removes a GridFS file and its chunks. @param guard a further condition */
export async function deleteFile(db: Db, id: Value, guard: object = {}): Promise<void> {
  await db.collection('fs.files').deleteOne({ _id: id as ObjectId, ...guard });
  await db.collection('fs.chunks').deleteMany({ files_id: id as ObjectId, ...guard });
}
