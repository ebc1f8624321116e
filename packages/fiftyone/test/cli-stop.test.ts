import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ObjectId } from '../src/bson/index.js';
import { WORK } from '../src/migrations/work.js';
import { adminOf, fiftyone } from './support/command.js';
import { idsOf, partOf } from './support/dataset-parts.js';
import { readDump } from './support/dump.js';
import { freshDatabase } from './support/fresh-database.js';

const program = fileURLToPath(new URL('../bin/fiftyone.js', import.meta.url));

/** Runs the command, and sends it a signal once it works on a dataset. */
function interrupted(env: Record<string, string>, signal: NodeJS.Signals): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [program, 'migrate', '--all', '--concurrency', '1'], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    if (/^Migrating/m.test(String(chunk))) child.kill(signal);
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stderr })));
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends a run after the part that is under way, and the same command goes on',
  async (signal) => {
    const whole = await readDump('databases/0.14.3-main');
    const database = await freshDatabase(partOf(whole, idsOf(whole, ['labels'])));
    const dataset = await database.db.collection('datasets').findOne({ name: 'labels' });
    const samples = database.db.collection(dataset?.sample_collection_name as string);
    const text = 'x'.repeat(2_000);
    for (let i = 0; i < 10; i++)
      await samples.insertMany(Array.from({ length: 3_000 }, () => ({ _id: new ObjectId(), filepath: '/data/x.jpg', text })));

    const { code, stderr } = await interrupted(adminOf(database), signal);
    expect(stderr).toContain('Stopping after the part that is under way; once more stops at once');
    expect(stderr).toContain('Stopped before it was done, and nothing is lost: the same command goes on from there.');
    expect(code).toBe(130);
    expect(await database.db.collection(WORK).countDocuments()).toBe(1);
    const left = await samples.countDocuments({ created_at: { $exists: false } });
    expect(left).toBeGreaterThan(0);

    const again = await fiftyone(['migrate', '--all'], adminOf(database));
    expect(again.code).toBe(0);
    expect(await samples.countDocuments({ created_at: { $exists: false } })).toBe(0);
    expect(await database.db.collection(WORK).countDocuments()).toBe(0);
    const history = JSON.parse((await fiftyone(['migrate', '--history', '--json'], adminOf(database))).stdout);
    expect(JSON.stringify(history)).toContain('stopped by');
  },
);

test('a run that is killed is in the history, and did not end', async () => {
  const whole = await readDump('databases/0.14.3-main');
  const database = await freshDatabase(partOf(whole, idsOf(whole, ['labels'])));
  const dataset = await database.db.collection('datasets').findOne({ name: 'labels' });
  const samples = database.db.collection(dataset?.sample_collection_name as string);
  const text = 'x'.repeat(2_000);
  for (let i = 0; i < 10; i++)
    await samples.insertMany(Array.from({ length: 3_000 }, () => ({ _id: new ObjectId(), filepath: '/data/x.jpg', text })));
  const killed = await killedAtWork(
    { ...adminOf(database) },
    async () => (await database.db.collection(WORK).countDocuments()) > 0,
  );
  expect(killed).toBe(null);
  const { stdout } = await fiftyone(['migrate', '--history'], adminOf(database));
  expect(stdout).toContain('did not end, or still runs');
});

/** Kills the command with SIGKILL as soon as it is at work. @returns its exit code */
function killedAtWork(env: Record<string, string>, isAtWork: () => Promise<boolean>): Promise<number | null> {
  const child = spawn(process.execPath, [program, 'migrate', '-n', 'labels', '-v', '1.22.1', '--concurrency', '1'], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
    stdio: 'ignore',
  });
  const watch = setInterval(async () => {
    if (await isAtWork()) child.kill('SIGKILL');
  }, 10);
  return new Promise((resolve) =>
    child.once('close', (code) => {
      clearInterval(watch);
      resolve(code);
    }),
  );
}
