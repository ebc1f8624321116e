import type { Connection } from '../database/connection.js';
import { leaseStore, type StoredLease } from '../database/lease-store.js';
import { AdminRequiredError, ExitCode, UsageError } from '../errors.js';
import { agrees } from './ask.js';

/** `fiftyone migrate --unlock`: who is at work on what, and whether to take it from them. */
export async function unlock({ db, settings }: Connection, yes: boolean): Promise<number> {
  const store = leaseStore(db);
  const leases = await store.list();
  if (leases.length === 0) {
    process.stdout.write('Nobody is at work on this database\n');
    return ExitCode.done;
  }
  process.stdout.write(`${leases.map(leaseLine).join('\n')}\n`);
  if (!settings.databaseAdmin) {
    throw new AdminRequiredError('only an admin may end the leases of others', { hint: 'export FIFTYONE_DATABASE_ADMIN=true' });
  }
  if (!yes && !(await mayEnd())) return ExitCode.locked;
  await store.revoke(leases);
  process.stdout.write(`Ended ${leases.length} lease${leases.length === 1 ? '' : 's'}, within ten seconds\n`);
  return ExitCode.done;
}

function leaseLine({ _id, holder, since, heartbeat }: StoredLease): string {
  const { user, host, pid } = holder;
  return `${_id}: ${user} on ${host}, process ${pid}, since ${since.toISOString()}, last heartbeat ${heartbeat.toISOString()}`;
}

async function mayEnd(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new UsageError('nobody can be asked here', { hint: 'to end these leases all the same, add --yes' });
  }
  return await agrees('A lease of a dead process ends by itself after ten seconds. End these now?');
}
