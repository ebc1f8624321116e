import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createBackup } from '../../src/backup/create.js';
import { restoreBackup } from '../../src/backup/restore-backup.js';
import { verifyBackup } from '../../src/backup/verify.js';
import { wholeDatabase } from '../../src/backup/what.js';
import { readDump } from '../support/dump.js';
import { freshDatabase } from '../support/fresh-database.js';
import { connectAsAdmin } from '../support/migrated.js';
import { temporaryFolder } from '../support/recorded-export.js';
import { sameBytes } from './same-bytes.js';

const RECORDED = readdirSync(new URL('../fixtures/databases', import.meta.url))
  .filter((file) => /^[^-]+-[a-z]+\.tar\.gz$/.test(file))
  .map((file) => `databases/${file.slice(0, -'.tar.gz'.length)}`);

test('there are recorded databases', () => {
  expect(RECORDED.length).toBeGreaterThanOrEqual(30);
});

test.each(RECORDED)('%s is the same byte for byte when it is restored elsewhere', async (recorded) => {
  const [database, elsewhere] = [await freshDatabase(await readDump(recorded)), await freshDatabase()];
  const [from, to] = [await connectAsAdmin(database), await connectAsAdmin(elsewhere)];
  const folder = await temporaryFolder('/dev/shm');
  const { path, manifest } = await createBackup(from, await wholeDatabase(from.db), { folder });
  expect(path.startsWith(join(folder, '2'))).toBe(true);
  const verified = await verifyBackup(path, { restoreTo: to });
  expect(verified.problems).toEqual([]);
  expect(verified.collections).toBe(manifest.collections.length);
  const report = await restoreBackup(to, { backup: path });
  expect(report.documents).toBe(verified.documents);
  await sameBytes(database.db, elsewhere.db);
  await from.close();
  await to.close();
});
