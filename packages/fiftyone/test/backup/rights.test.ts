import { MongoClient } from 'mongodb';
import { expect, onTestFinished, test } from 'vitest';
import { createBackup } from '../../src/backup/create.js';
import { restoreBackup } from '../../src/backup/restore-backup.js';
import { verifyBackup } from '../../src/backup/verify.js';
import { wholeDatabase, wholeDatasets } from '../../src/backup/what.js';
import { openConnection } from '../../src/database/connection.js';
import { readSettings } from '../../src/settings.js';
import { readDump } from '../support/dump.js';
import { startMongod } from '../support/mongod.js';
import { temporaryFolder } from '../support/recorded-export.js';
import { restore } from '../support/snapshot.js';
import { stateOf } from './same-bytes.js';

test('on a replica set, rights to read and write one database are enough for all but a scratch database', {
  timeout: 120_000,
}, async () => {
  const server = await startMongod({ replicaSet: true, auth: true });
  onTestFinished(() => server.stop());
  const admin = await MongoClient.connect(server.uri);
  onTestFinished(() => admin.close());
  const roles = [{ role: 'readWrite', db: 'fiftyone' }];
  await admin.db('fiftyone').command({ createUser: 'writer', pwd: 'secret', roles });
  await admin.db('fiftyone').command({ createUser: 'reader', pwd: 'secret', roles: [{ role: 'read', db: 'fiftyone' }] });
  await restore(admin.db('fiftyone'), await readDump('databases/1.22.1-main'));
  const connect = async (user: string) => {
    const uri = `mongodb://${user}:secret@127.0.0.1:${server.port}/?replicaSet=rs0&authSource=fiftyone`;
    const env = {
      FIFTYONE_DATABASE_URI: uri,
      FIFTYONE_DATABASE_NAME: 'fiftyone',
      FIFTYONE_DATABASE_ADMIN: 'true',
      HOME: '/nonexistent',
    };
    const connection = await openConnection(readSettings(env));
    onTestFinished(() => connection.close());
    return connection;
  };
  const writer = await connect('writer');
  const folder = await temporaryFolder('/dev/shm');
  const { db } = writer;
  const before = await stateOf(db);
  const { path } = await createBackup(writer, await wholeDatabase(db), { folder, name: 'all' });
  await db.collection('datasets').updateMany({}, { $set: { info: 'changed' } });
  await restoreBackup(writer, { backup: path, force: true });
  expect(await stateOf(db)).toEqual(before);
  const name = (await db.collection('datasets').findOne({ sample_collection_name: /^samples\./ }))?.name;
  const one = await createBackup(writer, await wholeDatasets(db, [name]), { folder, name: 'one' });
  await restoreBackup(writer, { backup: one.path, force: true });
  const error = await verifyBackup(path, { restoreTo: writer }).catch((thrown) => thrown);
  expect(error.hint).toContain('use a user who may write to any database');

  const reader = await connect('reader');
  await expect(createBackup(reader, await wholeDatabase(reader.db), { folder, name: 'read' })).rejects.toThrow('may not write');
  const what = { ...(await wholeDatabase(reader.db)), leases: [] };
  const read = await createBackup(reader, what, { folder, name: 'read' });
  expect((await verifyBackup(read.path)).problems).toEqual([]);
});
