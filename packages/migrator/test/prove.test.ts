import { expect, test } from 'vitest';
import { differences } from '../../fiftyone/test/support/differences.js';
import { smallDataset } from '../../fiftyone/test/support/small-database.js';
import { collectionService } from '../src/collection-service.js';
import { migrateDeployment, planDeployment } from '../src/migrator.js';
import { prove } from '../src/prove.js';
import { revisionOf } from '../src/revision-of-edits.js';
import { services } from '../src/services/index.js';
import { adminOf, freshFolder, migrator } from './support/command.js';
import { contentOf, deploymentOf, type TestDeployment } from './support/deployment.js';
import { world } from './support/world.js';

const SIZES = { least: 8, most: 8 };
const today = () => deploymentOf(world('today', SIZES), 'today');

async function scratches({ fiftyone }: TestDeployment): Promise<string[]> {
  const { databases } = await fiftyone.client.db('admin').admin().listDatabases({ nameOnly: true });
  return databases.map(({ name }) => name).filter((name) => /scratch/.test(name));
}

test('a way down and up again is proved on a copy, which goes, and nothing else is touched', async () => {
  const deployment = await today();
  const { db } = deployment.fiftyone;
  await db.collection('datasets').insertOne(smallDataset('a', '1.22.1', { sample_collection_name: 'samples.a' }));
  await db.collection('samples.a').insertMany(Array.from({ length: 50 }, (_, i) => ({ filepath: `/${i}.jpg` })));
  const before = await contentOf(deployment);
  const options = { services, target: '2.14.0' };
  const proof = await prove(deployment.databases, await planDeployment(deployment.databases, options), options);
  expect(proof.differences).toEqual([]);
  expect(proof.documents).toBeGreaterThan(100);
  expect(await scratches(deployment)).toEqual([]);
  const after = await contentOf(deployment);
  expect(differences(before.cas, after.cas)).toEqual([]);
  expect(differences(before.fiftyone, after.fiftyone)).toEqual([]);
});

test('a sample has at most so many documents of each collection', async () => {
  const { databases } = await today();
  const options = { services, include: ['cas'], target: '2.14.0' };
  const plan = await planDeployment(databases, options);
  const [all, some] = [await prove(databases, plan, options), await prove(databases, plan, options, { sample: 2 })];
  expect(some.differences).toEqual([]);
  expect(some.documents).toBeLessThan(all.documents / 2);
});

/** Its way up forgets, and its way down cannot know. */
const forgetful = collectionService({
  name: 'forgetful',
  database: 'fiftyone',
  collections: ['notes'],
  indexes: [],
  revisions: [
    revisionOf({
      version: '2.20.0',
      summary: 'notes are short',
      up: [
        {
          kind: 'update',
          summary: 'cut',
          collection: 'notes',
          filter: { text: { $ne: 'short' } },
          update: [{ $set: { text: 'short' } }],
        },
      ],
      down: [],
    }),
  ],
});

test('every difference is named before anything is written, by collection, document and field', async () => {
  const deployment = await today();
  const options = { services: [...services, forgetful], include: ['forgetful'] };
  await migrateDeployment(deployment.databases, { ...options, target: '2.14.0' });
  await deployment.fiftyone.db.collection('notes').insertMany([
    { _id: 1 as never, text: 'long' },
    { _id: 2 as never, text: 'short' },
  ]);
  const plan = await planDeployment(deployment.databases, options);
  const { differences: found } = await prove(deployment.databases, plan, options);
  expect(found).toEqual(['notes: {"$numberInt":"1"} is not as it was: text']);
  expect(await deployment.fiftyone.db.collection('notes').findOne({ _id: 1 as never })).toMatchObject({ text: 'long' });
});

test('migrate --prove goes on when the copy is what it was', async () => {
  const deployment = await today();
  const run = await migrator(
    ['migrate', '2.14.0', '--yes', '--prove', '--sample', '5', '--no-backup'],
    adminOf(deployment),
    await freshFolder(),
  );
  expect(run.stderr).toContain('went there and back again: it is what it was');
  expect(run.code).toBe(0);
});

test('a database that is no scratch is not used as one', async () => {
  const deployment = await today();
  const env = { ...adminOf(deployment), FIFTYONE_SCRATCH_DATABASE: deployment.cas.name };
  const { code, stderr } = await migrator(['migrate', '2.14.0', '--yes', '--prove'], env, await freshFolder());
  expect(code).toBe(1);
  expect(stderr).toContain('is no scratch database');
  expect(await deployment.cas.db.collection('users').countDocuments()).toBe(8);
});
