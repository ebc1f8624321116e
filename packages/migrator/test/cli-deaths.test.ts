import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { LEASES } from '../../fiftyone/src/database/lease-store.js';
import { differences } from '../../fiftyone/test/support/differences.js';
import { smallDataset } from '../../fiftyone/test/support/small-database.js';
import { adminOf, freshFolder, migrator, startMigrator } from './support/command.js';
import { contentOf, deploymentOf, type TestDeployment } from './support/deployment.js';
import { world } from './support/world.js';

/** `npm run test:deaths` kills in every phase, `npm test` in some of them. */
const ALL = process.env.EVERY_DEATH === '1';

/** Large enough that every phase lasts until it is killed. */
const SIZES = { least: 30, most: 30 };
const SAMPLES = 20_000;

async function deployment(): Promise<TestDeployment> {
  const made = await deploymentOf(world('today', SIZES), 'today');
  const { db } = made.fiftyone;
  for (const name of ['a', 'b', 'c']) {
    await db.collection('datasets').insertOne(smallDataset(name, '1.22.1', { sample_collection_name: `samples.${name}` }));
    await db
      .collection(`samples.${name}`)
      .insertMany(Array.from({ length: SAMPLES }, (_, i) => ({ filepath: `/${name}/${i}.jpg`, tags: [] })));
  }
  return made;
}

/** As if the ten seconds had passed after which the leases of a dead process are free. */
async function expireLeases({ cas, fiftyone }: TestDeployment): Promise<void> {
  for (const { db } of [cas, fiftyone]) await db.collection(LEASES).updateMany({}, { $set: { expires: new Date(0) } });
}

async function expectSame(made: TestDeployment, wanted: Awaited<ReturnType<typeof contentOf>>): Promise<void> {
  const now = await contentOf(made);
  expect(differences(wanted.cas, now.cas, { order: false })).toEqual([]);
  expect(differences(wanted.fiftyone, now.fiftyone, { order: false })).toEqual([]);
}

test('killed in whatever phase, the same command does what is left, and the backup of the first attempt stays good', async () => {
  const made = await deployment();
  const before = await contentOf(made);
  const env = adminOf(made);
  const folder = await freshFolder();
  expect(await migrator(['migrate', '2.14.0', '--yes', '--no-backup'], env, folder)).toMatchObject({ code: 0 });
  const wanted = await contentOf(made);
  expect(await migrator(['migrate', '--no-backup'], env, folder)).toMatchObject({ code: 0 });
  await expectSame(made, before);
  // what it says when a phase begins
  const everyPhase = [
    'Planning cas',
    'Copying to prove it',
    'Going back',
    'Backing up',
    'Verifying',
    "service 'hub'",
    "service 'cas'",
    "service 'enterprise'",
    "dataset 'b'",
  ];
  const phases = everyPhase.filter((_, i) => ALL || i % 3 === 0);
  let killed = 0;
  for (const phase of phases) {
    const command = startMigrator(['migrate', '2.14.0', '--yes', '--prove'], env, folder);
    killed += Number(await command.killedAt(phase));
    await expireLeases(made);
    if (phase === 'Backing up') expect((await migrator(['backup', 'list'], env, folder)).stdout).toContain('unfinished');
    const again = await migrator(['migrate', '2.14.0', '--yes'], env, folder);
    expect(again.code, `${phase}: ${again.stderr}`).toBe(0);
    await expectSame(made, wanted);
    expect((await migrator(['backup', 'list'], env, folder)).stdout).not.toContain('unfinished');
    expect(await migrator(['migrate', '--no-backup'], env, folder)).toMatchObject({ code: 0 });
    await expectSame(made, before);
  }
  console.log(`killed in ${killed} of ${phases.length} phases`);
  expect(killed).toBe(phases.length);
}, 600_000);

test.each([2, 8])(
  '%i at once end as one does, and each of them with success',
  async (n) => {
    const made = await deployment();
    const env = adminOf(made);
    const folder = await freshFolder();
    await migrator(['migrate', '2.14.0', '--yes', '--no-backup'], env, folder);
    const wanted = await contentOf(made);
    await migrator(['migrate', '--no-backup'], env, folder);
    const args = ['migrate', '2.14.0', '--yes'];
    const all = await Promise.all(Array.from({ length: n }, () => migrator(args, env, folder)));
    for (const { code, stderr } of all) expect(code, stderr).toBe(0);
    await expectSame(made, wanted);
    expect(await migrator(['verify'], env, folder)).toMatchObject({ code: 0 });
  },
  300_000,
);

test('ctrl-C ends it politely, and the same command goes on', async () => {
  const made = await deployment();
  const env = adminOf(made);
  const folder = await freshFolder();
  const command = startMigrator(['migrate', '2.14.0', '--yes'], env, folder);
  await command.says('Backing up');
  command.kill('SIGINT');
  const { code, stderr } = await command.result;
  expect(code).toBe(130);
  expect(stderr).toContain('Stopping');
  await sleep(0);
  expect(await migrator(['migrate', '2.14.0', '--yes'], env, folder)).toMatchObject({ code: 0 });
}, 120_000);
