import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createBackup } from '../../src/backup/create.js';
import { manifestText } from '../../src/backup/manifest.js';
import { restoreBackup } from '../../src/backup/restore-backup.js';
import { wholeDatabase } from '../../src/backup/what.js';
import { connectAsAdmin } from '../support/migrated.js';
import { temporaryFolder } from '../support/recorded-export.js';
import { databaseOf } from '../support/small-database.js';

test('a restore for which the server has no room is refused before anything is written', async () => {
  const database = await databaseOf({ 'samples.x': [{ n: 1 }] });
  const connection = await connectAsAdmin(database);
  onTestFinished(() => connection.close());
  const { path, manifest } = await createBackup(connection, await wholeDatabase(connection.db), {
    folder: await temporaryFolder('/dev/shm'),
  });
  await connection.db.dropCollection('samples.x');
  // a petabyte, as far as the manifest says
  const collections = manifest.collections.map((collection) => ({ ...collection, bytes: 1e15 }));
  await writeFile(join(path, 'manifest.json'), manifestText({ ...manifest, collections }));
  const error = await restoreBackup(connection, { backup: path }).catch((thrown) => thrown);
  expect(error.message).toMatch(/^restoring needs about 400,000,000 MB on the disk of the server, where [\d,]+ MB are free/);
  expect(await connection.db.listCollections({ name: /^(samples|migrations\.restore)/ }).toArray()).toEqual([]);
  await writeFile(join(path, 'manifest.json'), manifestText(manifest));
  expect(await restoreBackup(connection, { backup: path })).toMatchObject({ documents: 1 });
});
