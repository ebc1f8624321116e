import { createHash } from 'node:crypto';
import { type Connection, Doc, decode, findRaw, ObjectId, type StoredRecord } from 'fiftyone/engine';

/** The collection in which every service of a database has a document with its version. */
export const SERVICES = 'services';

/** The `_id` of a service's document: derived from its name, so that two who make it at once make the same. */
export function serviceId(name: string): ObjectId {
  return new ObjectId(createHash('sha256').update(`fiftyone service ${name}`).digest().subarray(0, 12));
}

/** The document of a service at a version. */
export function serviceRecord(name: string, version: string): Doc {
  return Doc.of(['_id', serviceId(name)], ['name', name], ['version', version]);
}

/** Reads the document of a service, or undefined where there is none. */
export async function readService(db: Connection['db'], id: ObjectId): Promise<StoredRecord | undefined> {
  for await (const bytes of findRaw(db, SERVICES, { _id: id })) return { bytes, dataset: decode(bytes), runs: [], views: [] };
  return undefined;
}
