import { appendFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { createBackup } from '../../src/backup/create.js';
import { DamagedFileError } from '../../src/backup/damaged-file.js';
import { restoreBackup } from '../../src/backup/restore-backup.js';
import { verifyBackup } from '../../src/backup/verify.js';
import { wholeDatabase } from '../../src/backup/what.js';
import { readDump } from '../support/dump.js';
import { freshDatabase } from '../support/fresh-database.js';
import { connectAsAdmin } from '../support/migrated.js';
import { filesIn, temporaryFolder } from '../support/recorded-export.js';
import { stateOf } from './same-bytes.js';

async function flip(path: string, at: (size: number) => number): Promise<void> {
  const bytes = await readFile(path);
  const place = at(bytes.length);
  bytes[place] = (bytes[place] as number) ^ 0x10;
  await writeFile(path, bytes);
}

const DAMAGES: readonly [string, (path: string, size: number) => Promise<void>][] = [
  ['cut short by a byte', (path, size) => truncate(path, size - 1)],
  ['cut in half', (path, size) => truncate(path, size >> 1)],
  ['emptied', (path) => truncate(path, 0)],
  ['missing', (path) => rm(path)],
  ['with something after its end', async (path) => appendFile(path, await readFile(path))],
  ['with a flipped bit in its middle', (path) => flip(path, (length) => length >> 1)],
  ['with a flipped bit near its end', (path) => flip(path, (length) => length - 2)],
];

test.each(['gzip', 'none'] as const)(
  'every damage to any file is named, and nothing is restored of it (%s)',
  { timeout: 240_000 },
  async (compression) => {
    const [database, elsewhere] = [await freshDatabase(await readDump('databases/1.22.1-edge')), await freshDatabase()];
    const [from, to] = [await connectAsAdmin(database), await connectAsAdmin(elsewhere)];
    const options = { folder: await temporaryFolder('/dev/shm'), compression };
    const { path } = await createBackup(from, await wholeDatabase(from.db), options);
    await elsewhere.db.collection<{ _id: number }>('config').insertOne({ _id: 1 });
    const before = await stateOf(elsewhere.db);
    let damaged = 0;
    for (const [name, original] of await filesIn(path)) {
      for (const [what, damage] of DAMAGES) {
        // one that is empty, or gone, is no damage to the ones that were
        const file = join(path, name);
        await damage(file, original.length);
        const now = await readFile(file).catch(() => undefined);
        if (now?.equals(original)) continue;
        const place = `${name} ${what}`;
        if (name === 'manifest.json' && now === undefined) {
          await writeFile(file, original);
          continue;
        }
        const { problems } = await verifyBackup(path);
        expect(
          problems.map(({ file }) => file),
          place,
        ).toEqual([name]);
        if (damaged++ % 5 === 0) {
          const error = await restoreBackup(to, { backup: path, force: true }).catch((thrown) => thrown);
          expect(error, place).toBeInstanceOf(DamagedFileError);
          expect(error.message, place).toContain(basename(name));
        }
        await writeFile(file, original);
      }
    }
    expect(damaged).toBeGreaterThan(200);
    expect(await stateOf(elsewhere.db)).toEqual(before);
    expect(await elsewhere.db.collection('migrations.restores').countDocuments()).toBe(0);
    expect((await verifyBackup(path)).problems).toEqual([]);
    await from.close();
    await to.close();
  },
);

test('a backup without its manifest is none that is whole', async () => {
  const database = await freshDatabase(await readDump('databases/1.22.1-edge'));
  const connection = await connectAsAdmin(database);
  const { path } = await createBackup(connection, await wholeDatabase(connection.db), {
    folder: await temporaryFolder('/dev/shm'),
  });
  await rm(join(path, 'manifest.json'));
  await writeFile(join(path, 'unfinished.json'), '{"host":"elsewhere","pid":1}');
  await expect(restoreBackup(connection, { backup: path })).rejects.toThrow('it is not whole');
  await expect(verifyBackup(path)).rejects.toThrow('it is not whole');
  expect(await readdir(path)).toContain('unfinished.json');
  await connection.close();
});
