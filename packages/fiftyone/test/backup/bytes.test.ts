import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createBackup } from '../../src/backup/create.js';
import { fileStem } from '../../src/backup/layout.js';
import { restoreBackup } from '../../src/backup/restore-backup.js';
import { verifyBackup } from '../../src/backup/verify.js';
import { wholeDatabase } from '../../src/backup/what.js';
import { BsonType, binary, Doc, encode, int32, ObjectId, parseEjsonDoc, Scalar } from '../../src/bson/index.js';
import { insertRaw } from '../../src/database/raw.js';
import { type FreshDatabase, freshDatabase } from '../support/fresh-database.js';
import { connectAsAdmin } from '../support/migrated.js';
import { temporaryFolder } from '../support/recorded-export.js';
import { sameBytes } from './same-bytes.js';

async function thereAndBack(database: FreshDatabase, compression: 'gzip' | 'none' = 'gzip') {
  const elsewhere = await freshDatabase();
  const [from, to] = [await connectAsAdmin(database), await connectAsAdmin(elsewhere)];
  const { path, manifest } = await createBackup(from, await wholeDatabase(from.db), {
    folder: await temporaryFolder('/dev/shm'),
    compression,
  });
  expect((await verifyBackup(path, { restoreTo: to })).problems).toEqual([]);
  await restoreBackup(to, { backup: path });
  await sameBytes(database.db, elsewhere.db);
  await from.close();
  await to.close();
  return { path, manifest, elsewhere };
}

/** A document whose bytes are changed after they were made: every `from` becomes `to`. */
function changed(doc: Doc, from: string, to: Uint8Array): Buffer {
  const bytes = Buffer.from(encode(doc));
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + 1)) bytes.set(to, at);
  return bytes;
}

test.each(['gzip', 'none'] as const)(
  'documents that no program would write are the same afterwards (%s)',
  async (compression) => {
    const database = await freshDatabase();
    const id = () => new ObjectId();
    const odd = [
      changed(Doc.of(['_id', id()], ['key1', int32(1)], ['key2', int32(2)]), 'key2', Buffer.from('key1')),
      changed(Doc.of(['_id', id()], ['text', 'XXXX']), 'XXXX', Buffer.from([0xff, 0xc3, 0x28, 0x80])),
      encode(
        Doc.of(['_id', id()], ['10', true], ['9', false], ['', null], ['a.b', 'dots'], ['$c', 'dollars'], ['__proto__', 'x']),
      ),
      encode(Doc.of(['_id', 'text'], ['nan', new Scalar(BsonType.double, Buffer.from('010000000000f8ff', 'hex'))])),
      encode(
        Doc.of(['_id', int32(7)], ['old', new Scalar(BsonType.undefined, new Uint8Array())], ['bytes', binary(Buffer.alloc(9))]),
      ),
      encode(Doc.of(['_id', Doc.of(['b', int32(1)], ['a', int32(2)])])),
    ];
    await insertRaw(database.db, 'odd', odd);
    const { elsewhere } = await thereAndBack(database, compression);
    expect(await elsewhere.db.collection('odd').countDocuments()).toBe(odd.length);
  },
);

test('a document of 16 MB, among many small ones, is the same afterwards', async () => {
  const database = await freshDatabase();
  const small = Array.from({ length: 5_000 }, (_, i) => encode(Doc.of(['_id', int32(i)], ['n', int32(-i)])));
  const large = encode(Doc.of(['_id', 'large'], ['text', 'x'.repeat(16 * 1024 * 1024 - 100)]));
  await insertRaw(database.db, 'mixed', [...small.slice(0, 2_500), large, ...small.slice(2_500)]);
  const { manifest } = await thereAndBack(database);
  expect(manifest.collections[0]).toMatchObject({ collection: 'mixed', documents: 5_001 });
});

test('documents keep the order in which they are stored', async () => {
  const database = await freshDatabase();
  const ids = [5, 3, 9, 1, 7];
  await insertRaw(
    database.db,
    'samples.x',
    ids.map((n) => encode(Doc.of(['_id', int32(n)]))),
  );
  const { elsewhere } = await thereAndBack(database);
  expect((await elsewhere.db.collection('samples.x').find().toArray()).map(({ _id }) => _id as unknown)).toEqual(ids);
});

test('options, indexes of every kind, views and names are the same afterwards', async () => {
  const database = await freshDatabase();
  const { db } = database;
  await db.createCollection('capped', { capped: true, size: 4096, max: 3 });
  await insertRaw(
    db,
    'capped',
    Array.from({ length: 5 }, (_, i) => encode(Doc.of(['_id', int32(i)]))),
  );
  await db.createCollection('collated', { collation: { locale: 'de', strength: 1 }, validator: { a: { $exists: true } } });
  await db.createCollection('empty');
  await db.collection('indexed').createIndex({ b: 1, a: -1 }, { unique: true, sparse: true });
  await db.command({
    createIndexes: 'indexed',
    indexes: [
      {
        name: 'digits',
        key: new Map([
          ['b', 1],
          ['0', -1],
        ]),
      },
      { name: 'part', key: { c: 1 }, partialFilterExpression: { c: { $gt: 5 } }, hidden: true },
      { name: 'words', key: { t: 'text' }, weights: { t: 3 }, default_language: 'german' },
      { name: 'place', key: { p: '2dsphere' } },
      { name: 'goes', key: { at: 1 }, expireAfterSeconds: 3_600 },
      { name: 'any', key: { '$**': 1 }, wildcardProjection: { t: 0 } },
      { name: 'hashed', key: { h: 'hashed' } },
    ],
  });
  await db.createCollection('view', { viewOn: 'indexed', pipeline: [{ $match: { a: 1 } }], collation: { locale: 'fr' } });
  const names = [
    'with space',
    'per%cent',
    'slash/es',
    "star*()!'",
    'a:b@c&d=e+f,g;h?i',
    'ümläut 日本',
    'x'.repeat(150),
    `l${'ö'.repeat(80)}`,
  ];
  for (const name of names) await insertRaw(db, name, [encode(Doc.of(['_id', name]))]);
  const { path, manifest, elsewhere } = await thereAndBack(database);
  const found = await elsewhere.db.listCollections({ type: 'view' }).toArray();
  expect(found).toEqual(await db.listCollections({ type: 'view' }).toArray());
  expect(manifest.collections.map(({ collection }) => collection)).toEqual(expect.arrayContaining([...names, 'view', 'capped']));
  expect(await readFile(join(path, `${db.databaseName}/view.metadata.json.gz`))).toBeTruthy();
});

test('files are called what mongodump calls them', () => {
  expect(fileStem('samples.5f2')).toBe('samples.5f2');
  expect(fileStem('a b/c%d*e!(f)')).toBe('a%20b%2Fc%25d%2Ae%21%28f%29');
  expect(fileStem("it's $&+=:@,;?~")).toBe('it%27s%20$&+=:@%2C%3B%3F~');
  expect(fileStem('ü')).toBe('%C3%BC');
  const long = fileStem('ö'.repeat(100));
  expect(long.slice(0, 208)).toBe('%C3%B6'.repeat(40).slice(0, 208));
  expect(long.slice(208)).toMatch(/^%24[\w-]{27}$/);
});

test('the metadata have the form of mongodump', async () => {
  const database = await freshDatabase();
  await database.db.collection('c').createIndex({ a: 1 });
  const { path } = await thereAndBack(database, 'none');
  const text = await readFile(join(path, database.name, 'c.metadata.json'), 'utf8');
  const metadata = parseEjsonDoc(text);
  expect([...metadata.keys()]).toEqual(['options', 'indexes', 'uuid', 'collectionName', 'type']);
  expect(metadata.get('uuid')).toMatch(/^[0-9a-f]{32}$/);
  expect(text).toContain('{"v":{"$numberInt":"2"},"key":{"a":{"$numberInt":"1"}},"name":"a_1"}');
});
