import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import { openConnection } from '../src/database/connection.js';
import { LEASES } from '../src/database/lease-store.js';
import type { FiftyOneError } from '../src/errors.js';
import { type ImportReport, importDataset } from '../src/formats/import/import-dataset.js';
import { IMPORTS } from '../src/formats/import/import-notes.js';
import { readSettings } from '../src/settings.js';
import { startProxy } from './support/cutting-proxy.js';
import { freshDatabase } from './support/fresh-database.js';
import { connectAsAdmin } from './support/migrated.js';
import { startMongod } from './support/mongod.js';
import { recordedExport, temporaryFolder } from './support/recorded-export.js';

function connectTo(uri: string, name: string) {
  const env = { FIFTYONE_DATABASE_URI: uri, FIFTYONE_DATABASE_NAME: name, FIFTYONE_DATABASE_ADMIN: 'true', HOME: '/nonexistent' };
  return openConnection(readSettings(env));
}

test('when the server is gone the message says what to do, and doing it imports the dataset', { timeout: 120_000 }, async () => {
  const folder = join(await recordedExport('views_runs'), 'copy');
  const options = { datasetDir: folder, name: 'it', persistent: true };
  let left = 0;
  for (const most of [5, 9, 12, 16, 20, 24]) {
    const database = await freshDatabase();
    await database.db.collection('config').insertOne({ version: '1.22.1', type: 'fiftyone' });
    const proxy = await startProxy(Number(new URL(database.uri).port), most);
    const way = `mongodb://127.0.0.1:${proxy.port}/?directConnection=true&serverSelectionTimeoutMS=200`;
    const cut = await connectTo(way, database.name);
    const error = (await importDataset(cut, options).catch((thrown) => thrown)) as FiftyOneError;
    await cut.close();
    await proxy.close();
    expect(error.message, `cut after ${most} commands`).toContain(`the import of ${folder} was interrupted`);
    expect(error.hint).toContain('no dataset has changed. When the server is back, run the same command again');
    expect(await database.db.collection('datasets').countDocuments()).toBe(0);
    left += await database.db.collection(IMPORTS).countDocuments();
    await database.db.collection(LEASES).updateMany({}, { $set: { expires: new Date(0) } });
    const connection = await connectAsAdmin(database);
    const { id, samples } = await importDataset(connection, options);
    await connection.close();
    expect(samples).toBe(8);
    const collections = await database.db.listCollections({ name: /^(samples|frames)\./ }, { nameOnly: true }).toArray();
    expect(collections.map(({ name }) => name)).toEqual([`samples.${id}`]);
    expect(await database.db.collection(IMPORTS).countDocuments()).toBe(0);
  }
  expect(left, 'some of them had begun').toBeGreaterThan(2);
});

test('a server whose disk is full keeps no half of a dataset', { timeout: 120_000 }, async () => {
  const disk = smallDisk(700);
  if (disk === undefined) return;
  let server = await startMongod({ dbpath: disk, args: ['--syncdelay', '1'] });
  try {
    const folder = await largeExport(60_000);
    const ballast = join(disk, 'ballast');
    writeFileSync(ballast, Buffer.alloc(700 * 2 ** 20 - used(disk) - 24 * 2 ** 20));
    const first = await connectTo(`${server.uri}/?serverSelectionTimeoutMS=2000&socketTimeoutMS=20000`, 'x');
    const outcome = (await importDataset(first, { datasetDir: folder, name: 'it', persistent: true }).catch((error) => error)) as
      | Error
      | ImportReport;
    await first.close();
    expect(outcome).toBeInstanceOf(Error);
    rmSync(ballast);
    await server.stop();
    server = await startMongod({ dbpath: disk });
    const client = await MongoClient.connect(server.uri);
    expect(await client.db('x').collection('datasets').countDocuments()).toBe(0);
    await client
      .db('x')
      .collection(LEASES)
      .updateMany({}, { $set: { expires: new Date(0) } });
    const again = await connectTo(server.uri, 'x');
    const small = join(await recordedExport('video_frames'), 'copy');
    const { id } = await importDataset(again, { datasetDir: small, name: 'it', persistent: true });
    await again.close();
    const names = (
      await client
        .db('x')
        .listCollections({ name: /samples/ })
        .toArray()
    ).map(({ name }) => name);
    expect(names.sort()).toEqual([`frames.samples.${id}`, `samples.${id}`]);
    expect(await client.db('x').collection(IMPORTS).countDocuments()).toBe(0);
    await client.close();
  } finally {
    await server.stop();
    execFileSync('umount', ['-l', disk], { stdio: 'pipe' });
    rmdirSync(disk);
  }
});

/** A disk of so many megabytes, or undefined where none can be mounted. */
function smallDisk(megabytes: number): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'fiftyone-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'pipe' });
    return folder;
  } catch {
    rmdirSync(folder);
    return undefined;
  }
}

function used(folder: string): number {
  return Number(execFileSync('du', ['-s', '-B1', folder], { encoding: 'utf8' }).split('\t')[0]);
}

/** An export of samples that cannot be compressed, a kilobyte each. */
async function largeExport(samples: number): Promise<string> {
  const from = join(await recordedExport('views_runs'), 'noextras');
  const folder = join(await temporaryFolder(), 'large');
  await mkdir(folder);
  await writeFile(join(folder, 'metadata.json'), await readFile(join(from, 'metadata.json')));
  const { randomBytes } = await import('node:crypto');
  const sample = () => {
    const id = randomBytes(12).toString('hex');
    return `{"_id": {"$oid": "${id}"}, "filepath": "/data/${id}.jpg", "tags": ["${randomBytes(750).toString('base64')}"], "_media_type": "image", "_rand": 0.5}`;
  };
  await writeFile(join(folder, 'samples.json'), `{"samples": [${Array.from({ length: samples }, sample).join(',')}]}`);
  return folder;
}
