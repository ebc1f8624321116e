import { Int32, ObjectId } from 'mongodb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { adminOf, type CommandResult, fiftyone, userOf } from './support/command.js';
import { differences } from './support/differences.js';
import { readDump } from './support/dump.js';
import { type FreshDatabase, freshDatabase } from './support/fresh-database.js';
import { freePort, startMongod } from './support/mongod.js';
import { databaseOf, smallDatabase, smallDataset } from './support/small-database.js';
import { restore, snapshot } from './support/snapshot.js';

const SECRET = 'pass-wort-4711';

/** A message for people, not a stack, and never a password. */
function expectMessage({ stdout, stderr }: CommandResult): void {
  expect(stdout + stderr).not.toContain(SECRET);
  expect(stdout + stderr).not.toMatch(/^ +at .*:\d+:\d+\)?$/m);
}

/** Runs `fiftyone migrate ARGS...` as an admin and makes sure that the database stays as it is. */
async function refused(database: FreshDatabase, args: readonly string[]): Promise<CommandResult> {
  const before = await snapshot(database.db);
  const result = await fiftyone(['migrate', ...args], adminOf(database));
  expect(result.code).not.toBe(0);
  expectMessage(result);
  expect(differences(before, await snapshot(database.db))).toEqual([]);
  return result;
}

describe('a database that cannot be used', () => {
  test('a server that does not answer is named', async () => {
    const uri = `mongodb://127.0.0.1:${await freePort()}/?serverSelectionTimeoutMS=200`;
    for (const args of [['--info'], ['--all'], ['--all', '--json']]) {
      const result = await fiftyone(['migrate', ...args], adminOf({ uri, name: 'x' }));
      expect(result).toMatchObject({ code: 1, stdout: '' });
      expect(result.stderr).toContain(`error: could not connect to MongoDB at ${uri} (database 'x'): connect ECONNREFUSED`);
      expect(result.stderr).toContain('check that the server runs and that FIFTYONE_DATABASE_URI is right');
      expectMessage(result);
    }
  });

  test('with a wrong password the user is named, and the password printed nowhere', async () => {
    const server = await startMongod({ auth: true });
    onTestFinished(server.stop);
    const address = `127.0.0.1:${server.port}`;
    for (const args of [['--info'], ['--all'], ['--all', '--json'], ['-n', 'a', '--verbose']]) {
      const uri = `mongodb://admin:${SECRET}@${address}/?authSource=admin`;
      const result = await fiftyone(['migrate', ...args], adminOf({ uri, name: 'x' }));
      expect(result).toMatchObject({ code: 1, stdout: '' });
      expect(result.stderr).toContain(
        `the login for mongodb://admin:***@${address}/?authSource=admin (database 'x') was refused`,
      );
      expectMessage(result);
    }
  });

  test.each([
    `mongodb://admin:${SECRET}@`,
    `mongodb://admin:${SECRET}@:27017/`,
    `mongodb://admin:${SECRET}/x@127.0.0.1:1/?serverSelectionTimeoutMS=100`,
    `mongodb://admin:${SECRET}%zz@127.0.0.1:1/?serverSelectionTimeoutMS=100`,
    `mongodb://admin:${SECRET}@127.0.0.1:1/?noSuchOption=1`,
    `mongodb://admin:${SECRET}@127.0.0.1:1/?serverSelectionTimeoutMS=soon`,
    `mongodb://127.0.0.1:1/?tlsCertificateKeyFilePassword=${SECRET}&serverSelectionTimeoutMS=100`,
    `mongodb://127.0.0.1:1/?authMechanismProperties=AWS_SESSION_TOKEN:${SECRET}&serverSelectionTimeoutMS=100`,
    `mongodb+srv://admin:${SECRET}@no-such-host.invalid/?serverSelectionTimeoutMS=100`,
    `postgres://admin:${SECRET}@127.0.0.1/`,
    `admin:${SECRET}@127.0.0.1`,
  ])('what is wrong with %s is told without the password', async (uri) => {
    const result = await fiftyone(['migrate', '--info'], adminOf({ uri, name: 'x' }));
    expect([1, 2]).toContain(result.code);
    expect(result.stderr).toMatch(/^error: /);
    expectMessage(result);
  });
});

describe('a user who may only read', () => {
  async function readOnly() {
    const server = await startMongod({ auth: true });
    const { client, db, ...database } = await connected(server.uri, 'rich');
    onTestFinished(async () => {
      await client.close();
      await server.stop();
    });
    await restore(db, await readDump('databases/0.14.3-main'));
    await db.command({ createUser: 'reader', pwd: SECRET, roles: [{ role: 'read', db: 'rich' }] });
    const uri = `mongodb://reader:${SECRET}@127.0.0.1:${server.port}/?authSource=rich`;
    return { db, env: adminOf({ ...database, uri }) };
  }

  async function connected(uri: string, name: string): Promise<FreshDatabase> {
    const { MongoClient } = await import('mongodb');
    const client = await MongoClient.connect(uri);
    return { client, db: client.db(name), uri, name };
  }

  test('can look and plan, and is told what to ask for when it migrates', async () => {
    const { db, env } = await readOnly();
    const before = await snapshot(db);
    expect(await fiftyone(['migrate', '--info'], env)).toMatchObject({ code: 0, stderr: '' });
    const plan = await fiftyone(['migrate', '--all', '--dry-run', '--json'], env);
    expect({ code: plan.code, stderr: plan.stderr }).toEqual({ code: 0, stderr: '' });
    const { datasets } = JSON.parse(plan.stdout);
    expect(datasets.length).toBe(25);
    expect(datasets.every(({ result }: { result: string }) => result === 'planned')).toBe(true);
    for (const args of [['--all'], ['--all', '--json'], ['-n', 'labels', '-v', '1.0.0']]) {
      const result = await fiftyone(['migrate', ...args], env);
      expect(result.code).toBe(1);
      const said = result.stdout + result.stderr;
      expect(said).toContain('the database user may not write to mongodb://reader:***@');
      expect(said).toContain('use a user with the role readWrite');
      expectMessage(result);
    }
    expect(differences(before, await snapshot(db))).toEqual([]);
  });
});

describe('a dataset that cannot be migrated', () => {
  test('a name that does not exist is a failure, and the other datasets are migrated', async () => {
    const database = await smallDatabase('1.22.1', smallDataset('a', '1.0.0'), smallDataset('b', '1.0.0'));
    const { stderr } = await refused(database, ['-n', 'nope']);
    expect(stderr).toContain('    Dataset nope not found\n    list the datasets with: fiftyone datasets list\n');
    const { code } = await fiftyone(['migrate', '-n', 'a', 'nope', 'b'], adminOf(database));
    expect(code).toBe(3);
    expect(await database.db.collection('datasets').distinct('version')).toEqual(['1.22.1']);
  });

  test.each([
    ['sample_fields', 'a string', { sample_fields: 'oops' }],
    ['sample_fields', 'null', { sample_fields: null }],
    ['sample_fields[0]', 'a number', { sample_fields: [new Int32(5)] }],
    ['brain_methods', 'null', { brain_methods: null }],
    ['brain_methods', 'a list', { brain_methods: [] }],
    ['evaluations', 'a string', { evaluations: 'oops' }],
    ['version', '{"$numberInt":"5"}', { version: new Int32(5) }],
    ['version', '"garbage"', { version: 'garbage' }],
    ['version', '""', { version: '' }],
  ])('%s that is %s is named, nothing of the dataset is changed, and the others are migrated', async (field, found, wrong) => {
    const bad = smallDataset('bad', '0.14.0', { media_type: 'image', brain_methods: {}, evaluations: {}, ...wrong });
    const database = await smallDatabase('1.22.1', bad);
    const { code, stderr } = await refused(database, ['--all']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ {2}bad$/m);
    expect(stderr).toContain(`${field} is ${found}, expected `);

    const good = smallDataset('good', '0.14.0', { media_type: 'image', brain_methods: {}, evaluations: {} });
    await database.db.collection('datasets').insertOne(good);
    expect(await fiftyone(['migrate', '--all'], adminOf(database))).toMatchObject({ code: 3 });
    const [after, other] = await database.db.collection('datasets').find().toArray();
    expect(JSON.stringify(after)).toBe(JSON.stringify(bad));
    expect(other?.version).toBe('1.22.1');
  });

  test('a document without a name is counted, named by its _id, and kept', async () => {
    const id = new ObjectId();
    const datasets = [{ ...smallDataset('', '1.0.0'), _id: id, name: null }];
    const database = await databaseOf({ config: [{ version: '1.22.1', type: 'fiftyone' }], datasets });
    const { stderr } = await fiftyone(['migrate', '--info'], adminOf(database));
    expect(stderr).toBe('note: documents without a name in collection datasets: 1\n');
    const all = await refused(database, ['--all']);
    expect(all.stderr).toContain(`the document with _id ${id} has no name`);
    expect(all.stderr).toContain('correct the documents in collection datasets');
  });

  test('two documents with the same name are both refused', async () => {
    const database = await smallDatabase('1.22.1', smallDataset('twin', '1.0.0'), smallDataset('twin', '0.23.0'));
    const { stderr } = await refused(database, ['--all']);
    expect(stderr.match(/2 documents have this name/g)).toHaveLength(2);
    expect((await refused(database, ['-n', 'twin'])).stderr).toContain('2 documents have this name');
  });

  test('a dataset that is newer than the client is left alone, and may not be taken down by it', async () => {
    const database = await smallDatabase('1.22.1', smallDataset('future', '99.1.0'));
    const up = await refused(database, ['--all']);
    expect(up.stderr).toContain('You must have fiftyone>=99.1.0 installed in order to migrate from v99.1.0 to v1.22.1');
    const down = await refused(database, ['-n', 'future', '-v', '1.0.0']);
    expect(down.stderr).toContain('You must have fiftyone>=99.1.0 installed in order to migrate from v99.1.0 to v1.0.0');
  });
});

describe('a collection config that no release writes', () => {
  const datasets = () => [smallDataset('a', '0.23.0')];

  test.each([
    ['a number', new Int32(5), '5'],
    ['a list', ['1.22.1'], '1.22.1'],
    ['no version', 'latest', '"latest"'],
  ])('a version that is %s is refused', async (_, version, shown) => {
    const database = await databaseOf({ config: [{ version, type: 'fiftyone' }], datasets: datasets() });
    for (const args of [['--info'], [], ['--all'], ['-n', 'a']]) {
      const { stdout, stderr } = await refused(database, args);
      expect(stdout).toBe('');
      expect(stderr).toContain("'version' of the document in collection config is");
      expect(stderr).toContain(shown);
      expect(stderr).toContain('expected a version such as "1.22.1"');
    }
  });

  test('the database of another product is refused', async () => {
    const database = await databaseOf({ config: [{ version: '1.22.1', type: 'fiftyone-teams' }], datasets: datasets() });
    for (const args of [['--info'], ['--all']]) {
      const { stderr } = await refused(database, args);
      expect(stderr).toContain("cannot connect to database type 'fiftyone-teams' with client type 'fiftyone'");
      expect(stderr).toContain('check FIFTYONE_DATABASE_NAME');
    }
  });

  test('a database that is too new is refused, and an admin may look at it', async () => {
    const database = await databaseOf({ config: [{ version: '2.0.0', type: 'fiftyone' }], datasets: datasets() });
    for (const args of [[], ['--all'], ['--all', '-v', '1.0.0']]) {
      const { code, stderr } = await refused(database, args);
      expect(code).toBe(10);
      expect(stderr).toContain('You must have fiftyone>=2.0.0 installed in order to migrate from v2.0.0');
    }
    expect((await fiftyone(['migrate', '--info'], adminOf(database))).stdout).toContain('Database version: 2.0.0');
    expect(await fiftyone(['migrate', '--info'], userOf(database))).toMatchObject({ code: 10, stdout: '' });
  });

  test('without a version the newest dataset decides, and migrating stores one beside the other keys', async () => {
    const database = await databaseOf({ config: [{ type: 'fiftyone', extra: 1 }], datasets: datasets() });
    expect((await fiftyone(['migrate', '--info'], adminOf(database))).stdout).toContain('Database version: 0.23.0');
    expect((await fiftyone(['migrate'], adminOf(database))).code).toBe(0);
    const config = await database.db
      .collection('config')
      .find({}, { projection: { _id: 0 } })
      .toArray();
    expect(config).toEqual([{ type: 'fiftyone', extra: 1, version: '1.22.1' }]);
  });

  test('of several documents the newest counts, and migrating keeps it only', async () => {
    const config = [
      { _id: new ObjectId('000000000000000000000002'), version: '1.0.0', type: 'fiftyone', extra: 1 },
      { _id: new ObjectId('000000000000000000000001'), version: '0.20.0', type: 'fiftyone' },
    ];
    const database = await databaseOf({ config, datasets: datasets() });
    expect((await fiftyone(['migrate', '--info'], adminOf(database))).stdout).toContain('Database version: 1.0.0');
    expect((await fiftyone(['migrate'], adminOf(database))).code).toBe(0);
    expect(await database.db.collection('config').find().toArray()).toEqual([{ ...config[0], version: '1.22.1' }]);
  });
});

test('an empty database is new, and nothing but its version is written', async () => {
  const database = await freshDatabase();
  expect(await fiftyone(['migrate', '--all'], adminOf(database))).toMatchObject({ code: 0 });
  const collections = await database.db.listCollections({}, { nameOnly: true }).toArray();
  expect(collections.map(({ name }) => name)).toEqual(['config']);
});
