import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import { startMongod } from './support/mongod.js';

test('a server for one test can ask for logins', async () => {
  const server = await startMongod({ auth: true });
  try {
    const admin = await MongoClient.connect(server.uri);
    await admin.db('x').collection('y').insertOne({});
    await admin.close();
    const stranger = await MongoClient.connect(`mongodb://127.0.0.1:${server.port}`);
    await expect(stranger.db('x').collection('y').findOne()).rejects.toThrow(/authentication/i);
    await stranger.close();
  } finally {
    await server.stop();
  }
});

test('a server for one test can be a replica set, with transactions', async () => {
  const server = await startMongod({ replicaSet: true });
  try {
    const client = await MongoClient.connect(server.uri);
    await client.withSession((session) =>
      session.withTransaction(() => client.db('x').collection('y').insertOne({}, { session })),
    );
    expect(await client.db('x').collection('y').countDocuments()).toBe(1);
    await client.close();
  } finally {
    await server.stop();
  }
  await expect(MongoClient.connect(server.uri, { serverSelectionTimeoutMS: 200 })).rejects.toThrow();
});

test('a server that cannot start says why', async () => {
  await expect(startMongod({ args: ['--noSuchOption'] })).rejects.toThrow(/noSuchOption|code [1-9]/);
});
