import { isLeftAlone, type Part } from 'fiftyone/backup';
import { type Connection, findDocs } from 'fiftyone/engine';
import type { Service } from '../service.js';
import { SERVICES, serviceId } from '../service-record.js';

/** Where the engine keeps its own notes. What belongs to services like cas ends so. */
const NOTES = /^migrations\./;
const OF_SERVICES = '.services';

/** The collections in which all services have a document, or several: those of one are told by its id. */
const WORK = 'migrations.work.services';
const ATTIC = 'migrations.attic.services';
const KEPT = 'migrations.attic.documents';

/** Everything of a service, as parts of a backup: its collections, its version, and what the engine keeps for it. */
export async function partsOf(service: Service, connection: Connection): Promise<Part[]> {
  const [owns, found] = await Promise.all([
    service.owner(connection),
    connection.db.listCollections({}, { nameOnly: true }).toArray(),
  ]);
  const names = found.map(({ name }) => name).filter((name) => !isLeftAlone(name) && owns(name));
  if (service.name === 'datasets')
    return names.filter((name) => name !== SERVICES && !name.endsWith(OF_SERVICES)).map((collection) => ({ collection }));
  const own = names.filter((name) => name !== SERVICES && !NOTES.test(name));
  return [...own.map((collection) => ({ collection })), ...(await notesOf(service, connection))];
}

/** Where nothing is yet, the filter says so: restoring it takes away what has come. */
async function notesOf({ name }: Service, { db }: Connection): Promise<Part[]> {
  const id = serviceId(name);
  const entries = await findDocs(db, ATTIC, { kind: 'entry', dataset: id }, { projection: { documents: 1 } });
  const kept = entries.map((entry) => entry.get('documents')).filter((documents) => documents !== undefined);
  const parts: Part[] = [
    { collection: SERVICES, filter: { _id: id } },
    { collection: WORK, filter: { _id: id } },
    { collection: ATTIC, filter: { _id: { $gte: `${id} `, $lt: `${id} \uffff` } } },
  ];
  return kept.length === 0 ? parts : [...parts, { collection: KEPT, filter: { '_id.documents': { $in: kept } } }];
}

/** The lease that the engine takes to migrate a service. */
export function leaseOfService({ name }: Service): string {
  return name === 'datasets' ? 'database' : `service ${serviceId(name)}`;
}
