import fc from 'fast-check';
import { expect, test } from 'vitest';
import { differences } from '../../fiftyone/test/support/differences.js';
import { migrateDeployment } from '../src/migrator.js';
import { contentOf, deploymentOf, fill, type TestDeployment } from './support/deployment.js';
import { rightsAt } from './support/rights.js';
import { secretsIn } from './support/secrets.js';
import { worlds } from './support/world.js';

const RUNS = Number(process.env.LAWS_SEEDS ?? 15);
const OWN = ['enterprise', 'cas', 'hub'];
const BELOW = ['2.14.0', '2.15.0', '2.16.0', '2.17.0', '2.18.0', '2.19.0'];

async function moved({ databases }: TestDeployment, target: string): Promise<void> {
  const report = await migrateDeployment(databases, { target, include: OWN });
  expect(report.plan.services.flatMap(({ problems }) => problems)).toEqual([]);
  expect(report.result).toBe('done');
}

function rightsOf({ databases }: TestDeployment, version: string): Promise<Set<string>> {
  return rightsAt(version, databases.cas.db, databases.fiftyone.db);
}

test('whatever is in a deployment of today comes back up as it was, byte for byte', async () => {
  const deployment = await deploymentOf({ cas: {}, fiftyone: {} }, 'today');
  await fc.assert(
    fc.asyncProperty(worlds('today'), fc.constantFrom(...BELOW), async (world, below) => {
      await fill(deployment, world);
      const before = await contentOf(deployment);
      await moved(deployment, below);
      await moved(deployment, '2.25.1');
      const after = await contentOf(deployment);
      expect([...differences(before.cas, after.cas), ...differences(before.fiftyone, after.fiftyone)]).toEqual([]);
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
}, 600_000);

test('without the attic nobody has more rights, and no secret is lost', async () => {
  const deployment = await deploymentOf({ cas: {}, fiftyone: {} }, 'today');
  await fc.assert(
    fc.asyncProperty(worlds('today'), fc.constantFrom(...BELOW), async (world, below) => {
      await fill(deployment, world);
      const before = await rightsOf(deployment, '2.25.1');
      const secrets = await secretsOf(deployment);
      const { databases } = deployment;
      await migrateDeployment(databases, { target: below, include: OWN, attic: false });
      const less = await rightsOf(deployment, below);
      expect([...less].filter((right) => !before.has(right))).toEqual([]);
      await migrateDeployment(databases, { include: OWN, attic: false });
      const again = await rightsOf(deployment, '2.25.1');
      expect([...again].filter((right) => !before.has(right))).toEqual([]);
      expect(await secretsOf(deployment)).toEqual(secrets);
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
}, 600_000);

async function secretsOf(deployment: TestDeployment): Promise<string[]> {
  const { cas, fiftyone } = await contentOf(deployment);
  return [...secretsIn(cas), ...secretsIn(fiftyone)];
}

test('services may go each their own ways: where all have arrived, everything is as if they had gone there together', async () => {
  const deployment = await deploymentOf({ cas: {}, fiftyone: {} }, 'today');
  const trip = fc.record({ include: fc.subarray(OWN, { minLength: 1 }), target: fc.constantFrom(...BELOW, '2.25.1') });
  await fc.assert(
    fc.asyncProperty(worlds('today'), fc.array(trip, { maxLength: 5 }), fc.constantFrom(...BELOW), async (world, trips, end) => {
      await moved(deployment, '2.25.1');
      await fill(deployment, world);
      await moved(deployment, end);
      const direct = await contentOf(deployment);
      await moved(deployment, '2.25.1');
      for (const options of trips) expect((await migrateDeployment(deployment.databases, options)).result).toBe('done');
      await moved(deployment, end);
      const after = await contentOf(deployment);
      expect([...differences(direct.cas, after.cas), ...differences(direct.fiftyone, after.fiftyone)]).toEqual([]);
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
}, 600_000);

/** What an admin may do on an older release; each takes something away from somebody. */
const TAKEN_AWAY = [
  'leave a group',
  'lose a role',
  'lose a key',
  'lose a key its owner',
  'lose a grant',
  'lose a credential',
  'have a credential of their own',
] as const;

test('what an admin takes away on an older release does not come back with the newer one', async () => {
  const deployment = await deploymentOf({ cas: {}, fiftyone: {} }, 'today');
  const { cas, fiftyone } = { cas: deployment.databases.cas.db, fiftyone: deployment.databases.fiftyone.db };
  const someOf = async (collection: string, where = {}) =>
    await (collection === 'cloud_credentials' || collection === 'dataset_permissions' ? fiftyone : cas)
      .collection(collection)
      .find(where)
      .sort({ _id: 1 })
      .toArray();
  await fc.assert(
    fc.asyncProperty(
      worlds('today', { least: 3, most: 6 }),
      fc.constantFrom(...BELOW),
      fc.array(fc.constantFrom(...TAKEN_AWAY), { minLength: 1, maxLength: 6 }),
      async (world, below, acts) => {
        await fill(deployment, world);
        const before = await rightsOf(deployment, '2.25.1');
        await moved(deployment, below);
        const visible = await rightsOf(deployment, below);
        for (const act of acts) {
          if (act === 'leave a group') {
            const [group] = await someOf('groups', { 'userIds.0': { $exists: true } });
            if (group) await cas.collection('groups').updateOne({ _id: group._id }, { $pop: { userIds: 1 } });
          } else if (act === 'lose a role') {
            const member = (await someOf('memberships')).at(-1);
            if (member) await cas.collection('memberships').deleteOne({ _id: member._id });
          } else if (act === 'lose a key') {
            const [key] = await someOf('api_keys', { userId: { $ne: null, $exists: true } });
            if (key) await cas.collection('api_keys').deleteOne({ _id: key._id });
          } else if (act === 'lose a key its owner') {
            const key = (await someOf('api_keys', { userId: { $ne: null, $exists: true } })).at(-1);
            if (key) await cas.collection('api_keys').updateOne({ _id: key._id }, { $set: { userId: null } });
          } else if (act === 'lose a grant') {
            const [grant] = await someOf('dataset_permissions', { dataset_id: { $exists: true } });
            if (grant)
              await fiftyone
                .collection('dataset_permissions')
                .updateOne({ _id: grant._id }, { $set: { permission: 'NO_ACCESS' } });
          } else if (act === 'lose a credential') {
            const [credential] = await someOf('cloud_credentials', { credentials: { $exists: true } });
            if (credential) await fiftyone.collection('cloud_credentials').deleteOne({ _id: credential._id });
          } else {
            const user = (await someOf('users'))[0]?._id;
            const credential = (
              await someOf('cloud_credentials', { user_id: null, scope: { $exists: false }, credentials: { $exists: true } })
            )[0];
            if (credential)
              await fiftyone.collection('cloud_credentials').updateOne({ _id: credential._id }, { $set: { user_id: user } });
          }
        }
        const left = await rightsOf(deployment, below);
        const gone = [...visible].filter((right) => !left.has(right));
        await moved(deployment, '2.25.1');
        const now = await rightsOf(deployment, '2.25.1');
        expect(gone.filter((right) => now.has(right))).toEqual([]);
        expect([...now].filter((right) => !before.has(right) && !left.has(right))).toEqual([]);
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
}, 600_000);
