import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMongod, type TestServer } from '../../fiftyone/test/support/mongod.js';
import { freshFolder, migrator } from './support/command.js';
import { world } from './support/world.js';

/** CAS and FiftyOne on servers of their own, one of which is a replica set, each with a login that may only use its own database. */
let servers: { cas: TestServer; fiftyone: TestServer };
let clients: { cas: MongoClient; fiftyone: MongoClient };
const ROLES = ['cas', 'fiftyone'] as const;

beforeAll(async () => {
  const [cas, fiftyone] = await Promise.all([startMongod({ auth: true }), startMongod({ auth: true, replicaSet: true })]);
  servers = { cas, fiftyone };
  clients = { cas: await MongoClient.connect(cas.uri), fiftyone: await MongoClient.connect(fiftyone.uri) };
  for (const role of ROLES) {
    const admin = clients[role].db('admin');
    await admin.command({ createUser: 'writer', pwd: 'p4ss', roles: [{ role: 'readWrite', db: role }] });
    await admin.command({ createUser: 'reader', pwd: 'p4ss', roles: [{ role: 'read', db: role }] });
    await admin.command({
      createUser: 'prover',
      pwd: 'p4ss',
      roles: [
        { role: 'readWrite', db: role },
        { role: 'readWrite', db: `scratch-of-${role}` },
      ],
    });
    await admin.command({
      createUser: 'watcher',
      pwd: 'p4ss',
      roles: [
        { role: 'readWrite', db: role },
        { role: 'clusterMonitor', db: 'admin' },
      ],
    });
  }
}, 60_000);

afterAll(async () => {
  for (const role of ROLES) {
    await clients[role].close();
    await servers[role].stop();
  }
});

/** The settings with this login on both servers. */
function as(user: string, others: Record<string, string> = {}): Record<string, string> {
  const uri = (role: 'cas' | 'fiftyone') => servers[role].uri.replace('admin:secret@', `${user}:p4ss@`);
  return {
    ...{ CAS_DATABASE_URI: uri('cas'), CAS_DATABASE_NAME: 'cas' },
    ...{ FIFTYONE_DATABASE_URI: uri('fiftyone'), FIFTYONE_DATABASE_NAME: 'fiftyone', FIFTYONE_DATABASE_ADMIN: 'true' },
    ...others,
  };
}

test('readWrite on the own database is enough for everything but a proof, which says what it needs', async () => {
  const folder = await freshFolder();
  const run = (args: string[], env = as('writer')) => migrator(args, env, folder);
  expect(await run(['migrate', '2.14.0'])).toMatchObject({ code: 0 });
  const { cas } = world('first', { least: 4, most: 4 });
  for (const [collection, docs] of Object.entries(cas)) {
    if (docs.length > 0)
      await clients.cas
        .db('cas')
        .collection(collection)
        .insertMany([...docs]);
  }
  expect(await run(['migrate'])).toMatchObject({ code: 0, stderr: expect.stringContaining('Backed up') });
  expect(await run(['verify'])).toMatchObject({ code: 0 });
  expect(await run(['migrate', '2.17.0', '--yes'])).toMatchObject({ code: 0 });
  const { stdout } = await run(['backup', 'list', '--json']);
  const last = JSON.parse(stdout).at(-1).manifest.run;
  expect(await run(['backup', 'restore', last, '--force'])).toMatchObject({ code: 0 });
  const proof = await run(['migrate', '2.16.0', '--yes', '--prove']);
  expect(proof.code).toBe(1);
  expect(proof.stderr).toContain('may write to any database');
  const named = as('prover', { FIFTYONE_SCRATCH_DATABASE: 'scratch-of-cas' });
  expect(await run(['migrate', '2.16.0', '--yes', '--prove', '--include', 'cas'], named)).toMatchObject({ code: 0 });
}, 120_000);

test('a login that may only read can look, and is refused before anything is written', async () => {
  const env = as('reader');
  expect(await migrator(['status'], env)).toMatchObject({ code: 0 });
  expect(await migrator(['plan'], env)).toMatchObject({ code: 0 });
  const args = ['migrate', '2.15.0', '--include', 'cas', '--yes'];
  const { code, stderr } = await migrator(args, env, await freshFolder());
  expect(code).toBe(1);
  expect(stderr).toContain('role readWrite in CAS_DATABASE_URI');
}, 60_000);

test('doctor tells what a login may not do, and what a server does not tell it', async () => {
  const reader = await migrator(['doctor'], as('reader'));
  expect(reader.code).toBe(1);
  expect(reader.stdout).toMatch(
    /FAILED +database of CAS: user 'reader' of admin may not: insert, update, remove, .*readWrite on cas may/,
  );
  expect(reader.stdout).toContain('clusterMonitor');
  const watcher = await migrator(['doctor'], as('watcher'));
  expect(watcher.code).toBe(0);
  expect(watcher.stdout).toContain("user 'watcher' of admin may do all that a migration needs");
  expect(watcher.stdout).toMatch(/replica set rs0, whose oplog holds .* and reaches back/);
  expect(watcher.stdout + watcher.stderr).not.toContain('p4ss');
}, 60_000);

test('plan and doctor name the clients that a release locks out', async () => {
  const client = async (version: string) =>
    await new MongoClient(servers.fiftyone.uri, { appName: 'fiftyone', driverInfo: { name: 'fiftyone', version } }).connect();
  const open = [
    await client('0.10.0'),
    await client('2.20.0'),
    await new MongoClient(servers.fiftyone.uri, { appName: 'fiftyone' }).connect(),
  ];
  try {
    const { stdout } = await migrator(['doctor', '2.25.1'], as('watcher'));
    expect(stdout).toMatch(/fiftyone, SDK 0\.10\.0, nodejs [\d.]+ on 127\.0\.0\.1, \d+ connections?: WILL BE REFUSED/);
    expect(stdout).toMatch(/fiftyone, SDK 2\.20\.0, .*: can go on/);
    expect(stdout).toMatch(/fiftyone, nodejs .*: of unknown version/);
    const plan = JSON.parse((await migrator(['plan', '--json'], as('watcher'))).stdout);
    expect(plan.clients.map(({ verdict }: { verdict: string }) => verdict)).toContain('refused');
  } finally {
    for (const one of open) await one.close();
  }
}, 60_000);
