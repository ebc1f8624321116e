import { createHash } from 'node:crypto';
import type { Db } from 'mongodb';
import { expect } from 'vitest';
import { isLeftAlone } from '../../src/backup/collections.js';
import { toEjson } from '../../src/bson/index.js';
import { snapshot } from '../support/snapshot.js';

/** All that a database has, in a form that shows what is different. */
export async function stateOf(db: Db): Promise<Record<string, unknown>> {
  const { collections, metadata } = await snapshot(db, true);
  const own = await db.listCollections({ name: /^migrations\./ }, { nameOnly: true }).toArray();
  const left = own.map(({ name }) => name).filter((name) => !/^migrations\.(attic|leases|journal|control|work)/.test(name));
  const state: Record<string, unknown> = {
    left: (
      await Promise.all(
        left.map(async (name) => (await db.collection(name).countDocuments()) + (name.startsWith('migrations.restore.') ? 1 : 0)),
      )
    ).filter((count) => count > 0),
  };
  for (const [name, documents] of collections) {
    if (isLeftAlone(name)) continue;
    const hash = createHash('sha256');
    for (const bytes of documents) hash.update(bytes);
    const { options, indexes } = metadata.get(name) as NonNullable<ReturnType<(typeof metadata)['get']>>;
    state[name] = [documents.length, hash.digest('hex'), toEjson(options), ...indexes.map(toEjson)];
  }
  return state;
}

/** Checks that two databases have the same documents, byte for byte and in the same order, options and indexes. */
export async function sameBytes(expected: Db, found: Db): Promise<void> {
  expect(await stateOf(found)).toEqual(await stateOf(expected));
}
