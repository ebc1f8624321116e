import { describe, expect, test } from 'vitest';
import { leaseStoreContract } from '../../test/contracts/lease-store.js';
import { LeaseTable, tableStore } from '../../test/simulator/lease-table.js';
import { LEASE_MS } from './lease-store.js';
import { type Clock, type Lease, Leases, LostLeaseError } from './leases.js';

describe('the store of the simulator', () => {
  leaseStoreContract(async () => {
    let now = 1e12;
    const pass = async (ms: number) => {
      now += ms;
    };
    return { store: tableStore(new LeaseTable(() => now)), pass };
  });
});

/** A clock that a test moves by hand, and that beats when told to. */
function manualClock() {
  let [now, beat] = [0, () => {}];
  const clock: Clock = {
    now: () => now,
    every(_ms, run) {
      beat = run;
      return () => {
        beat = () => {};
      };
    },
  };
  const after = async (ms: number) => {
    now += ms;
    beat();
    await new Promise(setImmediate);
  };
  return { clock, after, now: () => now };
}

test('heartbeats keep a lease; when they end, so does the lease', async () => {
  const { clock, after, now } = manualClock();
  const leases = new Leases(tableStore(new LeaseTable(now)), clock);
  const lease = (await leases.take('k')) as Lease;
  for (let i = 0; i < 10; i++) await after(6000);
  lease.check();
  expect(lease.expires).toEqual(new Date(now() + LEASE_MS));
  leases.stop();
  await after(9999);
  lease.check();
  await after(1);
  expect(() => lease.check()).toThrow(LostLeaseError);
});

test('whoever learns from a heartbeat that a lease is lost writes nothing more, however long it should have lasted', async () => {
  const { clock, after, now } = manualClock();
  const table = new LeaseTable(now);
  const leases = new Leases(tableStore(table), clock);
  const lease = (await leases.take('k')) as Lease;
  table.free([{ _id: 'k', fence: lease.fence }]);
  await after(100);
  expect(() => lease.check()).toThrow(LostLeaseError);
});

test('a lease counts from before the server was asked, so a slow answer makes it shorter, never longer', async () => {
  const { clock, after, now } = manualClock();
  const leases = new Leases(
    tableStore(new LeaseTable(now), async (command) => {
      const answer = command();
      await after(3000);
      return answer;
    }),
    clock,
  );
  const lease = (await leases.take('k')) as Lease;
  leases.stop();
  expect(lease.expires).toEqual(new Date(LEASE_MS));
  await after(1000);
  expect(() => lease.check()).toThrow(LostLeaseError);
});
