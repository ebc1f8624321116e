import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { LEASE_MS } from '../../database/lease-store.js';
import { isHeld, type Lease, type Leases } from '../../database/leases.js';
import { isAlive } from '../../database/lock-file.js';

type Taken = Awaited<ReturnType<Leases['take']>>;

/** Takes a lease, and waits for that of a process of this machine that died: it ends by itself. @returns who else holds it, if anybody */
export async function takeLease(leases: Leases, key: string): Promise<Taken> {
  const end = performance.now() + 2 * LEASE_MS;
  for (;;) {
    const taken = await leases.take(key);
    if (isHeld(taken) || !isDead(taken.holder) || performance.now() > end) return taken;
    await sleep(200);
  }
}

/** Whether a process is known to be dead. Of those on other machines nothing is known. */
function isDead({ host, pid }: Exclude<Taken, Lease>['holder']): boolean {
  return host === hostname() && pid !== process.pid && !isAlive(pid);
}
