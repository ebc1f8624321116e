import { expect, test } from 'vitest';
import { Doc, encode, ObjectId, parseEjsonDoc } from '../src/bson/index.js';
import { LEASES } from '../src/database/lease-store.js';
import { insertRaw } from '../src/database/raw.js';
import { WORK } from '../src/migrations/work.js';
import { adminOf, fiftyone } from './support/command.js';
import { startProxy } from './support/cutting-proxy.js';
import { idsOf, partOf } from './support/dataset-parts.js';
import { differences } from './support/differences.js';
import { readDump } from './support/dump.js';
import { type FreshDatabase, freshDatabase } from './support/fresh-database.js';
import { migrated } from './support/migrated.js';
import { snapshot } from './support/snapshot.js';

/** A database in which a downgrade to 0.14.3 died after its first edit of samples. */
async function interruptedDowngrade(): Promise<FreshDatabase> {
  const whole = await readDump('databases/1.22.1-main');
  const input = partOf(whole, idsOf(whole, ['labels']));
  for (let most = 12; ; most++) {
    const database = await freshDatabase(input);
    const proxy = await startProxy(Number(new URL(database.uri).port), most);
    const uri = `mongodb://127.0.0.1:${proxy.port}/?directConnection=true&serverSelectionTimeoutMS=200`;
    await migrated({ ...database, uri }, { target: '0.14.3' }).catch(() => undefined);
    await proxy.close();
    await database.db.collection(LEASES).updateMany({}, { $set: { expires: new Date(0) } });
    const changed = differences(input, await snapshot(database.db)).some((line) => line.startsWith('samples.'));
    if (changed) return database;
  }
}

test('what was interrupted is no success: it cannot go back or elsewhere before it got there, and a dry run says so', async () => {
  const database = await interruptedDowngrade();
  const admin = adminOf(database);
  await database.db.collection('config').updateOne({}, { $set: { version: '1.22.1' } });
  for (const args of [['--all'], ['-n', 'labels'], ['--all', '--dry-run'], ['--all', '-v', '0.18.0', '--yes']]) {
    const { code, stdout, stderr } = await fiftyone(['migrate', ...args], admin);
    expect([1, 3]).toContain(code);
    expect(stdout + stderr).toContain('it was interrupted on its way from 1.22.1 to 0.14.3');
  }
  expect((await fiftyone(['migrate', '-n', 'labels', '-v', '0.14.3', '--yes'], admin)).code).toBe(0);
  expect(await database.db.collection(WORK).countDocuments()).toBe(0);
  expect((await fiftyone(['migrate', '-n', 'labels', '-v', '1.22.1'], admin)).code).toBe(0);
});

test('a note about a dataset that another client has moved meanwhile counts for nothing', async () => {
  const database = await interruptedDowngrade();
  await database.db.collection('datasets').updateOne({ name: 'labels' }, { $set: { version: '1.21.0' } });
  await database.db.collection('config').updateOne({}, { $set: { version: '1.22.1' } });
  expect((await fiftyone(['migrate', '--all'], adminOf(database))).code).toBe(0);
  expect(await database.db.collection(WORK).countDocuments()).toBe(0);
});

test('runs that a dataset names are never removed, also when a client edits it right after a commit that was cut off', async () => {
  const whole = await readDump('databases/0.18.0-main');
  const input = partOf(whole, idsOf(whole, ['labels']));
  let edited = 0;
  for (let most = 18; most < 40; most++) {
    const database = await freshDatabase(input);
    const proxy = await startProxy(Number(new URL(database.uri).port), most);
    const uri = `mongodb://127.0.0.1:${proxy.port}/?directConnection=true&serverSelectionTimeoutMS=200`;
    await migrated({ ...database, uri }, { target: '1.22.1' }).catch(() => undefined);
    await proxy.close();
    await database.db.collection(LEASES).updateMany({}, { $set: { expires: new Date(0) } });
    const left = await database.db.collection(WORK).countDocuments();
    const { modifiedCount } = await database.db
      .collection('datasets')
      .updateMany({ version: '1.22.1' }, { $set: { tags: ['edited'] } });
    if (left > 0) edited += modifiedCount;
    await migrated(database, { target: '1.22.1' });
    const dataset = await database.db.collection('datasets').findOne({ name: 'labels' });
    const named = ['brain_methods', 'evaluations', 'annotation_runs'].flatMap((key) =>
      Object.values(dataset?.[key] as Record<string, never>),
    );
    expect(await database.db.collection('runs').countDocuments({ _id: { $in: named } }), `after ${most} commands`).toBe(
      named.length,
    );
    expect(await database.db.collection(WORK).countDocuments()).toBe(0);
  }
  expect(edited, 'the edit did hit the moment after a commit').toBeGreaterThan(0);
});

/** A dataset whose `info` makes its document that large. */
function large(name: string, bytes: number): { id: ObjectId; doc: Uint8Array } {
  const id = new ObjectId();
  const doc = parseEjsonDoc(
    '{"name":"","slug":"","version":"0.23.0","sample_collection_name":"","persistent":true,"media_type":"image","info":{},"sample_fields":[],"frame_fields":[]}',
  );
  doc.set('name', name).set('slug', name).set('sample_collection_name', `samples.${id}`);
  doc.set('info', Doc.of(['text', 'x'.repeat(bytes)]));
  return { id, doc: encode(new Doc([['_id', id], ...doc])) };
}

test('large dataset documents are migrated, up to what the server can store; beyond that they are refused whole', async () => {
  const database = await freshDatabase();
  const limit = 16 * 1024 * 1024;
  const docs = [
    large('a', 5_000_000),
    large('b', 10_000_000),
    large('c', 15_500_000),
    large('d', limit - large('d', 0).doc.length - 5),
  ];
  await insertRaw(
    database.db,
    'datasets',
    docs.map(({ doc }) => doc),
  );
  await database.db.collection('config').insertOne({ version: '0.23.0', type: 'fiftyone' });
  const { code, stderr } = await fiftyone(['migrate', '--all'], adminOf(database));
  expect(code).toBe(3);
  expect(stderr).toMatch(/ {2}d\n {4}its document would have \d+ bytes, which is more than the 16777216 that MongoDB can store/);
  expect(stderr.length).toBeLessThan(2000);
  const versions = await database.db.collection('datasets').find().sort({ name: 1 }).project({ version: 1 }).toArray();
  expect(versions.map(({ version }) => version)).toEqual(['1.22.1', '1.22.1', '1.22.1', '0.23.0']);
  expect(await database.db.collection(WORK).countDocuments()).toBe(0);
});

test('whoever stops reading the output does not stop the migration', async () => {
  const { execFileSync } = await import('node:child_process');
  const { fileURLToPath } = await import('node:url');
  const database = await freshDatabase(await readDump('databases/0.14.3-main'));
  const program = fileURLToPath(new URL('../bin/fiftyone.js', import.meta.url));
  const env = { PATH: process.env.PATH, ...adminOf(database), HOME: '/nonexistent' };
  execFileSync('sh', ['-c', `"${process.execPath}" "${program}" migrate --all 2>&1 | head -1`], { env, stdio: 'ignore' });
  expect(await database.db.collection('datasets').distinct('version')).toEqual(['1.22.1']);
});

test('a dry run of the open source edition writes nothing either', async () => {
  const database = await freshDatabase(await readDump('databases/0.23.8-main'));
  const before = await snapshot(database.db);
  const env = { ...adminOf(database), FIFTYONE_EDITION: 'open-source' };
  expect((await fiftyone(['migrate', '--all', '--dry-run'], env)).stdout).toContain('Would migrate the database from 0.23.8');
  expect(differences(before, await snapshot(database.db))).toEqual([]);
});
