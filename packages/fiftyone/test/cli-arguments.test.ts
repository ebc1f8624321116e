import { expect, test } from 'vitest';
import { adminOf, fiftyone } from './support/command.js';
import { differences } from './support/differences.js';
import { smallDatabase, smallDataset } from './support/small-database.js';
import { snapshot } from './support/snapshot.js';

/** Nobody listens there: whoever tries to connect fails with another exit code. */
const NOWHERE = {
  FIFTYONE_DATABASE_URI: 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100',
  FIFTYONE_DATABASE_NAME: 'nothing',
  FIFTYONE_DATABASE_ADMIN: 'true',
};

test.each([
  [['--versoin'], "unknown option '--versoin'", '(Did you mean --version?)'],
  [['migrat'], "unknown command 'migrat'", '(Did you mean migrate?)'],
  [['migrate', '--al'], "unknown option '--al'", '(Did you mean --all?)'],
  [['migrate', '--all', '--dryrun'], "unknown option '--dryrun'", '(Did you mean --dry-run?)'],
  [['migrate', '--al', '-v', '0.23.0'], "unknown option '--al'", '(Did you mean --all?)'],
  [['migrate', 'all'], 'too many arguments', '--help shows all options'],
  [['migrate', '-v'], "option '-v, --version <version>' argument missing", '--help shows all options'],
  [['migrate', '-n'], "option '-n, --dataset-name <name...>' argument missing", '--help shows all options'],
  [['migrate', '--error-level', 'high'], "--error-level must be an integer, not 'high'", '0 stop, 1 report, 2 silent'],
  [['migrate', '--concurrency', '0'], "--concurrency must be a positive integer, not '0'", ''],
  [['migrate', '--all', '-v', 'abc'], "Invalid version: 'abc'", 'give a version such as 1.22.1'],
  [['migrate', '--all', '-v', ''], "Invalid version: ''", 'give a version such as 1.22.1'],
  [['migrate', '--all', '-v', 'enterprise:99.0.0'], '99.0.0', 'fiftyone versions'],
  [['migrate', '--all', '-v', 'professional:2.15.0'], 'professional', 'enterprise'],
  [['migrate', '--pause', '--cancel'], '--pause and --cancel do not go together', 'ask for one at a time'],
  [['migrate', '--attic', 'clear', '--dry-run'], '--attic and --dry-run do not go together', '--dry-run is for migrations'],
  [['versions', '7.7.7'], '7.7.7', 'fiftyone versions'],
])('fiftyone %j is refused before anything is touched, with a suggestion', async (args, mistake, suggestion) => {
  const { code, stdout, stderr } = await fiftyone(args, NOWHERE);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: /);
  expect(stderr).toContain(mistake);
  expect(stderr).toContain(suggestion);
  expect(stderr).not.toMatch(/^ +at /m);
});

test('without a command the help is printed, which lists the commands and the exit codes', async () => {
  const { code, stderr } = await fiftyone([]);
  expect(code).toBe(2);
  for (const word of ['migrate', 'versions', 'Exit codes:']) expect(stderr).toContain(word);
  const help = await fiftyone(['migrate', '--help']);
  expect(help.code).toBe(0);
  for (const word of ['--info', '--all', '--dataset-name', '--error-level', '--dry-run', 'Exit codes:'])
    expect(help.stdout).toContain(word);
});

test('all mistakes in the settings are told at once', async () => {
  const { code, stderr } = await fiftyone(['migrate'], {
    FIFTYONE_DATABASE_URI: 'localhost:27017',
    FIFTYONE_DATABASE_NAME: 'a/b',
    FIFTYONE_EDITION: 'home',
  });
  expect(code).toBe(2);
  for (const name of ['FIFTYONE_DATABASE_URI', 'FIFTYONE_DATABASE_NAME', 'FIFTYONE_EDITION']) expect(stderr).toContain(name);
});

test('--version and versions need no database', async () => {
  expect(await fiftyone(['--version'])).toEqual({ code: 0, stdout: '2.25.1\n', stderr: '' });
  expect(await fiftyone(['versions', 'enterprise:2.15.0'])).toEqual({
    code: 0,
    stdout: 'Enterprise 2.15.0 -> open source 1.12.0 (certain)\n',
    stderr: '',
  });
  const { code, stdout } = await fiftyone(['versions', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).length).toBeGreaterThan(90);
});

test('-v takes the number of an Enterprise release', async () => {
  const { db, ...database } = await smallDatabase('1.22.1', smallDataset('a', '1.22.1'));
  const { code, stdout } = await fiftyone(['migrate', '--all', '-v', 'enterprise:2.15.0'], adminOf(database));
  expect(code).toBe(0);
  expect(stdout).toContain('Migrated the database from 1.22.1 to 1.12.0');
  expect((await db.collection('datasets').findOne({ name: 'a' }))?.version).toBe('1.12.0');
});

test('-n takes several names, also when it is repeated, and migrates in this order', async () => {
  const database = await smallDatabase('1.22.1', ...['a', 'b', 'c'].map((name) => smallDataset(name, '1.0.0')));
  const { code, stderr } = await fiftyone(['migrate', '-n', 'c', 'a', '-n', 'b', '--concurrency', '1'], adminOf(database));
  expect(code).toBe(0);
  expect(stderr).toBe(['c', 'a', 'b'].map((name) => `Migrating dataset '${name}' to v1.22.1\n`).join(''));
});

test('--verbose names every revision', async () => {
  const database = await smallDatabase('1.22.1', smallDataset('a', '1.0.0'));
  const { stderr } = await fiftyone(['migrate', '--all', '--verbose'], adminOf(database));
  expect(stderr.split('\n')).toEqual([
    "Migrating dataset 'a' to v1.22.1",
    ...['1.1.0', '1.4.0', '1.13.0'].map((version) => `Running v${version} on dataset 'a'`),
    '',
  ]);
});

test('a version that the client does not know is refused before anything is written', async () => {
  const database = await smallDatabase('1.22.1', smallDataset('a', '1.22.1'));
  const before = await snapshot(database.db);
  for (const args of [['--all'], []]) {
    const { code, stderr } = await fiftyone(['migrate', ...args, '-v', '99.0'], adminOf(database));
    expect(code).toBe(10);
    expect(stderr).toContain('You must have fiftyone>=99.0 installed in order to migrate from v1.22.1 to v99.0');
  }
  expect(differences(before, await snapshot(database.db))).toEqual([]);
});
