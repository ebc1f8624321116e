import { type Connection, openConnection } from 'fiftyone/engine';
import { type Choice, choose } from '../choose.js';
import type { Databases } from '../deployment.js';
import { type EnterpriseRelease, newestRelease } from '../releases.js';
import type { DatabaseRole, Service } from '../service.js';
import { services as ownServices } from '../services/index.js';
import { connectionErrorOf, readMigratorSettings, servicesSetting } from '../settings.js';
import { extended, loadExtensions } from '../third-party.js';

/** A deployment that a command works on. */
export interface Deployment {
  readonly databases: Databases;
  /** All services, also those of others. */
  readonly services: readonly Service[];
  /** The databases that are open. */
  readonly roles: readonly DatabaseRole[];
}

/**
 * Opens the databases of the services that were chosen for a release, and closes them when the work is done.
 *
 * @throws SettingsError naming all that is missing; UsageError for a wrong choice; ConnectionError
 */
export async function withDeployment<T>(
  choice: Choice,
  work: (deployment: Deployment) => Promise<T>,
  release: EnterpriseRelease = newestRelease,
): Promise<T> {
  const services = extended(ownServices, await loadExtensions(servicesSetting()));
  const chosen = choose(services, choice);
  const roles = [
    ...new Set(chosen.filter((service) => service.versionAt(release) !== undefined).map(({ database }) => database)),
  ];
  return await withDatabases(roles, (databases) => work({ databases, services, roles }));
}

/** Opens databases, and closes them when the work is done. @throws SettingsError, ConnectionError */
export async function withDatabases<T>(roles: readonly DatabaseRole[], work: (databases: Databases) => Promise<T>): Promise<T> {
  const { databases, notes } = readMigratorSettings(roles);
  for (const note of notes) process.stderr.write(`note: ${note}\n`);
  const open = new Map<DatabaseRole, Connection>();
  try {
    for (const role of roles) {
      const named = databases[role];
      if (named === undefined) continue;
      const connection = await openConnection(named.settings).catch((error) => {
        throw connectionErrorOf(named, error);
      });
      open.set(role, connection);
    }
    return await work(Object.fromEntries(open));
  } finally {
    await Promise.all([...open.values()].map((connection) => connection.close()));
  }
}
