import { expect, test } from 'vitest';
import { leaseStore } from '../../fiftyone/src/database/lease-store.js';
import { Leases } from '../../fiftyone/src/database/leases.js';
import { differences } from '../../fiftyone/test/support/differences.js';
import { deploymentStatus } from '../src/migrator.js';
import { adminOf, freshFolder, lookerOf, migrator } from './support/command.js';
import { contentOf, deploymentOf, emptyDeployment, type TestDeployment } from './support/deployment.js';
import { world } from './support/world.js';

const SIZES = { least: 8, most: 8 };
const today = () => deploymentOf(world('today', SIZES), 'today');
const first = () => deploymentOf(world('first', SIZES), 'first');

/** Runs the command as an admin, where its backups are nobody's concern. */
async function asAdmin(deployment: TestDeployment, ...args: string[]) {
  return await migrator(args, adminOf(deployment), await freshFolder());
}

async function versionsOf({ databases }: TestDeployment): Promise<Record<string, string | null>> {
  const all = await deploymentStatus(databases);
  return Object.fromEntries(all.map(({ service, version }) => [service, version]));
}

const at = (datasets: string, others: string) => ({ datasets, enterprise: others, cas: others, hub: others });

test('the commands of the manual take all services up, to a release, and back', async () => {
  const deployment = await first();
  expect(await asAdmin(deployment, 'migrate', '2.15.0')).toMatchObject({ code: 0 });
  expect(await versionsOf(deployment)).toEqual(at('1.12.0', '2.15.0'));
  expect(await asAdmin(deployment, 'migrate')).toMatchObject({ code: 0 });
  expect(await versionsOf(deployment)).toEqual(at('1.22.1', '2.25.1'));
  expect(await asAdmin(deployment, 'migrate', '2.14.0', '--yes')).toMatchObject({ code: 0 });
  expect(await versionsOf(deployment)).toEqual(at('1.11.0', '2.14.0'));
});

test('services are chosen by --include and --exclude', async () => {
  const deployment = await first();
  expect(await asAdmin(deployment, 'migrate', '--include', 'enterprise')).toMatchObject({ code: 0 });
  expect(await asAdmin(deployment, 'migrate', '2.16.0', '--exclude', 'cas', 'hub', 'enterprise')).toMatchObject({ code: 0 });
  expect(await versionsOf(deployment)).toEqual({ datasets: '1.13.0', enterprise: '2.25.1', cas: '2.14.0', hub: '2.14.0' });
});

test('the release may follow the services, and services may have commas between them', async () => {
  const deployment = await first();
  expect(await asAdmin(deployment, 'migrate', '--include', 'cas,hub', '2.15.0')).toMatchObject({ code: 0 });
  expect(await versionsOf(deployment)).toEqual({ datasets: '1.11.0', enterprise: '2.14.0', cas: '2.15.0', hub: '2.15.0' });
});

test('unknown services, both flags at once and unknown releases are refused', async () => {
  const deployment = await emptyDeployment();
  const refused = async (...args: string[]) =>
    (await asAdmin(deployment, 'migrate', ...args)) as { code: number; stderr: string };
  expect(await refused('--include', 'iam')).toMatchObject({ code: 2, stderr: expect.stringContaining('unknown service: iam') });
  expect(await refused('--include', 'cas', '--exclude', 'hub')).toMatchObject({ code: 2 });
  expect(await refused('9.9.9')).toMatchObject({ code: 2 });
  expect(await deploymentStatus(deployment.databases)).toMatchObject([{}, {}, {}, {}].map(() => ({ state: 'new' })));
});

test('what is missing of the environment is named, all at once, and only what the chosen services need', async () => {
  const admin = { FIFTYONE_DATABASE_ADMIN: 'true' };
  const all = await migrator(['migrate'], admin);
  expect(all.code).toBe(2);
  for (const name of ['CAS_DATABASE_URI', 'CAS_DATABASE_NAME', 'FIFTYONE_DATABASE_URI', 'FIFTYONE_DATABASE_NAME'])
    expect(all.stderr).toContain(`${name} is missing`);
  const { stderr } = await migrator(['status', '--include', 'cas'], { CAS_DATABASE_URI: 'http://x' });
  expect(stderr).toContain('CAS_DATABASE_NAME is missing');
  expect(stderr).not.toContain('FIFTYONE_DATABASE');
});

test('an address that is none is named by its own variable, without its password', async () => {
  const { code, stderr } = await migrator(['status', '--include', 'cas'], {
    CAS_MONGODB_URI: 'mongo://user:secret@host',
    CAS_DATABASE_NAME: 'cas',
  });
  expect(code).toBe(2);
  expect(stderr).toContain('CAS_MONGODB_URI must start with mongodb://');
  expect(stderr).not.toContain('secret');
});

test('a server of CAS that cannot be reached is told by the variable that names it', async () => {
  const { code, stderr } = await migrator(['status', '--include', 'cas'], {
    CAS_DATABASE_URI: 'mongodb://user:secret@127.0.0.1:9/?serverSelectionTimeoutMS=200',
    CAS_DATABASE_NAME: 'cas',
  });
  expect(code).toBe(1);
  expect(stderr).toContain('CAS_DATABASE_URI is right');
  expect(stderr).not.toContain('secret');
});

test.each(['CAS_MONGODB_URI', 'CAS_MONGO_DB_URI'])(
  'the address of CAS is also read from %s, and the command says so',
  async (name) => {
    const { cas } = await emptyDeployment();
    const { code, stderr } = await migrator(['status', '--include', 'cas'], { [name]: cas.uri, CAS_DATABASE_NAME: cas.name });
    expect(code).toBe(0);
    expect(stderr).toContain(`note: ${name} says where the database of CAS is`);
  },
);

test.each([{}, { FIFTYONE_DATABASE_ADMIN: 'false' }])('only an admin may migrate, %o does not', async (admin) => {
  const deployment = await first();
  const { code, stderr } = await migrator(['migrate'], { ...lookerOf(deployment), ...admin });
  expect(code).toBe(1);
  expect(stderr).toContain('export FIFTYONE_DATABASE_ADMIN=true');
  expect(await versionsOf(deployment)).toEqual(at('1.11.0', '2.14.0'));
});

test('what going down loses is listed, and needs consent', async () => {
  const deployment = await today();
  const before = await contentOf(deployment);
  const { code, stderr } = await asAdmin(deployment, 'migrate', '2.14.0');
  expect(code).toBe(2);
  expect(stderr).toContain('API keys of service accounts');
  expect(stderr).toContain('add --yes');
  const after = await contentOf(deployment);
  expect(differences(before.cas, after.cas)).toEqual([]);
});

test('plan and migrate --dry-run say the same, need no admin, and write nothing', async () => {
  const deployment = await today();
  const before = await contentOf(deployment);
  const plan = await migrator(['plan', '2.14.0'], lookerOf(deployment));
  expect(plan.code).toBe(0);
  expect(plan.stdout).toContain('hub, cas, enterprise, datasets');
  expect(plan.stdout).toContain('suspend API keys of service accounts');
  // who is connected changes from one moment to the next
  const [same, connected] = (await migrator(['migrate', '2.14.0', '--dry-run'], lookerOf(deployment))).stdout.split(
    'Connected now',
  );
  expect(plan.stdout.split('Connected now')[0]).toBe(same);
  expect(connected).toContain('fiftyone, SDK 2.25.1');
  const json = JSON.parse((await migrator(['plan', '2.14.0', '--json'], lookerOf(deployment))).stdout);
  expect(json.services.map(({ service }: { service: string }) => service)).toEqual(['hub', 'cas', 'enterprise', 'datasets']);
  const after = await contentOf(deployment);
  expect(differences(before.cas, after.cas)).toEqual([]);
  expect(differences(before.fiftyone, after.fiftyone)).toEqual([]);
});

test('a plan that is blocked ends with what is in the way, and nothing is touched', async () => {
  const deployment = await today();
  await deployment.cas.db.collection('memberships').updateOne({}, { $set: { role: 'WIZARD' } });
  expect(await asAdmin(deployment, 'plan', '2.14.0')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('BLOCKED: v2.17.0: role is no role that is known'),
  });
  expect(await asAdmin(deployment, 'migrate', '2.14.0', '--yes')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('Nothing was touched.'),
  });
  expect(await versionsOf(deployment)).toEqual(at('1.22.1', '2.25.1'));
});

test('a service that is newer than the migrator ends with the code of incompatible versions', async () => {
  const deployment = await today();
  await deployment.cas.db.collection('services').updateOne({ name: 'cas' }, { $set: { version: '3.0.0' } });
  expect(await asAdmin(deployment, 'migrate')).toMatchObject({ code: 10 });
});

test('status tells where every service is, as text and as JSON', async () => {
  const deployment = await first();
  await deployment.fiftyone.db.collection('datasets').insertMany([
    { name: 'a', version: '1.11.0' },
    { name: 'b', version: '1.10.0' },
    { name: 'c', version: '1.11.0' },
  ]);
  const { code, stdout } = await migrator(['status'], lookerOf(deployment));
  expect(code).toBe(0);
  expect(stdout).toMatch(/^cas +2\.14\.0 +2\.14\.0 +ready$/m);
  expect(stdout).toContain('2 datasets at 1.11.0, 1 dataset at 1.10.0');
  const json = JSON.parse((await migrator(['status', '--json'], lookerOf(deployment))).stdout);
  expect(json.services).toHaveLength(4);
});

test('verify finds nothing after a run, and tells what is wrong otherwise', async () => {
  const deployment = await today();
  expect(await migrator(['verify'], lookerOf(deployment))).toMatchObject({ code: 0 });
  await deployment.cas.db.collection('groups').updateOne({}, { $set: { userIds: [] }, $unset: { principals: 1 } });
  expect(await migrator(['verify'], lookerOf(deployment))).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('cas: not done: groups name their members as principals'),
  });
});

test('history tells what was migrated in both databases, and one run in full', async () => {
  const deployment = await first();
  await asAdmin(deployment, 'migrate', '2.18.0', '--include', 'cas', 'hub');
  const { code, stdout } = await migrator(['history', '--json'], lookerOf(deployment));
  expect(code).toBe(0);
  const { runs, deployments } = JSON.parse(stdout);
  expect(deployments).toMatchObject([{ target: '2.18.0', result: 'done', services: [{ service: 'cas' }, { service: 'hub' }] }]);
  expect(runs.filter(({ target }: { target: string }) => target === '2.18.0')).toHaveLength(2);
  const one = await migrator(['history', runs[0]._id.slice(0, 8)], lookerOf(deployment));
  expect(one.stdout).toMatch(/^(hub|cas): migrated, 2\.14\.0 -> 2\.18\.0/m);
  const all = await migrator(['history', deployments[0]._id], lookerOf(deployment));
  expect(all.stdout).toMatch(/^cas: migrated, 2\.14\.0 -> 2\.18\.0$/m);
  expect(await migrator(['history', 'nope'], lookerOf(deployment))).toMatchObject({ code: 2 });
});

test('unlock shows who is at work on which database, and ends their leases when asked to', async () => {
  const deployment = await emptyDeployment();
  const leases = new Leases(leaseStore(deployment.cas.db));
  await leases.take('service x');
  expect(await migrator(['unlock', '--yes'], lookerOf(deployment))).toMatchObject({ code: 1 });
  const { code, stdout } = await migrator(['unlock', '--yes'], adminOf(deployment));
  expect(code).toBe(0);
  expect(stdout).toContain(`process ${process.pid}, since`);
  expect(stdout).toContain('Ended 1 lease');
  leases.stop();
});

test('releases are listed without a database', async () => {
  const { code, stdout } = await migrator(['releases', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toContainEqual({ number: '2.25.1', openSource: '1.22.1' });
});
