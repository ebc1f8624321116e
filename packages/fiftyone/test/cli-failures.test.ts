import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { adminOf, fiftyone } from './support/command.js';
import { differences } from './support/differences.js';
import { readDump } from './support/dump.js';
import { freshDatabase } from './support/fresh-database.js';
import { smallDatabase, smallDataset } from './support/small-database.js';
import { snapshot } from './support/snapshot.js';

/** Cannot go below 0.17.0. */
const grouped = (name: string) => smallDataset(name, '1.22.1', { group_field: 'group' });
const plain = (name: string) => smallDataset(name, '1.22.1');
const REASON = 'because groups were not supported before this release';

test('when some datasets fail the others are migrated, the failures are summed up, and the exit code is 3', async () => {
  const database = await smallDatabase('1.22.1', plain('a'), grouped('b'), plain('c'));
  expect(await fiftyone(['migrate', '--all', '-v', '0.16.0', '--concurrency', '1'], adminOf(database))).toEqual({
    code: 3,
    stdout: ['Migrated the database from 1.22.1 to 0.16.0', '3 datasets: 2 migrated, 0 unchanged, 1 failed', ''].join('\n'),
    stderr: [
      "Migrating dataset 'a' to v0.16.0",
      "Migrating dataset 'c' to v0.16.0",
      '',
      'Failed:',
      '  b',
      `    Cannot migrate dataset 'b' below v0.17.0 ${REASON}`,
      '    try again: fiftyone migrate -n b -v 0.16.0',
      '',
    ].join('\n'),
  });
});

test('when nothing could be done the exit code is 1', async () => {
  const database = await smallDatabase('1.22.1', grouped('a'));
  expect(await fiftyone(['migrate', '-n', 'a', '-v', '0.16.0'], adminOf(database))).toMatchObject({ code: 1 });
});

test('--error-level 0 stops at the first failure, and says what was not tried', async () => {
  const database = await smallDatabase('1.22.1', plain('a'), grouped('b'), plain('c'), plain('d'));
  const args = ['migrate', '--all', '-v', '0.16.0', '--error-level', '0', '--concurrency', '1'];
  const { code, stdout, stderr } = await fiftyone(args, adminOf(database));
  expect(code).toBe(3);
  expect(stdout).toContain('4 datasets: 1 migrated, 0 unchanged, 1 failed, 2 not run\n');
  expect(stderr).toContain(REASON);
});

test('--error-level 2 goes on silently, and the exit code tells all the same', async () => {
  const database = await smallDatabase('1.22.1', plain('a'), grouped('b'), plain('c'));
  const { code, stdout } = await fiftyone(['migrate', '--all', '-v', '0.16.0', '--error-level', '2'], adminOf(database));
  expect(code).toBe(3);
  expect(stdout).toBe('Migrated the database from 1.22.1 to 0.16.0\n3 datasets: 2 migrated, 0 unchanged, 1 failed\n');
});

test('--json has what was done, what failed and why', async () => {
  const database = await smallDatabase('1.22.1', plain('a'), grouped('b'), smallDataset('c', '0.16.0'));
  const { code, stdout, stderr } = await fiftyone(['migrate', '--all', '-v', '0.16.0', '--json'], adminOf(database));
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
  const { database: ofDatabase, datasets, notRun } = JSON.parse(stdout);
  expect(ofDatabase).toMatchObject({ from: '1.22.1', to: '0.16.0', result: 'migrated' });
  expect(notRun).toEqual([]);
  expect(datasets).toMatchObject([
    { name: 'a', from: '1.22.1', to: '0.16.0', result: 'migrated' },
    { name: 'b', from: '1.22.1', result: 'failed', reasons: [expect.stringContaining(REASON)] },
    { name: 'c', from: '0.16.0', to: '0.16.0', result: 'unchanged' },
  ]);
  expect(datasets[0].steps.slice(0, 2)).toEqual(['v1.13.0 down', 'v1.4.0 down']);
});

test.each([
  'two words',
  "it's",
  '"quoted"',
  '$HOME `id` $(id) \\ !!',
  '-n',
  '--all',
  '日本 ünïcode',
  'a;b|c&d>e*f?g#h~',
  'tab\tand\nline',
])('the command to try again is right for a dataset that is called %j', async (name) => {
  const database = await smallDatabase('1.22.1', grouped(name));
  const args = ['migrate', '-n', name, '-v', '0.16.0', '--keep-unknown'];
  const { code, stderr } = await fiftyone(args, adminOf(database));
  expect(code).toBe(1);
  const command = stderr.slice(stderr.indexOf('try again: ') + 'try again: '.length);
  const shell = `fiftyone() { "${process.execPath}" -e 'console.log(JSON.stringify(process.argv.slice(1)))' -- "$@"; }\n${command}`;
  expect(JSON.parse(spawnSync('sh', ['-c', shell], { encoding: 'utf8' }).stdout)).toEqual(args);
});

test('--dry-run says what would be done, what would be lost and what is in the way, and writes nothing', async () => {
  const database = await freshDatabase(await readDump('databases/1.22.1-main'));
  const before = await snapshot(database.db);
  const collections = async () =>
    (await database.db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name).sort();
  const names = await collections();
  const { code, stdout } = await fiftyone(['migrate', '--all', '-v', '0.16.0', '--dry-run'], adminOf(database));
  expect(code).toBe(1);
  expect(stdout).toContain('Would migrate the database from 1.22.1 to 0.16.0\n');
  expect(stdout).toMatch(/^labels: 1\.22\.1 -> 0\.16\.0\n {2}steps: v1\.13\.0 down, .*, fit to 0\.16\.0$/m);
  expect(stdout).toMatch(/^ {2}loses \d+ saved views?: /m);
  expect(stdout).toMatch(/^groups: 1\.22\.1 -> 0\.16\.0\n(?: {2}.*\n)* {2}BLOCKED: .*groups were not supported/m);
  expect(stdout).toMatch(/\nNothing was written\.\n$/);
  expect(differences(before, await snapshot(database.db))).toEqual([]);
  expect(await collections()).toEqual(names);
});
