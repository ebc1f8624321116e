import { UsageError } from 'fiftyone';
import type { Connection } from 'fiftyone/engine';
import type { DatabaseRole, Place, Service } from './service.js';

/** The databases of a deployment that are open. Whoever opened them closes them. */
export type Databases = Readonly<Partial<Record<DatabaseRole, Connection>>>;

/** Makes the places in which services live. @throws UsageError when the database of a service is not open */
export function placesIn(databases: Databases, all: readonly Service[]): (service: Service) => Place {
  const places = new Map<DatabaseRole, Place>();
  return ({ name, database }) => {
    const connection = databases[database];
    if (connection === undefined)
      throw new UsageError(`the service ${name} needs the database of ${database === 'cas' ? 'CAS' : 'FiftyOne'}`, {
        hint: `name it by ${database.toUpperCase()}_DATABASE_URI and ${database.toUpperCase()}_DATABASE_NAME, or leave the service out with: --exclude ${name}`,
      });
    const place =
      places.get(database) ??
      placeFor(
        connection,
        all.filter((service) => service.database === database),
      );
    places.set(database, place);
    return place;
  };
}

/** What any of the services owns is known, also of those that are not migrated. Who owns what is read once: there may be thousands. */
function placeFor(connection: Connection, services: readonly Service[]): Place {
  let reading: Promise<((collection: string) => boolean)[]> | undefined;
  return {
    connection,
    async isKnown(collection) {
      reading ??= Promise.all(services.map((service) => service.owner(connection)));
      return (await reading).some((owns) => owns(collection));
    },
  };
}
