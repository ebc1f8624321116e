import { expect, test } from 'vitest';
import { differences } from '../../fiftyone/test/support/differences.js';
import { collectionService } from '../src/collection-service.js';
import { deploymentStatus, migrateDeployment, planDeployment, verifyDeployment } from '../src/migrator.js';
import { revisionOf } from '../src/revision-of-edits.js';
import type { Service } from '../src/service.js';
import { services } from '../src/services/index.js';
import { contentOf, deploymentOf, emptyDeployment, fill, type TestDeployment } from './support/deployment.js';
import { world } from './support/world.js';

const SIZES = { least: 8, most: 8 };
const today = () => deploymentOf(world('today', SIZES), 'today');
const first = () => deploymentOf(world('first', SIZES), 'first');

async function versionsOf(deployment: TestDeployment): Promise<Record<string, string | null>> {
  const all = await deploymentStatus(deployment.databases);
  return Object.fromEntries(all.map(({ service, version }) => [service, version]));
}

async function expectSame(deployment: TestDeployment, before: Awaited<ReturnType<typeof contentOf>>): Promise<void> {
  const after = await contentOf(deployment);
  expect(differences(before.cas, after.cas)).toEqual([]);
  expect(differences(before.fiftyone, after.fiftyone)).toEqual([]);
}

test('an empty deployment is new, and starts at the release that is asked for', async () => {
  const deployment = await emptyDeployment();
  expect((await deploymentStatus(deployment.databases)).map(({ state }) => state)).toEqual(['new', 'new', 'new', 'new']);
  const report = await migrateDeployment(deployment.databases, { target: '2.17.1' });
  expect(report.result).toBe('done');
  expect(await versionsOf(deployment)).toEqual({ datasets: '1.14.1', enterprise: '2.17.1', cas: '2.17.1', hub: '2.17.1' });
});

test('without a target, services go to the newest release', async () => {
  const deployment = await first();
  await migrateDeployment(deployment.databases);
  expect(await versionsOf(deployment)).toEqual({ datasets: '1.22.1', enterprise: '2.25.1', cas: '2.25.1', hub: '2.25.1' });
});

test('services go up in their order and down in the reverse', async () => {
  const deployment = await first();
  const order = async (target: string) =>
    (await planDeployment(deployment.databases, { target })).services.map(({ service }) => service);
  expect(await order('2.25.1')).toEqual(['datasets', 'enterprise', 'cas', 'hub']);
  await migrateDeployment(deployment.databases);
  expect(await order('2.14.0')).toEqual(['hub', 'cas', 'enterprise', 'datasets']);
});

test('only services that were chosen are migrated', async () => {
  const deployment = await first();
  await migrateDeployment(deployment.databases, { include: ['cas'], target: '2.18.0' });
  await migrateDeployment(deployment.databases, { exclude: ['cas', 'datasets'], target: '2.16.0' });
  expect(await versionsOf(deployment)).toEqual({ datasets: '1.11.0', enterprise: '2.16.0', cas: '2.18.0', hub: '2.16.0' });
});

test('unknown services, and services to include and to exclude at once, are refused', async () => {
  const { databases } = await emptyDeployment();
  await expect(planDeployment(databases, { include: ['cas', 'iam'] })).rejects.toThrow('unknown service: iam');
  await expect(planDeployment(databases, { include: ['cas'], exclude: ['hub'] })).rejects.toThrow('not both');
  await expect(planDeployment(databases, { exclude: ['datasets', 'enterprise', 'cas', 'hub'] })).rejects.toThrow(
    'no service is left',
  );
});

test('a service whose database is not open names it', async () => {
  const { databases } = await emptyDeployment();
  await expect(planDeployment({ fiftyone: databases.fiftyone })).rejects.toThrow('cas needs the database of CAS');
  expect((await planDeployment({ fiftyone: databases.fiftyone }, { exclude: ['cas'] })).services).toHaveLength(3);
});

test('to releases before 2.14.0 only datasets go, and the plan says so', async () => {
  const { databases } = await emptyDeployment();
  const plan = await planDeployment(databases, { target: '2.13.0' });
  expect(plan.services.map(({ service, to }) => [service, to])).toEqual([['datasets', '1.10.0']]);
  expect(plan.skipped.map(({ service }) => service)).toEqual(['enterprise', 'cas', 'hub']);
  const others = planDeployment(databases, { target: '2.13.0', exclude: ['datasets'] });
  await expect(others).rejects.toThrow('of releases before the migrator, such as 2.13.0, only the datasets can be migrated');
});

test('a database of somebody else is left untouched, and the message says how to leave the service out', async () => {
  const deployment = await emptyDeployment();
  await deployment.cas.db.collection('iam_users').insertOne({ name: 'a' });
  const before = await contentOf(deployment);
  const report = await migrateDeployment(deployment.databases);
  expect(report.result).toBe('refused');
  const cas = report.plan.services.find(({ service }) => service === 'cas');
  expect(cas?.problems.join()).toContain('collection iam_users is not known');
  expect(cas?.hint).toContain('--exclude cas');
  await expectSame(deployment, before);
  expect((await migrateDeployment(deployment.databases, { exclude: ['cas'] })).result).toBe('done');
});

test('data of a service without a version is not taken for ours', async () => {
  const deployment = await emptyDeployment();
  await fill(deployment, world('today', SIZES));
  const status = await deploymentStatus(deployment.databases);
  expect(status.map(({ service, state }) => `${service} ${state}`)).toEqual([
    ...['datasets new', 'enterprise foreign', 'cas foreign', 'hub foreign'],
  ]);
});

test('a service that is newer than every release is refused like an incompatible client', async () => {
  const deployment = await today();
  await deployment.cas.db.collection('services').updateOne({ name: 'cas' }, { $set: { version: '3.0.0' } });
  await expect(migrateDeployment(deployment.databases)).rejects.toThrow("service 'cas' is at v3.0.0");
});

test('only an admin may migrate', async () => {
  const { databases } = await first();
  const cas = { ...databases.cas, settings: { ...databases.cas.settings, databaseAdmin: false } };
  const plan = await planDeployment({ ...databases, cas });
  expect(plan.services.find(({ service }) => service === 'cas')?.problems.join()).toContain('without admin privileges');
  const { databases: fresh } = await emptyDeployment();
  const reader = { ...fresh.cas, settings: { ...fresh.cas.settings, databaseAdmin: false } };
  const report = await migrateDeployment({ ...fresh, cas: reader });
  expect(report.result).toBe('refused');
  expect(report.plan.services.flatMap(({ problems }) => problems)).toEqual([
    "Cannot make service 'cas' without admin privileges",
  ]);
});

test('a plan with a problem stops everything before the first write', async () => {
  const deployment = await today();
  await deployment.cas.db.collection('memberships').updateOne({}, { $set: { role: 'WIZARD' } });
  const before = await contentOf(deployment);
  const report = await migrateDeployment(deployment.databases, { target: '2.14.0' });
  expect(report.result).toBe('refused');
  expect(report.notRun).toEqual(['hub', 'cas', 'enterprise', 'datasets']);
  const problems = report.plan.services.flatMap(({ problems }) => problems);
  expect(problems).toEqual([expect.stringMatching(/v2.17.0: role is no role that is known in 1 of memberships: _id \w{24}/)]);
  await expectSame(deployment, before);
});

test('a credential that an older release would give to everybody stops the plan', async () => {
  const deployment = await today();
  const credentials = deployment.fiftyone.db.collection('cloud_credentials');
  await credentials.updateOne({}, { $set: { scope: 'USER', sid: null } });
  const plan = await planDeployment(deployment.databases, { target: '2.14.0' });
  expect(plan.services.flatMap(({ problems }) => problems).join()).toContain('scope is USER or GROUP, but sid is empty');
});

/** A service whose migration the server refuses half-way. */
const broken = collectionService({
  name: 'broken',
  database: 'fiftyone',
  collections: ['broken'],
  indexes: [],
  revisions: [
    revisionOf({
      version: '2.20.0',
      summary: 'cannot be done',
      up: [
        {
          kind: 'update',
          summary: 'count what may be no number',
          collection: 'broken',
          filter: { whole: { $exists: false } },
          update: [{ $set: { whole: { $toInt: '$part' } } }],
        },
      ],
      down: [],
    }),
  ],
});

/** Another one, that fails before it has written anything. */
const absent: Service = {
  ...broken,
  name: 'absent',
  plan: async (_, to) => ({ service: 'absent', from: '2.14.0', to, direction: 'up', isNew: false, problems: [], touches: [] }),
  apply: async () => {
    throw new Error('the server of absent is gone');
  },
  revert: async (_, plan) => ({ service: 'absent', from: plan.to, to: plan.to, result: 'unchanged', reasons: [] }),
};

async function withBroken(): Promise<TestDeployment> {
  const deployment = await first();
  const report = await migrateDeployment(deployment.databases, {
    services: [...services, broken],
    include: ['broken'],
    target: '2.14.0',
  });
  expect(report.result).toBe('done');
  await deployment.fiftyone.db.collection('broken').insertMany([{ part: '2' }, { part: 'two' }]);
  return deployment;
}

test('a failure ends the run, which says what was done, what was not, and both ways on', async () => {
  const deployment = await first();
  const [datasets, enterprise, ...others] = services as [Service, Service, ...Service[]];
  const all = [datasets, enterprise, absent, ...others];
  const report = await migrateDeployment(deployment.databases, { services: all, target: '2.18.0' });
  expect(report.result).toBe('failed');
  expect(report.services.map(({ service, result }) => `${service} ${result}`)).toEqual([
    ...['datasets migrated', 'enterprise migrated', 'absent failed'],
  ]);
  expect(report.services.at(-1)?.reasons).toEqual(['the server of absent is gone']);
  expect(report.notRun).toEqual(['cas', 'hub']);
  expect(report.next).toEqual({
    onwards: 'fiftyone-migrator migrate 2.18.0 --include datasets enterprise absent cas hub',
    back: ['fiftyone-migrator migrate 2.14.0 --include enterprise', 'fiftyone-migrator migrate 2.14.0 --include datasets'],
  });
  const again = await migrateDeployment(deployment.databases, { target: '2.18.0' });
  expect(again.services.map(({ service, result }) => `${service} ${result}`)).toEqual([
    ...['datasets unchanged', 'enterprise unchanged', 'cas migrated', 'hub migrated'],
  ]);
});

test('a run that is to go back by itself leaves what was there before', async () => {
  const deployment = await first();
  const before = await contentOf(deployment);
  const report = await migrateDeployment(deployment.databases, {
    services: [...services, absent],
    target: '2.22.0',
    onFailure: 'revert',
  });
  expect(report.result).toBe('reverted');
  expect(report.services.at(-1)?.reasons).toEqual(['the server of absent is gone']);
  expect(report.reverted.map(({ service, result }) => `${service} ${result}`)).toEqual([
    ...['absent unchanged', 'hub migrated', 'cas migrated', 'enterprise migrated', 'datasets migrated'],
  ]);
  const after = await contentOf(deployment);
  expect(differences(before.cas, after.cas, { order: false }).filter((line) => !line.includes('service_accounts'))).toEqual([]);
  expect(differences(before.fiftyone, after.fiftyone, { order: false })).toEqual([]);
});

test('an error on the way back does not hide the first one, and the others go back all the same', async () => {
  const deployment = await withBroken();
  const report = await migrateDeployment(deployment.databases, { services: [...services, broken], onFailure: 'revert' });
  expect(report.result).toBe('failed');
  expect(report.services.at(-1)?.reasons.join()).toContain('Failed to parse number');
  expect(report.reverted.map(({ service, result }) => `${service} ${result}`)).toEqual([
    ...['broken failed', 'hub migrated', 'cas migrated', 'enterprise migrated', 'datasets migrated'],
  ]);
  expect(await versionsOf(deployment)).toEqual({ datasets: '1.11.0', enterprise: '2.14.0', cas: '2.14.0', hub: '2.14.0' });
});

test('what was interrupted has to be finished first, and then goes wherever one likes', async () => {
  const deployment = await withBroken();
  const all = { services: [...services, broken], include: ['broken'] };
  expect((await migrateDeployment(deployment.databases, all)).result).toBe('failed');
  const [status] = await deploymentStatus(deployment.databases, all);
  expect(status?.unfinished).toEqual({ from: '2.14.0', to: '2.25.1' });
  const [found] = await verifyDeployment(deployment.databases, all);
  expect(found?.findings.map(({ next }) => next)).toEqual(['finish it with: fiftyone-migrator migrate 2.25.1 --include broken']);
  const back = await migrateDeployment(deployment.databases, { ...all, target: '2.15.0' });
  expect(back.result).toBe('refused');
  expect(back.plan.services[0]?.hint).toBe('finish that with: fiftyone-migrator migrate 2.25.1 --include broken');
  await deployment.fiftyone.db.collection('broken').updateMany({ part: 'two' }, { $set: { part: '2' } });
  expect((await migrateDeployment(deployment.databases, all)).result).toBe('done');
  expect((await migrateDeployment(deployment.databases, { ...all, target: '2.15.0' })).result).toBe('done');
});

test('verify finds what a service of an older release has written since', async () => {
  const deployment = await today();
  await deployment.cas.db.collection('groups').updateOne({}, { $set: { userIds: [] }, $unset: { principals: 1 } });
  const found = await verifyDeployment(deployment.databases);
  expect(found.map(({ service, findings }) => [service, findings.length])).toEqual([
    ['datasets', 0],
    ['enterprise', 0],
    ['cas', 1],
    ['hub', 0],
  ]);
  const [finding] = found[2]?.findings ?? [];
  expect(finding).toMatchObject({ problem: 'not done: groups name their members as principals', documents: 1 });
  expect(finding?.next).toContain('mend them in mongosh: db.getCollection("groups").updateMany(');
});

test('a preview counts and shows what would change, and writes nothing', async () => {
  const deployment = await today();
  const before = await contentOf(deployment);
  const { services } = await planDeployment(deployment.databases, { target: '2.14.0', preview: 'short' });
  const preview = services.find(({ service }) => service === 'cas')?.report?.datasets[0]?.preview;
  expect(preview?.edits.map(({ collection }) => collection)).toContain('memberships');
  await expectSame(deployment, before);
});
