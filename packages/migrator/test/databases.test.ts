import { MongoClient } from 'mongodb';
import { expect, onTestFinished, test } from 'vitest';
import { readRun, readRuns } from '../../fiftyone/src/migrations/journal.js';
import { differences } from '../../fiftyone/test/support/differences.js';
import { connectAsAdmin } from '../../fiftyone/test/support/migrated.js';
import { startMongod } from '../../fiftyone/test/support/mongod.js';
import { migrateDeployment, verifyDeployment } from '../src/migrator.js';
import { contentOf, deploymentOf, emptyDeployment, fill } from './support/deployment.js';
import { world } from './support/world.js';

test('the database of CAS may be on another server, for a user who may only read and write it', async () => {
  const server = await startMongod({ auth: true });
  const admin = await MongoClient.connect(server.uri);
  onTestFinished(async () => {
    await admin.close();
    await server.stop();
  });
  await admin.db('cas').command({ createUser: 'cas', pwd: 'secret', roles: [{ role: 'readWrite', db: 'cas' }] });
  const uri = `mongodb://cas:secret@127.0.0.1:${server.port}/?authSource=cas`;
  const cas = await connectAsAdmin({ uri, name: 'cas' });
  onTestFinished(() => cas.close());
  const rest = await emptyDeployment();
  const deployment = { ...rest, cas: { ...rest.cas, db: admin.db('cas') }, databases: { ...rest.databases, cas } };
  await migrateDeployment(deployment.databases);
  await fill(deployment, world('today', { least: 10, most: 10 }));
  const before = await contentOf(deployment);
  for (const target of ['2.14.0', '2.25.1']) {
    const report = await migrateDeployment(deployment.databases, { target, onFailure: 'revert' });
    expect(report.services.flatMap(({ reasons }) => reasons)).toEqual([]);
    expect(report.result).toBe('done');
  }
  expect(differences(before.cas, (await contentOf(deployment)).cas)).toEqual([]);
  const found = await verifyDeployment(deployment.databases);
  expect(found.flatMap(({ findings }) => findings)).toEqual([]);
});

test('what a run does to a service is in the journal of its database', async () => {
  const deployment = await deploymentOf(world('today', { least: 3, most: 3 }), 'today');
  await migrateDeployment(deployment.databases, { target: '2.16.0' });
  const { db } = deployment.cas;
  const [newest] = await readRuns(db, 'migrations.journal.services');
  expect(newest).toMatchObject({ target: '2.16.0', migrated: 1, failed: 0 });
  const run = await readRun(db, newest?._id ?? '', 'migrations.journal.services');
  expect(run?.datasets).toMatchObject([{ name: 'cas', from: '2.25.1', to: '2.16.0', result: 'migrated', kept: true }]);
});

test('of several migrators at once each service is migrated by one, and all end well', async () => {
  const deployment = await deploymentOf(world('today', { least: 200, most: 200 }), 'today');
  const before = await contentOf(deployment);
  for (const target of ['2.14.0', '2.25.1']) {
    const runs = Array.from({ length: 4 }, async () => {
      const [cas, fiftyone] = [await connectAsAdmin(deployment.cas), await connectAsAdmin(deployment.fiftyone)];
      const report = await migrateDeployment({ cas, fiftyone }, { target });
      await Promise.all([cas.close(), fiftyone.close()]);
      return report;
    });
    const reports = await Promise.all(runs);
    expect(reports.map(({ result }) => result)).toEqual(['done', 'done', 'done', 'done']);
  }
  const after = await contentOf(deployment);
  expect([...differences(before.cas, after.cas), ...differences(before.fiftyone, after.fiftyone)]).toEqual([]);
});

test('thousands of users, groups, keys, credentials and permissions go down and up again, byte for byte', async () => {
  const deployment = await deploymentOf(world('today', { least: 3000, most: 3000 }), 'today');
  const before = await contentOf(deployment);
  const start = performance.now();
  for (const target of ['2.14.0', '2.25.1'])
    expect((await migrateDeployment(deployment.databases, { target })).result).toBe('done');
  console.log(`both ways in ${Math.round(performance.now() - start)} ms`);
  const after = await contentOf(deployment);
  expect([...differences(before.cas, after.cas), ...differences(before.fiftyone, after.fiftyone)]).toEqual([]);
}, 300_000);
