import { type What, wholeDatabase, wholeDatasets } from 'fiftyone/backup';
import type { Connection } from 'fiftyone/engine';
import type { Databases } from '../deployment.js';
import type { DeploymentPlan } from '../migrator.js';
import type { DatabaseRole, Service, ServicePlan } from '../service.js';
import { leaseOfService, partsOf } from './parts.js';

/** What of a database is to be backed up before a run. */
export interface Backable {
  readonly role: DatabaseRole;
  readonly connection: Connection;
  readonly what: What;
}

/**
 * What a plan will touch, database by database; nothing where it touches nothing.
 *
 * @param all whole databases instead
 */
export async function touchedBy(
  plan: DeploymentPlan,
  services: readonly Service[],
  databases: Databases,
  all = false,
): Promise<Backable[]> {
  const found: Backable[] = [];
  for (const role of ['fiftyone', 'cas'] as const) {
    const connection = databases[role];
    const steps = plan.services.filter(({ service, direction }) => {
      return direction !== 'none' && services.find(({ name }) => name === service)?.database === role;
    });
    if (connection === undefined || steps.length === 0) continue;
    const what = all ? await wholeDatabase(connection.db) : await touchedIn(connection, steps, services);
    found.push({ role, connection, what });
  }
  return found;
}

async function touchedIn(connection: Connection, steps: readonly ServicePlan[], services: readonly Service[]): Promise<What> {
  const datasets = steps.find(({ service }) => service === 'datasets');
  const others = steps.flatMap(({ service }) => services.filter(({ name }) => name === service && name !== 'datasets'));
  const what = await wholeDatasets(connection.db, namesIn(datasets));
  const parts = await Promise.all(others.map((service) => partsOf(service, connection)));
  const isMoved = datasets !== undefined;
  return {
    // one without datasets is no backup of datasets
    scope: what.scope.kind === 'datasets' && what.scope.datasets.length > 0 ? what.scope : { kind: 'parts' },
    parts: [...what.parts, ...parts.flat(), ...(isMoved ? [{ collection: 'config' }] : [])],
    leases: [...what.leases, ...others.map(leaseOfService), ...(isMoved ? ['database'] : [])],
    versions: what.versions,
  };
}

/** As they are called now. */
function namesIn(plan: ServicePlan | undefined): string[] {
  const planned = (plan?.report?.datasets ?? []).filter(({ result }) => result === 'planned');
  return planned.map(({ name, renamedFrom }) => renamedFrom ?? name).filter((name) => name !== null);
}

/** Everything of services, database by database. */
export async function allOf(services: readonly Service[], databases: Databases): Promise<Backable[]> {
  const found: Backable[] = [];
  for (const role of ['fiftyone', 'cas'] as const) {
    const connection = databases[role];
    const own = services.filter(({ database }) => database === role);
    if (connection === undefined || own.length === 0) continue;
    const parts = await Promise.all(own.map((service) => partsOf(service, connection)));
    const { leases, versions } = await wholeDatabase(connection.db);
    const hasDatasets = own.some(({ name }) => name === 'datasets');
    found.push({
      role,
      connection,
      what: {
        scope: { kind: 'parts' },
        parts: parts.flat(),
        leases: [...(hasDatasets ? leases : []), ...own.map(leaseOfService)],
        versions,
      },
    });
  }
  return found;
}
