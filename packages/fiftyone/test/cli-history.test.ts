import { expect, test } from 'vitest';
import { LEASES, leaseStore } from '../src/database/lease-store.js';
import { isHeld, type Lease, Leases } from '../src/database/leases.js';
import { adminOf, fiftyone, userOf } from './support/command.js';
import { smallDatabase, smallDataset } from './support/small-database.js';

test('--history tells who migrated what and when, and a run that had nothing to do leaves no trace', async () => {
  const database = await smallDatabase('0.23.0', smallDataset('a', '0.23.0'), smallDataset('b', '0.23.0'));
  expect((await fiftyone(['migrate', '--history'], adminOf(database))).stdout).toBe('Nothing was migrated here by this tool\n');
  await fiftyone(['migrate', '--all'], adminOf(database));
  await fiftyone(['migrate', '--all'], adminOf(database));
  const { stdout } = await fiftyone(['migrate', '--history', '--json'], userOf(database));
  const [run, ...others] = JSON.parse(stdout);
  expect(others).toEqual([]);
  expect(run).toMatchObject({ database: { from: '0.23.0', to: '1.22.1' }, migrated: 2, failed: 0, ended: expect.any(String) });
  const one = await fiftyone(['migrate', '--history', run._id.slice(0, 8)], userOf(database));
  expect(one.stdout).toMatch(
    /^a: migrated, 0\.23\.0 -> 1\.22\.1 \(.* s\)\n {2}steps: v1\.0\.0 up, v1\.1\.0 up, v1\.4\.0 up, v1\.13\.0 up$/m,
  );
  expect(await fiftyone(['migrate', '--history', 'nope'], userOf(database))).toMatchObject({ code: 2 });
});

test('--unlock shows who is at work, and ends their leases when asked to', async () => {
  const database = await smallDatabase('1.22.1', smallDataset('a', '0.23.0'));
  expect((await fiftyone(['migrate', '--unlock'], adminOf(database))).stdout).toBe('Nobody is at work on this database\n');
  const leases = new Leases(leaseStore(database.db));
  const lease = (await leases.take('dataset x')) as Lease;
  expect(isHeld(lease)).toBe(true);
  const asked = await fiftyone(['migrate', '--unlock'], adminOf(database));
  expect(asked).toMatchObject({ code: 2, stdout: expect.stringContaining(`process ${process.pid}, since`) });
  expect(await fiftyone(['migrate', '--unlock', '--yes'], userOf(database))).toMatchObject({ code: 1 });
  const ended = await fiftyone(['migrate', '--unlock', '--yes'], adminOf(database));
  expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining('Ended 1 lease, within ten seconds\n') });
  const other = new Leases(leaseStore(database.db));
  expect(isHeld(await other.take('dataset x')), 'writes that are under way count on the lease').toBe(false);
  // as if ten seconds had passed, of which the heartbeat makes no more
  await database.db.collection(LEASES).updateOne({ revoked: true }, { $set: { expires: new Date(0) } });
  expect(isHeld(await other.take('dataset x'))).toBe(true);
  await Promise.all([leases.releaseAll(), other.releaseAll()]);
});

test('a dataset on which somebody else is at work is waited for, and the work of a dead process is taken over', async () => {
  const database = await smallDatabase('1.22.1', smallDataset('a', '0.23.0'), smallDataset('b', '0.23.0'));
  const [a] = await database.db.collection('datasets').find({ name: 'a' }).toArray();
  const dead = new Leases(leaseStore(database.db));
  await dead.take(`dataset ${a?._id}`);
  dead.stop();
  const { code, stderr } = await fiftyone(['migrate', '--all'], adminOf(database));
  expect(code).toBe(0);
  expect(stderr).toContain("Waiting for dataset 'a'");
  expect(await database.db.collection('datasets').distinct('version')).toEqual(['1.22.1']);
});
