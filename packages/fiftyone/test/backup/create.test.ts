import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createBackup } from '../../src/backup/create.js';
import { forecastBackup } from '../../src/backup/forecast.js';
import { listBackups, pruneBackups } from '../../src/backup/list.js';
import { restoreBackup } from '../../src/backup/restore-backup.js';
import { dropDeadScratches, withScratch } from '../../src/backup/scratch.js';
import { verifyBackup } from '../../src/backup/verify.js';
import { wholeDatabase } from '../../src/backup/what.js';
import { type Connection, openConnection } from '../../src/database/connection.js';
import { LEASES } from '../../src/database/lease-store.js';
import { FiftyOneError } from '../../src/errors.js';
import { readSettings } from '../../src/settings.js';
import { startProxy } from '../support/cutting-proxy.js';
import { readDump } from '../support/dump.js';
import { freshDatabase } from '../support/fresh-database.js';
import { connectAsAdmin } from '../support/migrated.js';
import { temporaryFolder } from '../support/recorded-export.js';
import { stateOf } from './same-bytes.js';

/** A database of so many megabytes that hardly compress. */
async function largeDatabase(megabytes: number, collection = 'samples.large') {
  const database = await freshDatabase();
  const connection = await connectAsAdmin(database);
  onTestFinished(() => connection.close());
  for (let i = 0; i < megabytes; i++) {
    await connection.db.collection(collection).insertMany(Array.from({ length: 100 }, () => ({ data: randomBytes(10_000) })));
  }
  return { database, connection };
}

/** A disk with so much room, if this user may make one. */
async function smallDisk(megabytes: number): Promise<string | undefined> {
  const folder = await temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'pipe' });
    onTestFinished(() => void execFileSync('umount', ['-l', folder]));
    return folder;
  } catch {
    return undefined;
  }
}

test('a backup that does not fit is refused before anything is written', async () => {
  const [{ connection }, folder] = [await largeDatabase(8), await smallDisk(4)];
  if (folder === undefined) return;
  const error = await createBackup(connection, await wholeDatabase(connection.db), { folder }).catch((thrown) => thrown);
  expect(error.message).toMatch(/^a backup of .* needs about \d+ MB in .*, where \d+ MB are free$/);
  expect(error.hint).toContain('make room');
  expect(await readdir(folder)).toEqual([]);
});

test('a disk that becomes full while a backup is made is named, and nothing is left on it', async () => {
  const [{ connection }, folder] = [await largeDatabase(8), await smallDisk(12)];
  if (folder === undefined) return;
  const what = await wholeDatabase(connection.db);
  let filled = false;
  const onProgress = () => {
    // somebody else takes the room meanwhile
    if (!filled) execFileSync('dd', ['if=/dev/zero', `of=${join(folder, 'other')}`, 'bs=1M', 'count=10'], { stdio: 'pipe' });
    filled = true;
  };
  const error = await createBackup(connection, what, { folder, onProgress }).catch((thrown) => thrown);
  expect(error.message).toMatch(/^the disk of .* is full$/);
  expect(await readdir(folder)).toEqual(['other']);
  expect(await listBackups(folder)).toEqual([]);
});

test.each([
  ['gzip', 'databases/1.22.1-main'],
  ['none', 'databases/1.22.1-main'],
  ['gzip', undefined],
] as const)('the forecast is right within a tenth (%s, %s)', async (compression, recorded) => {
  const { database } = recorded ? { database: await freshDatabase(await readDump(recorded)) } : await largeDatabase(5);
  const connection = await connectAsAdmin(database);
  onTestFinished(() => connection.close());
  const what = await wholeDatabase(connection.db);
  const { documents, bytes, stored } = await forecastBackup(connection, what, compression);
  const { manifest } = await createBackup(connection, what, { folder: await temporaryFolder('/dev/shm'), compression });
  const sum = (key: 'documents' | 'bytes' | 'stored') => manifest.collections.reduce((all, one) => all + one[key], 0);
  expect(documents).toBe(sum('documents'));
  expect(bytes).toBe(sum('bytes'));
  // a disk has no files of less than 4 KB
  const onDisk = manifest.collections.reduce((all, one) => all + Math.ceil(one.stored / 4096) * 4096 + 4096, 0);
  expect(Math.abs(stored - onDisk) / onDisk).toBeLessThan(0.1);
});

test('when the server goes away nothing is left of a backup, and a restore goes on', async () => {
  const { database } = await largeDatabase(3);
  const direct = await connectAsAdmin(database);
  onTestFinished(() => direct.close());
  const folder = await temporaryFolder('/dev/shm');
  const through = async (most: number): Promise<Connection> => {
    const proxy = await startProxy(Number(new URL(database.uri).port), most);
    onTestFinished(() => proxy.close());
    const uri = `mongodb://127.0.0.1:${proxy.port}/?directConnection=true&serverSelectionTimeoutMS=200`;
    const env = {
      FIFTYONE_DATABASE_URI: uri,
      FIFTYONE_DATABASE_NAME: database.name,
      FIFTYONE_DATABASE_ADMIN: 'true',
      HOME: '/nonexistent',
    };
    const connection = await openConnection(readSettings(env));
    onTestFinished(() => connection.close());
    return connection;
  };
  const letLeasesEnd = () => direct.db.collection(LEASES).updateMany({}, { $set: { expires: new Date(0) } });
  const what = await wholeDatabase(direct.db);
  for (const most of [6, 9]) {
    const error = await createBackup(await through(most), what, { folder }).catch((thrown) => thrown);
    expect(error.hint, `cut after ${most}`).toMatch(/server is (gone|back)/);
    expect(await readdir(folder), `cut after ${most}`).toEqual([]);
    await letLeasesEnd();
  }
  const { path } = await createBackup(direct, what, { folder });
  const before = await stateOf(direct.db);
  await direct.db.collection('samples.large').updateMany({}, { $set: { changed: true } });
  let cut = 0;
  for (const most of [8, 12, 16, 20, 24, 28]) {
    const error = await restoreBackup(await through(most), { backup: path, force: true }).catch((thrown) => thrown);
    if (!(error instanceof FiftyOneError)) break;
    cut++;
    expect(error.message, `cut after ${most}`).toMatch(/^restoring .* ended/);
    expect(error.hint, `cut after ${most}`).toContain('server is gone');
    await letLeasesEnd();
  }
  expect(cut).toBeGreaterThan(2);
  await restoreBackup(direct, { backup: path, force: true });
  expect(await stateOf(direct.db)).toEqual(before);
});

test('backups are listed from old to new, and pruned by number and by age', async () => {
  const database = await freshDatabase(await readDump('databases/1.22.1-edge'));
  const connection = await connectAsAdmin(database);
  onTestFinished(() => connection.close());
  const folder = await temporaryFolder('/dev/shm');
  const what = await wholeDatabase(connection.db);
  for (const name of ['c', 'a', 'b']) await createBackup(connection, what, { folder, name });
  await mkdir(join(folder, 'dead'));
  await writeFile(join(folder, 'dead/unfinished.json'), JSON.stringify({ host: 'elsewhere', pid: 1 }));
  await utimes(join(folder, 'dead'), 0, 0);
  await mkdir(join(folder, 'at work'));
  await writeFile(join(folder, 'at work/unfinished.json'), JSON.stringify({ host: 'elsewhere', pid: 1 }));
  await writeFile(join(folder, 'notes.txt'), '');
  const listed = await listBackups(folder);
  expect(listed.map(({ name, state }) => `${name} ${state}`)).toEqual([
    'dead unfinished',
    'c whole',
    'a whole',
    'b whole',
    'at work under way',
  ]);
  await expect(pruneBackups(folder, {})).rejects.toThrow('nothing says which backups are to go');
  expect(await pruneBackups(folder, { keep: 1, olderThan: 3_600_000 })).toEqual(['dead']);
  expect(await pruneBackups(folder, { keep: 2, dryRun: true })).toEqual(['c']);
  expect(await pruneBackups(folder, { keep: 2 })).toEqual(['c']);
  expect((await readdir(folder)).sort()).toEqual(['a', 'at work', 'b', 'notes.txt']);
  await expect(createBackup(connection, what, { folder, name: 'a' })).rejects.toThrow('is there already');
  expect((await verifyBackup(join(folder, 'a'))).problems).toEqual([]);
});

test('the scratch database of somebody who died is dropped by the next one, and not that of somebody who lives', async () => {
  const database = await freshDatabase();
  const connection = await connectAsAdmin(database);
  onTestFinished(() => connection.close());
  const names = async () =>
    (await connection.client.db().admin().listDatabases({ nameOnly: true })).databases.map(({ name }) => name);
  let own = '';
  await withScratch(connection, async ({ db }) => {
    own = db.databaseName;
    await db.collection('c').insertOne({});
    await dropDeadScratches(connection);
    expect(await names()).toContain(own);
    await db.collection(LEASES).updateMany({}, { $set: { expires: new Date(0) } });
    expect(await dropDeadScratches(connection)).toContain(own);
  });
  expect(await names()).not.toContain(own);
});
