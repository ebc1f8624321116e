import { expect, test } from 'vitest';
import { adminOf, fiftyone, userOf } from './support/command.js';
import { differences } from './support/differences.js';
import { readDump } from './support/dump.js';
import { type FreshDatabase, freshDatabase } from './support/fresh-database.js';
import { databaseOf, smallDatabase, smallDataset } from './support/small-database.js';
import { snapshot } from './support/snapshot.js';

const HEAD = [
  'FiftyOne Enterprise version: 2.25.1',
  'FiftyOne compatibility version: 1.22.1',
  'Other compatible versions: >=0.19,<2',
];

/** Runs `--info` and makes sure that nothing was written. */
async function look(database: FreshDatabase, args: readonly string[] = [], env = adminOf(database)) {
  const before = await snapshot(database.db);
  const result = await fiftyone(['migrate', '--info', ...args], env);
  expect(differences(before, await snapshot(database.db))).toEqual([]);
  return result;
}

test('--info prints the versions of the client, of the database and of every dataset, and writes nothing', async () => {
  const database = await smallDatabase(
    '1.22.1',
    smallDataset('quickstart', '1.22.1'),
    smallDataset('a name with blanks, longer', '0.23.0'),
    smallDataset('old', '', { version: null }),
  );
  expect(await look(database)).toEqual({
    code: 0,
    stdout: [
      ...HEAD,
      'Database version: 1.22.1',
      '',
      'dataset                     version',
      '--------------------------  ---------',
      'quickstart                  1.22.1',
      'a name with blanks, longer  0.23.0',
      'old',
      '',
    ].join('\n'),
    stderr: '',
  });
});

test('--info lists datasets in the order of the index on names where there is one, as the original does', async () => {
  const database = await smallDatabase('1.22.1', ...['zebra', 'Ant', 'ant'].map((name) => smallDataset(name, '1.22.1')));
  await database.db.collection('datasets').createIndex({ name: 1 }, { unique: true });
  const { stdout } = await look(database);
  expect(stdout.split('\n').slice(-4)).toEqual(['Ant        1.22.1', 'ant        1.22.1', 'zebra      1.22.1', '']);
});

test('--info -n prints the versions of these datasets, one per line, and None where there is none', async () => {
  const database = await smallDatabase('1.22.1', smallDataset('a', '0.23.0'), smallDataset('b', '', { version: null }));
  expect(await look(database, ['-n', 'b', 'a'])).toEqual({ code: 0, stdout: 'None\n0.23.0\n', stderr: '' });
  expect(await look(database, ['-n', 'nope'])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'error: Dataset nope not found\n  list the datasets with: fiftyone datasets list\n',
  });
});

test('in the open source edition --info prints what the open source client prints', async () => {
  const database = await smallDatabase('1.22.1', smallDataset('quickstart', '1.0.0'));
  const { stdout } = await look(database, [], { ...userOf(database), FIFTYONE_EDITION: 'open-source' });
  expect(stdout).toBe(
    [
      'Client version: 1.22.1',
      'Compatible versions: >=0.19,<2',
      '',
      'Database version: 1.22.1',
      '',
      'dataset     version',
      '----------  ---------',
      'quickstart  1.0.0',
      '',
    ].join('\n'),
  );
});

test('--info of a database that does not exist does not create it', async () => {
  const database = await freshDatabase();
  expect(await look(database)).toMatchObject({ code: 0, stdout: [...HEAD, 'Database version: 1.22.1', ''].join('\n') });
  expect(await database.db.listCollections().toArray()).toEqual([]);
});

test('--info of a database from before there was a stored version says how new its datasets are', async () => {
  const database = await freshDatabase(await readDump('databases/0.14.3-main'));
  const { code, stdout } = await look(database);
  expect(code).toBe(0);
  expect(stdout).toContain('\nDatabase version: 0.14.3\n');
});

test('--info wins over everything else on the command line', async () => {
  const database = await smallDatabase('0.23.0', smallDataset('a', '0.23.0'));
  const { stdout } = await look(database, ['--all', '-v', '0.19.0']);
  expect(stdout).toContain('Database version: 0.23.0');
});

test('--info --json has the same facts', async () => {
  const database = await databaseOf({
    config: [{ version: '0.23.0' }],
    datasets: [smallDataset('a', '0.22.0'), { version: '1' }],
  });
  const { code, stdout } = await look(database, ['--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    edition: 'enterprise',
    sdkVersion: '2.25.1',
    compatibilityVersion: '1.22.1',
    otherCompatibleVersions: '>=0.19,<2',
    databaseVersion: '0.23.0',
    datasets: [{ name: 'a', version: '0.22.0' }],
    nameless: 1,
  });
  expect(JSON.parse((await look(database, ['--json', '-n', 'a'])).stdout)).toEqual([{ name: 'a', version: '0.22.0' }]);
});

test.each([3, 1000])('--info asks config once and datasets once when there are %i datasets', async (count) => {
  const database = await smallDatabase('1.22.1', ...Array.from({ length: count }, (_, i) => smallDataset(`d${i}`, '1.22.1')));
  await database.db.command({ profile: 2 });
  const { stdout } = await fiftyone(['migrate', '--info'], adminOf(database));
  await database.db.command({ profile: 0 });
  expect(stdout.split('\n').length).toBe(count + 8);
  const asked = await database.db
    .collection('system.profile')
    .find({ op: { $ne: 'getmore' } })
    .toArray();
  expect(asked.map(({ op, ns }) => `${op} ${ns.slice(database.name.length + 1)}`).sort()).toEqual([
    'query config',
    'query datasets',
  ]);
});
