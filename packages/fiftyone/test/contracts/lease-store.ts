import { Long } from 'mongodb';
import { expect, test } from 'vitest';
import { LEASE_MS, type LeaseStore, type SeenLease } from '../../src/database/lease-store.js';
import { isHeld, type Lease, Leases, LostLeaseError } from '../../src/database/leases.js';

/** A store that a test has for itself. */
export interface TestedStore {
  readonly store: LeaseStore;
  /** Lets so much time pass for all leases; with less than nothing, the server's clock goes back. */
  readonly pass: (ms: number) => Promise<void>;
}

const ANNE = { run: 'a', host: 'h', pid: 1, user: 'anne' };
const BEN = { ...ANNE, run: 'b', user: 'ben' };

/** What every store of leases does. */
export function leaseStoreContract(open: () => Promise<TestedStore>): void {
  async function taken(store: LeaseStore, holder = ANNE, claim = 'c'): Promise<SeenLease> {
    return (await store.take(['k'], holder, claim))[0] as SeenLease;
  }
  const leftOf = ({ expires, now }: SeenLease) => expires.getTime() - now.getTime();

  test('who takes a free lease holds it for ten seconds by the clock of the server', async () => {
    const { store } = await open();
    const lease = await taken(store);
    expect(lease).toMatchObject({ _id: 'k', holder: ANNE, claim: 'c', since: lease.heartbeat });
    expect(lease.fence.equals(1)).toBe(true);
    expect(lease.expires.getTime() - lease.heartbeat.getTime()).toBe(LEASE_MS);
    expect(leftOf(lease)).toBeGreaterThan(LEASE_MS - 5000);
    expect(leftOf(lease)).toBeLessThanOrEqual(LEASE_MS);
    expect((await store.list()).map(({ _id }) => _id)).toEqual(['k']);
  });

  test('a lease that is held is not taken, not even by its own run', async () => {
    const { store, pass } = await open();
    const first = await taken(store);
    for (const holder of [BEN, ANNE]) {
      const seen = await taken(store, holder, 'd');
      expect(seen).toMatchObject({ holder: ANNE, claim: 'c', expires: first.expires });
      expect(seen.fence.equals(1)).toBe(true);
    }
    await pass(LEASE_MS - 3000);
    expect((await taken(store, BEN, 'd')).claim).toBe('c');
  });

  test('a lease that has ended or was released is taken with a greater fencing number', async () => {
    const { store, pass } = await open();
    const first = await taken(store);
    await pass(LEASE_MS);
    expect(await store.list()).toEqual([]);
    const second = await taken(store, BEN, 'd');
    expect(second).toMatchObject({ holder: BEN, claim: 'd' });
    await store.release([second]);
    expect(await store.list()).toEqual([]);
    const third = await taken(store, ANNE, 'e');
    expect([first, second, third].map(({ fence }) => Long.fromValue(fence).toNumber())).toEqual([1, 2, 3]);
  });

  test('many leases go into one call, each by itself', async () => {
    const { store } = await open();
    await taken(store);
    const seen = await store.take(['k', 'l', 'm'], BEN, 'd');
    expect(new Map(seen.map(({ _id, claim }) => [_id, claim]))).toEqual(
      new Map([
        ['k', 'c'],
        ['l', 'd'],
        ['m', 'd'],
      ]),
    );
    const kept = await store.beat(seen);
    expect(kept.map(({ _id }) => _id).sort()).toEqual(['k', 'l', 'm']);
    await store.release(seen.filter(({ claim }) => claim === 'd'));
    expect((await store.list()).map(({ _id }) => _id)).toEqual(['k']);
  });

  test('clients that ask at the same moment: one of them gets it', async () => {
    const { store } = await open();
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    const claims = Array.from({ length: 8 }, (_, i) => `c${i}`);
    const seen = await Promise.all(claims.map((claim) => store.take(keys, ANNE, claim)));
    for (const key of keys) {
      const leases = seen.map((leases) => leases.find(({ _id }) => _id === key) as SeenLease);
      expect(new Set(leases.map(({ claim, fence }) => `${claim} ${fence}`)).size).toBe(1);
      expect(leases[0]?.fence.equals(1)).toBe(true);
    }
  });

  test('a heartbeat prolongs a lease, but none that has ended, was taken over or released', async () => {
    const { store, pass } = await open();
    const first = await taken(store);
    await pass(6000);
    const [kept] = await store.beat([first]);
    expect(kept && leftOf(kept)).toBeGreaterThan(LEASE_MS - 5000);
    await pass(LEASE_MS);
    expect(await store.beat([first])).toEqual([]);
    expect(await store.list()).toEqual([]);
    const second = await taken(store, BEN, 'd');
    await pass(6000);
    expect(await store.beat([first])).toEqual([]);
    const [seen] = await store.take(['k'], ANNE, 'e');
    expect(seen && leftOf(seen)).toBeLessThan(LEASE_MS - 5000);
    await store.release([second]);
    expect(await store.beat([second])).toEqual([]);
    expect(await store.list()).toEqual([]);
  });

  test('releasing a lease that somebody else has by now does nothing', async () => {
    const { store, pass } = await open();
    const first = await taken(store);
    await pass(LEASE_MS);
    const second = await taken(store, BEN, 'd');
    await store.release([first]);
    expect(await store.list()).toMatchObject([{ claim: 'd', expires: second.expires }]);
  });

  test('a lease that an admin revokes ends when it was to end, and no heartbeat prolongs it', async () => {
    const { store, pass } = await open();
    const first = await taken(store);
    await store.revoke([first]);
    expect(await store.beat([first])).toMatchObject([{ expires: first.expires }]);
    expect((await taken(store, BEN, 'd')).claim).toBe('c');
    await pass(LEASE_MS);
    const second = await taken(store, BEN, 'd');
    expect(second.claim).toBe('d');
    expect(second.revoked).toBeUndefined();
  });

  test('after the clock of the server has gone back by an hour nobody waits for an hour', async () => {
    const { store, pass } = await open();
    await taken(store);
    await pass(-3_600_000);
    expect(await store.list()).toEqual([]);
    expect((await taken(store, BEN, 'd')).claim).toBe('d');
  });

  test('of two tasks of one run that ask for the same lease, one gets it', async () => {
    const { store } = await open();
    const leases = new Leases(store);
    const both = await Promise.all([leases.take('k'), leases.take('k')]);
    const mine = both.filter(isHeld);
    expect(mine).toHaveLength(1);
    expect(isHeld(await leases.take('k'))).toBe(false);
    await mine[0]?.release();
    expect(isHeld(await leases.take('k'))).toBe(true);
    await leases.releaseAll();
  });

  test('taking while the same run releases: whatever comes first, a lease that was got stays', async () => {
    const { store } = await open();
    const leases = new Leases(store);
    const first = (await leases.take('k')) as Lease;
    const [, again] = await Promise.all([first.release(), leases.take('k')]);
    expect(() => first.check()).toThrow(LostLeaseError);
    const second = isHeld(again) ? again : ((await leases.take('k')) as Lease);
    second.check();
    expect(await store.list()).toMatchObject([{ _id: 'k', fence: second.fence }]);
    await first.release();
    expect(await store.list()).toHaveLength(1);
    await leases.releaseAll();
    expect(await store.list()).toEqual([]);
  });

  test('a lease whose taking got no answer ends by itself, and the run that took it waits for that like others', async () => {
    const { store, pass } = await open();
    let isCut = true;
    const cut: LeaseStore = {
      ...store,
      async take(...args) {
        const seen = await store.take(...args);
        if (isCut) throw new Error('no answer');
        return seen;
      },
    };
    const leases = new Leases(cut);
    await expect(leases.take('k')).rejects.toThrow('no answer');
    isCut = false;
    expect(isHeld(await leases.take('k'))).toBe(false);
    await pass(LEASE_MS);
    const lease = (await leases.take('k')) as Lease;
    lease.check();
    expect((await store.list()).map(({ expires }) => expires)).toEqual([lease.expires]);
    await leases.releaseAll();
  });
}
