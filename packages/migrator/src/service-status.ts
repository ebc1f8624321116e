import { type Connection, type Realm, WorkLog } from 'fiftyone/engine';
import type { Place, ServiceStatus } from './service.js';
import { readService, serviceId } from './service-record.js';

/** What is known of a service that is made of collections. */
export interface About {
  readonly name: string;
  readonly own: ReadonlySet<string>;
  readonly realm: Realm;
}

/** Reads where it stands. A version that this migrator does not know is told as it is. */
export async function statusOf({ name, own, realm }: About, { connection, isKnown }: Place): Promise<ServiceStatus> {
  const { db } = connection;
  const record = await readService(db, serviceId(name));
  const facts = { service: name, version: null, release: null, reasons: [] };
  if (record === undefined) {
    const reasons = await strangers(connection, own, isKnown);
    return { ...facts, state: reasons.length > 0 ? 'foreign' : 'new', reasons };
  }
  const stored = record.dataset.get('version') ?? null;
  const version = typeof stored === 'string' ? stored : null;
  const left = (await new WorkLog(db, '', realm).unfinished()).get(String(serviceId(name)));
  const unfinished = left && left.from === version ? { unfinished: { from: left.from, to: left.to } } : {};
  return { ...facts, state: 'ready', version, release: version, ...unfinished };
}

/** What tells that somebody else has made what is there: collections that nobody here knows, or data without a stamp. */
async function strangers(connection: Connection, own: ReadonlySet<string>, isKnown: Place['isKnown']): Promise<string[]> {
  const { db } = connection;
  const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map((collection) => collection.name).sort();
  const reasons: string[] = [];
  for (const collection of names) {
    if (own.has(collection)) {
      const any = await db.collection(collection).findOne({}, { projection: { _id: 1 } });
      if (any !== null) reasons.push(`collection ${collection} has documents, but no version is stored`);
    } else if (!(await isKnown(collection))) reasons.push(`collection ${collection} is not known`);
  }
  return reasons;
}
