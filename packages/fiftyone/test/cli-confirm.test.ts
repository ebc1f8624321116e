import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { adminOf, fiftyone } from './support/command.js';
import { differences } from './support/differences.js';
import { readDump } from './support/dump.js';
import { freshDatabase } from './support/fresh-database.js';
import { snapshot } from './support/snapshot.js';

const down = ['migrate', '--all', '-v', '0.18.0'];

/** Runs the command on a terminal, and types an answer. */
function onTerminal(
  args: readonly string[],
  env: Record<string, string>,
  answer: string,
): { code: number | null; screen: string } {
  const program = fileURLToPath(new URL('../bin/fiftyone.js', import.meta.url));
  const command = [process.execPath, program, ...args].map((word) => `'${word}'`).join(' ');
  const options = { env: { PATH: process.env.PATH, ...env }, input: `${answer}\n`, encoding: 'utf8' } as const;
  const { status, stdout } = spawnSync('script', ['-qec', command, '/dev/null'], options);
  return { code: status, screen: stdout };
}

test('where nobody can be asked, a downgrade that loses data lists the losses, touches nothing and asks for --yes', async () => {
  const database = await freshDatabase(await readDump('databases/1.22.1-main'));
  const before = await snapshot(database.db);
  const { code, stderr } = await fiftyone(down, adminOf(database));
  expect(code).toBe(2);
  expect(stderr).toMatch(/Going down takes out, and keeps in the attic for when you go up again:\n(?: {2}.*\n)+/);
  expect(stderr).toMatch(/saved views?: /);
  expect(stderr).toContain('add --yes');
  expect(differences(before, await snapshot(database.db))).toEqual([]);
});

test('on a terminal it asks: no touches nothing, yes goes on with a bar', async () => {
  const database = await freshDatabase(await readDump('databases/1.22.1-main'));
  const before = await snapshot(database.db);
  const no = onTerminal(down, adminOf(database), 'n');
  expect(no.screen).toContain('Go on? [y/N]');
  expect(no.code).toBe(0);
  expect(differences(before, await snapshot(database.db))).toEqual([]);
  const yes = onTerminal(down, adminOf(database), 'y');
  expect(yes.code).toBe(0);
  expect(yes.screen).toMatch(/100% \|.*datasets/);
  expect(yes.screen).toContain('Migrated the database from 1.22.1 to 0.18.0');
});

test('going up, or down without a loss, nobody is asked', async () => {
  const up = await freshDatabase(await readDump('databases/0.23.8-main'));
  expect((await fiftyone(['migrate', '--all'], adminOf(up))).code).toBe(0);
  expect((await fiftyone(['migrate', '--all', '-v', '1.21.0'], adminOf(up))).code).toBe(0);
});
