import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { extract } from 'tar';
import { expect, test } from 'vitest';
import { createBackup } from '../../src/backup/create.js';
import { restoreBackup } from '../../src/backup/restore-backup.js';
import { verifyBackup } from '../../src/backup/verify.js';
import { wholeDatabase } from '../../src/backup/what.js';
import { parseEjsonDoc, toEjson } from '../../src/bson/index.js';
import { readDump } from '../support/dump.js';
import { freshDatabase } from '../support/fresh-database.js';
import { connectAsAdmin } from '../support/migrated.js';
import { temporaryFolder } from '../support/recorded-export.js';
import { sameBytes } from './same-bytes.js';

const RECORDED = '1.22.1-edge';

/** A recorded database as mongodump has written it. */
async function recorded(): Promise<string> {
  const folder = await temporaryFolder('/dev/shm');
  await extract({ file: fileURLToPath(new URL(`../fixtures/databases/${RECORDED}.tar.gz`, import.meta.url)), cwd: folder });
  return join(folder, RECORDED);
}

async function compress(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    await writeFile(join(folder, `${name}.gz`), gzipSync(await readFile(join(folder, name))));
    await rm(join(folder, name));
  }
}

test.each([
  ['the folder of a database', 'fiftyone', false],
  ['the folder of a dump', '', false],
  ['a dump with --gzip', '', true],
])('%s restores', async (_, inside, isCompressed) => {
  const dump = await recorded();
  if (isCompressed) await compress(join(dump, 'fiftyone'));
  await writeFile(join(dump, 'fiftyone/prelude.json'), '{"ServerVersion":"6.0.5","ToolVersion":"100.9.4"}');
  const [database, expected] = [await freshDatabase(), await freshDatabase(await readDump(`databases/${RECORDED}`))];
  const connection = await connectAsAdmin(database);
  expect(await verifyBackup(join(dump, inside), { restoreTo: connection })).toMatchObject({ problems: [], hasChecksums: false });
  await restoreBackup(connection, { backup: join(dump, inside) });
  await sameBytes(expected.db, database.db);
  await connection.close();
});

test('what a dump has of leases and of the journal is left alone', async () => {
  const dump = await recorded();
  const metadata = JSON.stringify({ options: {}, indexes: [], collectionName: 'migrations.leases', type: 'collection' });
  await writeFile(join(dump, 'fiftyone/migrations.leases.metadata.json'), metadata);
  await writeFile(join(dump, 'fiftyone/migrations.leases.bson'), 'no documents at all');
  const database = await freshDatabase();
  const connection = await connectAsAdmin(database);
  await database.db.collection<{ _id: string }>('migrations.leases').insertOne({ _id: 'of somebody' });
  await restoreBackup(connection, { backup: dump });
  expect(await database.db.collection<{ _id: string }>('migrations.leases').findOne({ _id: 'of somebody' })).not.toBeNull();
  await connection.close();
});

test.each([
  [
    'an archive',
    async (dump: string) => rm(dump, { recursive: true }).then(() => writeFile(dump, 'archive')),
    'archives of mongodump (--archive)',
  ],
  ['one with an oplog', async (dump: string) => writeFile(join(dump, 'oplog.bson'), ''), 'mongorestore --oplogReplay'],
  [
    'one of several databases',
    async (dump: string) => {
      await mkdir(join(dump, 'other'));
      await writeFile(join(dump, 'other/c.metadata.json'), '{}');
    },
    'give the folder of one of them',
  ],
  ['an empty folder', async (dump: string) => rename(join(dump, 'fiftyone'), `${dump}-away`), 'give the folder of a backup'],
])('%s is refused by name', async (_, change, hint) => {
  const dump = await recorded();
  await change(dump);
  const database = await freshDatabase();
  const connection = await connectAsAdmin(database);
  const error = await restoreBackup(connection, { backup: dump }).catch((thrown) => thrown);
  expect(error.message).toContain(`${dump} is no backup that can be used`);
  expect(error.hint).toContain(hint);
  await connection.close();
});

test('a backup has the same files as the recorded dump, with the same documents and metadata', async () => {
  const dump = await recorded();
  const database = await freshDatabase(await readDump(`databases/${RECORDED}`));
  const connection = await connectAsAdmin(database);
  const folder = await temporaryFolder('/dev/shm');
  const { path } = await createBackup(connection, await wholeDatabase(connection.db), { folder });
  const [theirs, ours] = [join(dump, 'fiftyone'), join(path, database.name)];
  const names = await readdir(theirs);
  expect((await readdir(ours)).sort()).toEqual(names.map((name) => `${name}.gz`).sort());
  for (const name of names) {
    const [expected, found] = [await readFile(join(theirs, name)), gunzipSync(await readFile(join(ours, `${name}.gz`)))];
    if (name.endsWith('.bson')) expect(found.equals(expected), name).toBe(true);
    else expect(withoutUuid(found.toString()), name).toEqual(withoutUuid(expected.toString()));
  }
  await connection.close();
});

function withoutUuid(text: string): string {
  const metadata = parseEjsonDoc(text);
  metadata.delete('uuid');
  return toEjson(metadata);
}
