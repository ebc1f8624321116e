import { randomUUID } from 'node:crypto';
import { type Db, MongoClient } from 'mongodb';
import { inject, onTestFinished } from 'vitest';
import { restore, type Snapshot } from './snapshot.js';

/** An empty database that only this test uses. */
export interface FreshDatabase {
  readonly client: MongoClient;
  readonly db: Db;
  /** The server's address, without a database. */
  readonly uri: string;
  readonly name: string;
}

/** A database for one test, dropped when the test ends. @param content what to fill it with; empty by default */
export async function freshDatabase(content?: Snapshot): Promise<FreshDatabase> {
  const uri = inject('mongodbUri');
  const client = await MongoClient.connect(uri);
  const name = `test-${randomUUID()}`;
  const db = client.db(name);
  onTestFinished(async () => {
    await db.dropDatabase();
    await client.close();
  });
  if (content !== undefined) await restore(db, content);
  return { client, db, uri, name };
}
