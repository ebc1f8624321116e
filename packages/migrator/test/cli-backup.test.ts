import { appendFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { differences } from '../../fiftyone/test/support/differences.js';
import { smallDataset } from '../../fiftyone/test/support/small-database.js';
import { adminOf, freshFolder, lookerOf, migrator } from './support/command.js';
import { contentOf, deploymentOf, emptyDeployment, type TestDeployment } from './support/deployment.js';
import { world } from './support/world.js';

const SIZES = { least: 8, most: 8 };

/** A deployment of today with datasets, and a folder in which commands run. */
async function withFolder(): Promise<{
  deployment: TestDeployment;
  folder: string;
  run: (...args: string[]) => ReturnType<typeof migrator>;
}> {
  const deployment = await deploymentOf(world('today', SIZES), 'today');
  const { db } = deployment.fiftyone;
  for (const name of ['a', 'b']) {
    await db.collection('datasets').insertOne(smallDataset(name, '1.22.1', { sample_collection_name: `samples.${name}` }));
    await db.collection(`samples.${name}`).insertMany([{ filepath: '/1.jpg' }, { filepath: '/2.jpg' }]);
  }
  const folder = await freshFolder();
  return { deployment, folder, run: (...args) => migrator(args, adminOf(deployment), folder) };
}

async function manifests(run: (...args: string[]) => ReturnType<typeof migrator>) {
  return JSON.parse((await run('backup', 'list', '--json')).stdout) as {
    path: string;
    name: string;
    state: string;
    manifest: { run: string; database: string; collections: { collection: string }[] };
  }[];
}

async function expectSame(deployment: TestDeployment, before: Awaited<ReturnType<typeof contentOf>>): Promise<void> {
  const after = await contentOf(deployment);
  expect(differences(before.cas, after.cas)).toEqual([]);
  expect(differences(before.fiftyone, after.fiftyone)).toEqual([]);
}

test('migrate first backs up what it will touch, under the id of its run, and that backup puts all of it back', async () => {
  const { deployment, run } = await withFolder();
  const before = await contentOf(deployment);
  const found = await run('verify');
  const { code, stderr } = await run('migrate', '2.14.0', '--yes');
  expect(code).toBe(0);
  expect(stderr).toContain('put it back with: fiftyone-migrator backup restore');
  const backups = await manifests(run);
  expect(backups.map(({ manifest }) => manifest.database).sort()).toEqual([deployment.fiftyone.name, deployment.cas.name].sort());
  const [id, other] = backups.map(({ manifest }) => manifest.run) as [string, string];
  expect(id).toBe(other);
  const history = JSON.parse((await run('history', '--json')).stdout);
  expect(history.deployments[0]).toMatchObject({ _id: id, backups: expect.arrayContaining(backups.map(({ path }) => path)) });
  const refused = await run('backup', 'restore', id.slice(0, 8));
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('would overwrite what has changed since') });
  expect(await run('backup', 'restore', id.slice(0, 8), '--force')).toMatchObject({ code: 0 });
  await expectSame(deployment, before);
  expect(await run('verify')).toEqual(found);
});

test('a backup has only what the plan will touch', async () => {
  const { run } = await withFolder();
  await run('migrate', '2.18.0', '--yes', '--include', 'hub');
  const [backup, ...others] = await manifests(run);
  expect(others).toEqual([]);
  const names = backup?.manifest.collections.map(({ collection }) => collection) ?? [];
  expect(names).toContain('run_links');
  expect(names.filter((name) => /^(samples|datasets|cloud_credentials|snapshots|config)/.test(name))).toEqual([]);
});

test('--backup all takes whole databases, --no-backup none, and nothing is backed up for nothing', async () => {
  const { run } = await withFolder();
  await run('migrate', '2.18.0', '--yes', '--no-backup');
  await run('migrate', '2.18.0', '--yes');
  expect(await manifests(run)).toEqual([]);
  await run('migrate', '2.20.0', '--include', 'hub', '--backup', 'all');
  const [backup] = await manifests(run);
  expect(backup?.manifest.collections.map(({ collection }) => collection)).toContain('samples.a');
});

test('--backup-dir and FIFTYONE_BACKUP_DIR say where backups go', async () => {
  const { deployment, folder } = await withFolder();
  const env = { ...adminOf(deployment), FIFTYONE_BACKUP_DIR: join(folder, 'setting') };
  await migrator(['migrate', '2.18.0', '--yes', '--include', 'hub'], env, folder);
  await migrator(['migrate', '2.20.0', '--include', 'hub', '--backup-dir', 'flag'], env, folder);
  expect((await readdir(folder)).sort()).toEqual(['flag', 'setting']);
});

test('when a step fails the command says how to go on, how to go back, and how to restore', async () => {
  const { deployment, folder, run } = await withFolder();
  await run('migrate', '2.14.0', '--yes', '--no-backup');
  await mkdir(join(folder, 'failing'));
  await writeFile(join(folder, 'failing', 'index.js'), FAILING);
  const env = { ...adminOf(deployment), FIFTYONE_MIGRATOR_SERVICES: './failing' };
  const { code, stdout } = await migrator(['migrate', '2.18.0'], env, folder);
  expect(code).toBe(3);
  expect(stdout).toContain('failing: 2.14.0 -> 2.18.0: failed\n  the server of failing is gone');
  expect(stdout).toContain('Go on with:  fiftyone-migrator migrate 2.18.0');
  expect(stdout).toContain('Go back with: fiftyone-migrator migrate 2.14.0 --include hub');
  expect(stdout).toMatch(/Or restore the backup: fiftyone-migrator backup restore .*-cas/);
});

test('--on-failure revert takes back what was done, and says why', async () => {
  const { deployment, folder, run } = await withFolder();
  await run('migrate', '2.14.0', '--yes', '--no-backup');
  await mkdir(join(folder, 'failing'));
  await writeFile(join(folder, 'failing', 'index.js'), FAILING);
  const env = { ...adminOf(deployment), FIFTYONE_MIGRATOR_SERVICES: './failing' };
  const { code, stdout } = await migrator(['migrate', '2.18.0', '--on-failure', 'revert'], env, folder);
  expect(code).toBe(1);
  expect(stdout).toContain('the server of failing is gone');
  expect(stdout).toContain('Failed; what was done has been taken back.');
  const { services } = JSON.parse((await migrator(['status', '--json'], lookerOf(deployment))).stdout);
  expect(services.map(({ version }: { version: string }) => version)).toEqual(['1.11.0', '2.14.0', '2.14.0', '2.14.0']);
});

const FAILING = `export default { services: [{
  name: 'failing', database: 'fiftyone',
  owner: async () => () => false,
  versionAt: (release) => release.number,
  status: async () => ({ service: 'failing', state: 'ready', version: '2.14.0', release: '2.14.0', reasons: [] }),
  plan: async (_, to) => ({ service: 'failing', from: '2.14.0', to, direction: 'up', isNew: false, problems: [] }),
  apply: async () => { throw new Error('the server of failing is gone'); },
  revert: async (_, plan) => ({ service: 'failing', from: plan.to, to: plan.from, result: 'unchanged', reasons: [] }),
  verify: async () => ({ service: 'failing', version: '2.14.0', findings: [] }),
}] };`;

test('one dataset of a backup is put back by itself', async () => {
  const { deployment, run } = await withFolder();
  const { db } = deployment.fiftyone;
  await run('backup', 'create', '--dataset', 'a', 'b');
  const [backup] = await manifests(run);
  await db.collection('samples.a').deleteMany({});
  await db.collection('samples.b').deleteMany({});
  expect(await run('backup', 'restore', backup?.name as string, '--dataset', 'a')).toMatchObject({ code: 0 });
  expect(await db.collection('samples.a').countDocuments()).toBe(2);
  expect(await db.collection('samples.b').countDocuments()).toBe(0);
});

test('a backup of whole databases is made, verified by restoring it, and put back', async () => {
  const { deployment, run } = await withFolder();
  const before = await contentOf(deployment);
  expect(await run('backup', 'create')).toMatchObject({ code: 0 });
  const backups = await manifests(run);
  for (const { name } of backups) {
    const { code, stdout } = await run('backup', 'verify', name, '--restore');
    expect(code).toBe(0);
    expect(stdout).toContain('as when it was made, restored');
  }
  await run('migrate', '2.14.0', '--yes', '--no-backup');
  for (const { name } of backups) expect(await run('backup', 'restore', name, '--force')).toMatchObject({ code: 0 });
  await expectSame(deployment, before);
});

test('a damaged backup is told by its file', async () => {
  const { run } = await withFolder();
  await run('backup', 'create', '--include', 'cas');
  const [backup] = await manifests(run);
  const [folder] = (await readdir(backup?.path as string, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  await appendFile(join(backup?.path as string, folder?.name as string, 'users.bson.gz'), 'x');
  const { code, stdout } = await run('backup', 'verify', backup?.name as string);
  expect(code).toBe(1);
  expect(stdout).toContain('users.bson.gz');
});

test('old backups are pruned, as many as are asked for', async () => {
  const { run } = await withFolder();
  for (const name of ['cas', 'hub', 'cas']) await run('backup', 'create', '--include', name);
  expect(await run('backup', 'prune')).toMatchObject({ code: 2 });
  expect((await run('backup', 'prune', '--keep', '1', '--dry-run')).stdout).toContain('Would remove 1 backup');
  await run('backup', 'prune', '--keep', '1');
  expect(await manifests(run)).toHaveLength(2);
});

test('a backup that is none of this deployment is put nowhere unless somebody says where', async () => {
  const { run } = await withFolder();
  await run('backup', 'create', '--include', 'cas');
  const [backup] = await manifests(run);
  const other = await emptyDeployment();
  expect(await migrator(['backup', 'restore', backup?.path as string], adminOf(other))).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--to fiftyone or --to cas'),
  });
  expect(await migrator(['backup', 'restore', backup?.path as string, '--to', 'cas'], adminOf(other))).toMatchObject({ code: 0 });
  expect(await other.cas.db.collection('users').countDocuments()).toBe(8);
  expect(await migrator(['backup', 'restore', 'nothing'], adminOf(other))).toMatchObject({ code: 2 });
});
