import type { Finding } from 'fiftyone';
import { findPending, leaseStore, pendingAt } from 'fiftyone/engine';
import type { Place } from './service.js';
import { checkVersion } from './service-realm.js';
import { readService, serviceId } from './service-record.js';
import { type About, statusOf } from './service-status.js';

/** What is wrong with a service: what was interrupted, and what its revisions would still change. */
export async function findingsOf(about: About, place: Place): Promise<Finding[]> {
  const { name, realm } = about;
  const { db } = place.connection;
  const { state, version, unfinished, reasons } = await statusOf(about, place);
  if (state === 'new') return [];
  if (state === 'foreign')
    return [{ problem: `this product did not make it: ${reasons.join('; ')}`, next: `leave it out with: --exclude ${name}` }];
  const held = (await leaseStore(db).list()).find(({ _id }) => _id === `${realm.noun} ${serviceId(name)}`);
  if (held) {
    const { user, host, pid } = held.holder;
    return [{ problem: `${user} on ${host} (process ${pid}) is at work on it`, next: 'look again when that is done' }];
  }
  if (unfinished) {
    const way = `from ${unfinished.from ?? 'no version'} to ${unfinished.to}`;
    return [{ problem: `a migration ${way} was interrupted`, next: `finish it with: ${realm.command(name, unfinished.to)}` }];
  }
  checkVersion(name, version);
  const record = await readService(db, serviceId(name));
  return record
    ? await findPending(
        db,
        pendingAt(record.dataset, version, () => [], realm.revisions),
      )
    : [];
}
