import { expect, test } from 'vitest';
import { adminOf, fiftyone, userOf } from './support/command.js';
import { differences } from './support/differences.js';
import type { FreshDatabase } from './support/fresh-database.js';
import { smallDatabase, smallDataset } from './support/small-database.js';
import { snapshot } from './support/snapshot.js';

async function versionsIn({ db }: FreshDatabase): Promise<Record<string, string>> {
  const datasets = await db.collection('datasets').find().toArray();
  const config = await db.collection('config').findOne();
  return { database: config?.version, ...Object.fromEntries(datasets.map(({ name, version }) => [name, version])) };
}

test('an admin migrates the database alone, or with all datasets', async () => {
  const database = await smallDatabase('0.23.0', smallDataset('a', '0.23.0'));
  expect(await fiftyone(['migrate'], adminOf(database))).toMatchObject({
    code: 0,
    stdout: 'Migrated the database from 0.23.0 to 1.22.1\n',
  });
  expect(await versionsIn(database)).toEqual({ database: '1.22.1', a: '0.23.0' });
  expect(await fiftyone(['migrate', '--all'], adminOf(database))).toMatchObject({
    code: 0,
    stdout: 'Nothing to do for the database: the database is at 1.22.1 already\n1 dataset: 1 migrated, 0 unchanged, 0 failed\n',
  });
  expect(await versionsIn(database)).toEqual({ database: '1.22.1', a: '1.22.1' });
});

test('who is no admin may migrate a dataset to the version of its database', async () => {
  const database = await smallDatabase('1.0.0', smallDataset('a', '0.18.0'), smallDataset('b', '0.18.0'));
  expect(await fiftyone(['migrate', '-n', 'a'], userOf(database))).toMatchObject({ code: 0 });
  expect(await versionsIn(database)).toEqual({ database: '1.0.0', a: '1.0.0', b: '0.18.0' });
});

test('who is no admin may not choose another version, neither for a dataset nor for the database', async () => {
  const database = await smallDatabase('1.22.1', smallDataset('a', '1.22.1'));
  const before = await snapshot(database.db);
  const dataset = await fiftyone(['migrate', '-n', 'a', '-v', '0.23.0'], userOf(database));
  expect(dataset.code).toBe(1);
  expect(dataset.stderr).toContain("Cannot migrate dataset 'a' from v1.22.1 to v0.23.0 without admin privileges");
  expect(dataset.stderr).toContain('export FIFTYONE_DATABASE_ADMIN=true');
  for (const args of [
    ['-v', '0.23.0'],
    ['--all', '-v', '0.23.0'],
  ]) {
    expect(await fiftyone(['migrate', ...args], userOf(database))).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: Cannot migrate database from v1.22.1 to v0.23.0 without admin privileges\n' +
        '  assume them with: export FIFTYONE_DATABASE_ADMIN=true\n',
    });
  }
  expect(differences(before, await snapshot(database.db))).toEqual([]);
});

test.each([[[]], [['--all']]])('who is no admin is told why migrate %j did nothing', async (args) => {
  const database = await smallDatabase('0.23.0', smallDataset('a', '0.23.0'));
  const before = await snapshot(database.db);
  const { code, stdout } = await fiftyone(['migrate', ...args], userOf(database));
  expect(code).toBe(0);
  expect(stdout).toContain(
    'Nothing to do for the database: version 0.23.0 is compatible with this client (>=0.19,<2), and only an admin may migrate it\n',
  );
  if (args.length > 0) expect(stdout).toContain('Nothing to do for 1 dataset: the dataset is at 0.23.0 already\n');
  expect(differences(before, await snapshot(database.db))).toEqual([]);
});

test('an incompatible database can only be looked at and migrated by an admin', async () => {
  const database = await smallDatabase('0.18.0', smallDataset('a', '0.18.0'));
  const before = await snapshot(database.db);
  for (const args of [['--info'], [], ['--all']]) {
    const { code, stdout, stderr } = await fiftyone(['migrate', ...args], userOf(database));
    expect({ code, stdout }).toEqual({ code: 10, stdout: '' });
    expect(stderr).toMatch(/^error: Cannot connect to database v0\.18\.0 .*with client v1\.22\.1 \(compatibility >=0\.19,<2\)\n/);
    expect(stderr).toContain('FIFTYONE_DATABASE_ADMIN=true fiftyone migrate --all');
  }
  expect(differences(before, await snapshot(database.db))).toEqual([]);
  expect(await fiftyone(['migrate', '--all'], adminOf(database))).toMatchObject({ code: 0 });
  expect(await versionsIn(database)).toEqual({ database: '1.22.1', a: '1.22.1' });
});

test('a compatible database that is newer than the client is left alone, also by an admin', async () => {
  const database = await smallDatabase('1.99.0', smallDataset('a', '1.99.0'));
  const { code, stdout } = await fiftyone(['migrate', '--all'], adminOf(database));
  expect(code).toBe(0);
  expect(stdout).toContain('version 1.99.0 is newer than this client (1.22.1)');
  expect(await versionsIn(database)).toEqual({ database: '1.99.0', a: '1.99.0' });
});

test('the open source edition upgrades the database on connecting, without being told that it is an admin, and no dataset', async () => {
  const database = await smallDatabase('0.23.0', smallDataset('a', '0.23.0'));
  const env = { ...userOf(database), FIFTYONE_EDITION: 'open-source' };
  const { code, stdout } = await fiftyone(['migrate', '--info'], env);
  expect(code).toBe(0);
  expect(stdout).toContain('Database version: 1.22.1');
  expect(await versionsIn(database)).toEqual({ database: '1.22.1', a: '0.23.0' });
});

test('FIFTYONE_DISABLE_MIGRATIONS switches everything off, and says so', async () => {
  const database = await smallDatabase('0.18.0', smallDataset('a', '0.18.0'));
  const before = await snapshot(database.db);
  const env = { ...adminOf(database), FIFTYONE_DISABLE_MIGRATIONS: '1' };
  const { code, stdout } = await fiftyone(['migrate', '--all'], env);
  expect(code).toBe(0);
  expect(stdout).toContain('migrations are switched off by FIFTYONE_DISABLE_MIGRATIONS');
  expect(differences(before, await snapshot(database.db))).toEqual([]);
});
