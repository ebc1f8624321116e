import { ObjectId } from 'mongodb';
import { expect, onTestFinished, test } from 'vitest';
import { createBackup } from '../../src/backup/create.js';
import { restoreBackup } from '../../src/backup/restore-backup.js';
import { RestoreRefusedError } from '../../src/backup/restore-refused.js';
import { verifyBackup } from '../../src/backup/verify.js';
import type { What } from '../../src/backup/what.js';
import { connectAsAdmin } from '../support/migrated.js';
import { temporaryFolder } from '../support/recorded-export.js';
import { databaseOf } from '../support/small-database.js';

test('chosen parts of any database are backed up and restored, and nothing else is touched', async () => {
  const [old, other] = [new ObjectId(), new ObjectId()];
  const database = await databaseOf({
    users: [
      { _id: old, role: 'LABELER', since: new Date(0) },
      { _id: other, role: 'ADMIN', since: new Date(0) },
    ],
    keys: [{ _id: new ObjectId(), secret: Buffer.from('encrypted') }],
    audit: [{ _id: new ObjectId(), what: 'login' }],
  });
  const { db } = database;
  const connection = await connectAsAdmin(database);
  onTestFinished(() => connection.close());
  const what: What = {
    scope: { kind: 'parts' },
    parts: [
      { collection: 'users', filter: { role: 'LABELER' } },
      { collection: 'users', filter: { _id: old, since: { $lte: new Date() } } },
      { collection: 'keys' },
      { collection: 'missing' },
    ],
    leases: [],
    versions: { database: '2.17.0', datasets: [] },
  };
  const { path, manifest } = await createBackup(connection, what, { folder: await temporaryFolder('/dev/shm'), run: 'run 1' });
  expect(manifest).toMatchObject({ run: 'run 1', scope: { kind: 'parts' }, versions: { database: '2.17.0' } });
  expect(manifest.collections.map(({ collection, documents }) => `${collection} ${documents}`)).toEqual(['keys 1', 'users 1']);
  expect((await verifyBackup(path, { restoreTo: connection })).problems).toEqual([]);
  // a backup writes nothing to a database whose leases it does not take
  expect(await db.listCollections({ name: /^migrations/ }).toArray()).toEqual([]);

  const [keys, users] = await Promise.all([db.collection('keys').find().toArray(), db.collection('users').find().toArray()]);
  await db.collection('users').updateOne({ _id: old }, { $set: { role: 'MEMBER' } });
  await db.collection('users').updateOne({ _id: other }, { $set: { name: 'since then' } });
  await db.collection('users').insertOne({ role: 'LABELER', since: new Date() });
  await db.collection('keys').deleteMany({});
  await db.collection('audit').insertOne({ what: 'logout' });
  await expect(restoreBackup(connection, { backup: path })).rejects.toThrow(RestoreRefusedError);
  await restoreBackup(connection, { backup: path, force: true });
  expect(await db.collection('keys').find().toArray()).toEqual(keys);
  const now = await db.collection('users').find().sort({ _id: 1 }).toArray();
  expect(now).toEqual([users[0], { ...users[1], name: 'since then' }]);
  expect(await db.collection('audit').countDocuments()).toBe(2);
});
