import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Db } from 'mongodb';
import { expect, onTestFinished, test } from 'vitest';
import { createBackup } from '../../src/backup/create.js';
import { listBackups, pruneBackups } from '../../src/backup/list.js';
import { type RestoreOptions, restoreBackup } from '../../src/backup/restore-backup.js';
import { settleRestores } from '../../src/backup/settle-restores.js';
import { verifyBackup } from '../../src/backup/verify.js';
import { wholeDatabase } from '../../src/backup/what.js';
import { LEASES } from '../../src/database/lease-store.js';
import { type FreshDatabase, freshDatabase } from '../support/fresh-database.js';
import { connectAsAdmin } from '../support/migrated.js';
import { DEATHS, mortal } from '../support/mortal.js';
import { mortalFiles } from '../support/mortal-files.js';
import { temporaryFolder } from '../support/recorded-export.js';
import { smallDataset } from '../support/small-database.js';
import { stateOf } from './same-bytes.js';

const [CATS, DOGS] = ['cats', 'dogs'].map((name) => smallDataset(name, '1.22.1'));

/** Two datasets, of which one has all that a dataset can have. */
async function fill(db: Db): Promise<void> {
  const runs = [1, 2].map((n) => ({ _id: `run ${n}` as never, _dataset_id: CATS?._id, key: `k${n}` }));
  await db.collection('config').insertOne({ _id: 1 as never, version: '1.22.1', type: 'fiftyone' });
  await db.collection('datasets').insertMany([{ ...CATS }, { ...DOGS }] as never);
  await db.collection('datasets').createIndex({ name: 1 }, { unique: true });
  await db.collection('runs').insertMany([...runs, { _id: 'of dogs' as never, _dataset_id: DOGS?._id }]);
  const samples = Array.from({ length: 20 }, (_, i) => ({ _id: (20 - i) as never, n: i }));
  for (const dataset of [CATS, DOGS])
    await db.collection(dataset?.sample_collection_name).insertMany(samples.map((s) => ({ ...s })));
  await db.createCollection('shown', { viewOn: 'runs', pipeline: [] });
}

/** What becomes of it after the backup. */
async function change(db: Db): Promise<void> {
  await db.collection('datasets').updateMany({}, { $set: { info: 'changed' } });
  await db.collection('runs').deleteOne({ _id: 'run 1' as never });
  await db.collection('runs').insertOne({ _id: 'run 3' as never, _dataset_id: CATS?._id, key: 'new' });
  await db.collection(CATS?.sample_collection_name).deleteMany({ n: { $gt: 5 } });
  await db.collection('samples.new').insertOne({ _id: 'new' as never });
  await db.collection('shown').drop();
}

async function changedDatabase(): Promise<FreshDatabase> {
  const database = await freshDatabase();
  await fill(database.db);
  await change(database.db);
  return database;
}

async function letLeasesEnd(db: Db): Promise<void> {
  await db.collection(LEASES).updateMany({}, { $set: { expires: new Date(0) } });
}

/** All of them on request (`npm run test:deaths`): it takes its time. */
const STEP = process.env.EVERY_DEATH ? 1 : 3;

const JOURNEYS: readonly [string, Partial<RestoreOptions>][] = [
  ['a database', {}],
  ['a dataset', { dataset: 'cats' }],
];

test.each(JOURNEYS)(
  'whoever dies while %s is restored leaves the old one or the new one, and the next one ends it',
  { timeout: 400_000 },
  async (_, only) => {
    const source = await freshDatabase();
    await fill(source.db);
    const from = await connectAsAdmin(source);
    const { path } = await createBackup(from, await wholeDatabase(from.db), { folder: await temporaryFolder('/dev/shm') });
    await from.close();
    const options = { backup: path, force: true, ...only };

    const first = await changedDatabase();
    const old = await stateOf(first.db);
    const counting = mortal(first.name);
    const connection = await connectAsAdmin(first);
    await restoreBackup(connection, options);
    await counting.settled();
    await connection.close();
    const wanted = await stateOf(first.db);
    expect(wanted).not.toEqual(old);

    const tally = { points: 0, old: 0, new: 0 };
    for (let most = 1; most <= counting.commands(); most += STEP) {
      for (const death of DEATHS) {
        const database = await changedDatabase();
        const { db } = database;
        const dying = await connectAsAdmin(database);
        const life = mortal(database.name, most, death);
        await restoreBackup(dying, options).catch(() => undefined);
        await life.settled();
        await dying.close();
        await letLeasesEnd(db);
        if (!life.died()) continue;
        tally.points++;
        const place = `dead at command ${most} of ${counting.commands()} (${death})`;
        const next = await connectAsAdmin(database);
        if (tally.points % 2 === 0) {
          // somebody else comes first
          await settleRestores(next);
          const state = await stateOf(db);
          expect([old, wanted], place).toContainEqual(state);
          tally[JSON.stringify(state) === JSON.stringify(old) ? 'old' : 'new']++;
        }
        await restoreBackup(next, options);
        expect(await stateOf(db), `${place}, and done again`).toEqual(wanted);
        await next.close();
        await db.dropDatabase();
      }
    }
    expect(tally.points).toBeGreaterThan(50 / STEP);
    expect(tally.old).toBeGreaterThan(10 / STEP);
    expect(tally.new).toBeGreaterThan(5 / STEP);
  },
);

async function backups(database: FreshDatabase) {
  const connection = await connectAsAdmin(database);
  onTestFinished(() => connection.close());
  const folder = await temporaryFolder('/dev/shm');
  const create = async (name: string) => createBackup(connection, await wholeDatabase(connection.db), { folder, name });
  return { connection, folder, create };
}

test('whoever dies while a backup is made leaves one that is whole, or none', { timeout: 240_000 }, async () => {
  const database = await freshDatabase();
  await fill(database.db);
  const { folder, create } = await backups(database);
  const counting = mortalFiles();
  await create('counted');
  counting.revive();
  await rm(join(folder, 'counted'), { recursive: true });
  expect(counting.changes()).toBeGreaterThan(25);
  let whole = 0;
  for (const last of ['undone', 'unheard'] as const) {
    for (let n = 1; n <= counting.changes(); n++) {
      const name = `${last}-${n}`;
      const life = mortalFiles(n, last);
      await create(name).catch(() => undefined);
      life.revive();
      const place = `died at change ${n} of ${counting.changes()}, ${last}`;
      expect(life.died(), place).toBe(true);
      await letLeasesEnd(database.db);
      // the number of a process that does not live
      const note = join(folder, name, 'unfinished.json');
      if (existsSync(note)) await writeFile(note, JSON.stringify({ host: 'elsewhere', pid: 1 }));
      const [found] = (await listBackups(folder)).filter((backup) => backup.name === name);
      if (found?.state === 'whole') {
        expect(await verifyBackup(found.path), place).toMatchObject({ problems: [], hasChecksums: true });
        whole++;
      } else {
        expect(found?.state ?? 'under way', place).toBe('under way');
        await expect(verifyBackup(join(folder, name)), place).rejects.toThrow('no backup that can be used');
      }
      await create(`${name}-again`);
      await rm(join(folder, name), { recursive: true, force: true });
      await rm(join(folder, `${name}-again`), { recursive: true });
    }
  }
  expect(whole).toBeGreaterThan(2);
});

test('whoever dies while backups are removed leaves none that looks whole', async () => {
  const database = await freshDatabase();
  await fill(database.db);
  const { folder, create } = await backups(database);
  for (let n = 1; ; n++) {
    const { path } = await create(`b${n}`);
    const life = mortalFiles(n, n % 2 === 0 ? 'undone' : 'unheard');
    await pruneBackups(folder, { keep: 0 }).catch(() => undefined);
    life.revive();
    for (const backup of await listBackups(folder)) {
      if (backup.state === 'whole') expect((await verifyBackup(backup.path)).problems).toEqual([]);
    }
    await pruneBackups(folder, { keep: 0 });
    expect(await readdir(folder), path).toEqual([]);
    if (!life.died()) return;
  }
});
