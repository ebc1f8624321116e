// `npm run quickstart`: a database of an old release is upgraded and downgraded, on an embedded database in a temporary folder.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeReady, step, withoutSettings } from './workspace.mjs';

const recorded = '0.14.3-main';
const commands = [
  ['versions', 'teams:0.6.7'],
  ['migrate', '--info'],
  ['migrate', '-n', 'labels', '-v', 'enterprise:2.25.1', '--dry-run'],
  ['migrate', '--all'],
  ['migrate', '--info'],
  ['migrate', '--all', '-v', 'teams:0.6.7', '--yes'],
  ['migrate', '--info'],
];

const problem = makeReady() ?? (await show());
if (problem) console.error(`\n${problem}`);
process.exitCode = problem ? 1 : 0;

async function show() {
  const folder = await mkdtemp(join(tmpdir(), 'fiftyone-quickstart-'));
  const env = { ...withoutSettings(process.env), FIFTYONE_DATABASE_DIR: join(folder, 'db') };
  console.log(`\n> start an embedded database with the data of a FiftyOne ${recorded.split('-')[0]}`);
  let connection;
  try {
    connection = await restoreInto(folder, env);
    const failed = commands.find(
      (args) => !step(`fiftyone ${args.join(' ')}`, process.execPath, ['packages/fiftyone/bin/fiftyone.js', ...args], env),
    );
    return failed && `fiftyone ${failed.join(' ')} failed`;
  } finally {
    await connection?.close();
    await ended(env.FIFTYONE_DATABASE_DIR);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Waits for the server, which stays for a moment in case that more commands follow: a mongod empties its lock file at the end. */
async function ended(folder) {
  const isRunning = async () => (await stat(join(folder, 'mongod.lock')).catch(() => undefined))?.size > 0;
  for (let tries = 0; tries < 100 && (await isRunning()); tries++) await sleep(100);
}

async function restoreInto(folder, env) {
  const { extract } = await import('tar');
  const { openConnection } = await import('../packages/fiftyone/dist/database/connection.js');
  const { readSettings } = await import('../packages/fiftyone/dist/settings.js');
  const { restoreFolder } = await import('../packages/fiftyone/dist/backup/restore.js');
  await extract({ file: `packages/fiftyone/test/fixtures/databases/${recorded}.tar.gz`, cwd: folder });
  const connection = await openConnection(readSettings(env), (message) => console.log(`  ${message}`));
  const documents = await restoreFolder(connection.db, join(folder, recorded, 'fiftyone'));
  console.log(`  ${documents} documents`);
  return connection;
}
