import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ObjectId } from '../src/bson/index.js';
import { WORK } from '../src/migrations/work.js';
import { adminOf, fiftyone, startFiftyone } from './support/command.js';
import { idsOf, partOf } from './support/dataset-parts.js';
import { readDump } from './support/dump.js';
import { freshDatabase } from './support/fresh-database.js';

/** A database of 0.14.3 with a dataset that takes a while. */
async function slowDatabase() {
  const whole = await readDump('databases/0.14.3-main');
  const database = await freshDatabase(partOf(whole, idsOf(whole, ['labels'])));
  const dataset = await database.db.collection('datasets').findOne({ name: 'labels' });
  const samples = database.db.collection(dataset?.sample_collection_name as string);
  const text = 'x'.repeat(2_000);
  for (let i = 0; i < 10; i++)
    await samples.insertMany(Array.from({ length: 3_000 }, () => ({ _id: new ObjectId(), filepath: '/data/x.jpg', text })));
  return { database, samples };
}

const ALL = ['migrate', '--all', '--concurrency', '1'];
const ONE = ['migrate', '-n', 'labels', '-v', '1.22.1', '--concurrency', '1'];

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends a run after the part that is under way, and the same command goes on',
  async (signal) => {
    const { database, samples } = await slowDatabase();
    const running = startFiftyone(ALL, adminOf(database));
    await running.begun;
    running.kill(signal);
    const { code, stderr } = await running.result;
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
  const { database } = await slowDatabase();
  const running = startFiftyone(ONE, adminOf(database));
  while ((await database.db.collection(WORK).countDocuments()) === 0) await sleep(10);
  running.kill('SIGKILL');
  expect((await running.result).code).toBe(null);
  const { stdout } = await fiftyone(['migrate', '--history'], adminOf(database));
  expect(stdout).toContain('did not end, or still runs');
});
