import { describe, expect, test } from 'vitest';
import { COMMIT_FENCE, commitContract } from '../../test/contracts/commit.js';
import { IN_TIME_CASES } from '../../test/contracts/in-time.js';
import { Audit } from '../../test/simulator/audit.js';
import { RULES } from '../../test/simulator/lease-table.js';
import { SERVER_RULES, Server } from '../../test/simulator/server.js';
import { type Mutation, simulate } from '../../test/simulator/simulate.js';
import { simulateMany } from '../../test/simulator/simulate-many.js';
import { Timeline } from '../../test/simulator/timeline.js';
import type { StoredLease } from './lease-store.js';

const ALWAYS = () => true;

test('nothing is lost and nothing waits for ever in 10,000 schedules of the coordinator', { timeout: 600_000 }, async () => {
  const { schedules, counts, failed } = await simulateMany(0, 10_000);
  expect(failed, `again: npm run simulate -- --schedules 1 --seed ${failed[0]?.seed}`).toEqual([]);
  expect(schedules).toBe(10_000);
  // otherwise nothing is tested
  for (const [what, count] of Object.entries(counts)) expect(count, what).toBeGreaterThan(1000);
});

test('a seed says everything about a schedule', async () => {
  for (const seed of [1, 2, 3]) expect(await simulate(seed)).toEqual(await simulate(seed));
  expect((await simulate(1)).counts).not.toEqual((await simulate(2)).counts);
});

describe('a commit in the simulator', () => {
  commitContract(async ({ lease, isChanged }) => {
    const server = new Server(new Timeline(), SERVER_RULES, 1);
    server.add('k');
    const before = server.read('k');
    if (isChanged) server.editByClient('k');
    const expires = new Date(server.now() + (lease?.left ?? 0));
    if (lease) server.table.leases.set('k', { _id: 'k', fence: lease.fence, expires } as StoredLease);
    const committed = server.commit({ key: 'k', fence: COMMIT_FENCE }, before, new Audit(server));
    expect(server.read('k').version).toBe(committed ? 1 : 0);
    return committed;
  });
});

test('an edit in the simulator is refused when the server refuses it', () => {
  for (const [endsIn, longest, isInTime] of IN_TIME_CASES)
    expect(SERVER_RULES.isInTime(1e12 + endsIn, longest, 1e12)).toBe(isInTime);
});

/** Mistakes in the store, in the server's checks and in the runner, and in how many schedules each has to be found. */
const MISTAKES: Record<string, [mutation: Mutation, within: number, first?: number]> = {
  'a lease is taken while it is held': [{ server: { isHeld: () => false } }, 20],
  'a fencing number is used twice': [{ server: { nextFence: (lease) => lease?.fence ?? RULES.nextFence(lease) } }, 20],
  'release and heartbeat ignore the fencing number': [{ server: { isMeant: ALWAYS } }, 200],
  'a heartbeat revives a lease that has ended': [
    { server: { mayProlong: (lease) => !lease.revoked && lease.expires.getTime() > 0 } },
    200,
  ],
  'a heartbeat revives a lease that was released': [{ server: { mayProlong: (lease) => !lease.revoked } }, 500],
  'a heartbeat prolongs a lease that was revoked': [{ server: { mayProlong: (lease, now) => RULES.isHeld(lease, now) } }, 500],
  'unlocking ends a lease at once, while writes are under way': [
    { server: { revoked: (lease): StoredLease => ({ ...lease, revoked: true, expires: new Date(0) }) } },
    200,
  ],
  'a run takes any lease of its own for newly taken': [
    { server: { seen: (lease, holder, claim) => (lease.holder.run === holder.run ? { ...lease, claim } : lease) } },
    1000,
  ],
  'a commit does not look at the fencing number': [
    { server: { mayCommit: (lease, _fence, now) => lease !== undefined && lease.expires.getTime() > now } },
    1000,
  ],
  'a commit does not look at the end of the lease': [
    { server: { mayCommit: (lease, fence) => lease?.fence.equals(fence) === true } },
    500,
  ],
  'a commit looks at no lease': [{ server: { mayCommit: ALWAYS } }, 500],
  'an edit does not carry the end of the lease': [{ server: { isInTime: ALWAYS } }, 100],
  'an edit may go on after the end of the lease': [
    { server: { isInTime: (expires, _longest, now) => expires > now && expires - now <= 20_000 } },
    1000,
  ],
  'an edit counts as in time however far the clock went back': [
    { server: { isInTime: (expires, longest, now) => expires - now > longest } },
    2000,
  ],
  'leases of before the clock went back count for ever': [
    { server: { isHeld: (lease, now) => lease !== undefined && lease.expires.getTime() > now } },
    1000,
  ],
  'a runner does not check its lease': [{ runner: { checks: false } }, 200],
  'a write that came too late passes for done': [{ runner: { repeatsLate: false } }, 1000],
  'a runner gives back its lease while edits are under way': [{ runner: { waitsForEdits: false } }, 1000],
  'a runner gives back its lease though it lost sight of an edit': [{ runner: { keepsWhenCut: false } }, 200],
  // needs a lease that is lost and a connection that is cut at the same moment: one schedule in 15,000
  'a runner overlooks that one of several edits was cut off': [{ runner: { noticesEveryCut: false } }, 100, 14_800],
  'a run that failed goes on with its heartbeat': [{ runner: { stopsHeartbeat: false } }, 1000],
};

describe('the simulator finds a mistake', () => {
  for (const [mistake, [mutation, within, first = 0]] of Object.entries(MISTAKES))
    test(`${mistake}: within ${within} schedules`, { timeout: 60_000 }, async () => {
      const { failed } = await simulateMany(first, within, mutation, 1);
      expect(failed).not.toEqual([]);
    });
});
