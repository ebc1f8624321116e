import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createBackup } from '../../src/backup/create.js';
import { restoreBackup } from '../../src/backup/restore-backup.js';
import { settleRestores } from '../../src/backup/settle-restores.js';
import { wholeDatabase } from '../../src/backup/what.js';
import { LEASE_MS } from '../../src/database/lease-store.js';
import { LockedError } from '../../src/errors.js';
import { freshDatabase } from '../support/fresh-database.js';
import { connectAsAdmin } from '../support/migrated.js';
import { temporaryFolder } from '../support/recorded-export.js';
import { stateOf } from './same-bytes.js';

const DIST = new URL('../../dist/', import.meta.url).href;

/** Restores as a process of its own, and says how far it got. */
const SCRIPT = `
const { openConnection } = await import('${DIST}database/connection.js');
const { readSettings } = await import('${DIST}settings.js');
const { restoreBackup } = await import('${DIST}backup/restore-backup.js');
const connection = await openConnection(readSettings());
const onProgress = ({ done }) => console.log('at ' + done);
await restoreBackup(connection, { backup: process.argv[1], force: true, onProgress })
  .then(() => console.log('restored'), (error) => console.log('failed: ' + error.message));
await connection.close();
`;

test('a restore that stood still for longer than its leases last changes nothing any more', { timeout: 180_000 }, async () => {
  const database = await freshDatabase();
  const { db } = database;
  const connection = await connectAsAdmin(database);
  onTestFinished(() => connection.close());
  for (let i = 0; i < 40; i++) {
    const data = Array.from({ length: 10 }, () => ({ data: randomBytes(200_000) }));
    await db.collection('samples.large').insertMany(data);
  }
  const { path } = await createBackup(connection, await wholeDatabase(db), { folder: await temporaryFolder('/dev/shm') });
  const wanted = await stateOf(db);

  const env = {
    PATH: process.env.PATH as string,
    HOME: '/nonexistent',
    FIFTYONE_DATABASE_URI: database.uri,
    FIFTYONE_DATABASE_NAME: database.name,
    FIFTYONE_DATABASE_ADMIN: 'true',
  };
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, path], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  while (!said.includes('at ')) await sleep(5);
  child.kill('SIGSTOP');
  await expect(restoreBackup(connection, { backup: path, force: true })).rejects.toThrow(LockedError);
  await sleep(LEASE_MS + 500);
  await restoreBackup(connection, { backup: path, force: true });
  expect(await stateOf(db)).toEqual(wanted);
  await db.collection('samples.large').insertOne({ written: 'after it' });
  const after = await stateOf(db);

  child.kill('SIGCONT');
  await once(child, 'exit');
  expect(said).not.toContain('restored');
  expect(said).toMatch(/failed: .*lease of/);
  // at most one message was under way
  expect({ ...(await stateOf(db)), left: [] }).toEqual(after);
  await settleRestores(connection);
  expect(await stateOf(db)).toEqual(after);
  expect(await db.listCollections({ name: /^migrations\.restore\./ }).toArray()).toEqual([]);
});
