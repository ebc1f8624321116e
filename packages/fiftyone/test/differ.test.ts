import { expect, test } from 'vitest';
import { Doc, date, double, encode, int32, int64, ObjectId, type Value } from '../src/bson/index.js';
import { differences } from './support/differences.js';
import { readDump, stepsOf } from './support/dump.js';
import { freshDatabase } from './support/fresh-database.js';
import { restore, type Snapshot, snapshot } from './support/snapshot.js';

const KNOWN = new ObjectId('5f0000000000000000000001');
const INDEX = Doc.of(['v', int32(2)], ['key', Doc.of(['_id', int32(1)])], ['name', '_id_']);

function database(collections: Record<string, Doc[]>, indexes: Doc[] = [INDEX]): Snapshot {
  const names = Object.keys(collections);
  return {
    collections: new Map(names.map((name) => [name, (collections[name] as Doc[]).map(encode)])),
    metadata: new Map(names.map((name) => [name, { options: new Doc(), indexes }])),
  };
}

function dataset(...entries: [string, Value][]): Snapshot {
  return database({ datasets: [Doc.of(['_id', KNOWN], ['name', 'quickstart'], ...entries)] });
}

const LABEL = `datasets/${KNOWN.toHexString()} (quickstart)`;

test('the same database has no differences', () => {
  expect(differences(dataset(['a', int32(1)]), dataset(['a', int32(1)]))).toEqual([]);
});

test.each<[string, Value, Value, string]>([
  ['an int64 for an int32', int32(1), int64(1n), 'expected int32 {"$numberInt":"1"}, found int64 {"$numberLong":"1"}'],
  ['a double for an int32', int32(1), double(1), 'expected int32 {"$numberInt":"1"}, found double {"$numberDouble":"1.0"}'],
  ['minus zero for zero', double(0), double(-0), 'expected {"$numberDouble":"0.0"}, found {"$numberDouble":"-0.0"}'],
  ['a string for an ObjectId', KNOWN, KNOWN.toHexString(), `expected ObjectId {"$oid":"${KNOWN}"}, found string "${KNOWN}"`],
  ['null for an empty list', [], null, 'expected list [], found null null'],
  ['another string', 'a', 'b', 'expected "a", found "b"'],
  ['a shorter list', ['a', 'b'], ['a'], 'expected 2 items, found 1'],
])('%s is a difference', (_, expected, found, text) => {
  expect(differences(dataset(['a', expected]), dataset(['a', found]))).toEqual([`${LABEL}.a: ${text}`]);
});

test('a key that is missing, or that was not expected, is named', () => {
  expect(differences(dataset(['a', null]), dataset(['b', null]))).toEqual([
    `${LABEL}.a: missing, expected null`,
    `${LABEL}.b: not expected, found null`,
  ]);
});

test('another order of keys is a difference unless it is left out of account', () => {
  const one = dataset(['x', [Doc.of(['a', null], ['b', null])]]);
  const other = dataset(['x', [Doc.of(['b', null], ['a', null])]]);
  expect(differences(one, other)).toEqual([`${LABEL}.x[0]: key order from position 0: expected ["a","b"], found ["b","a"]`]);
  expect(differences(one, other, { order: false })).toEqual([]);
});

test('the order of documents does not matter', () => {
  const [one, other] = [Doc.of(['_id', 'a']), Doc.of(['_id', 'b'])];
  expect(differences(database({ samples: [one, other] }), database({ samples: [other, one] }))).toEqual([]);
});

test('missing and additional documents and collections are named', () => {
  const [one, other] = [Doc.of(['_id', 'a']), Doc.of(['_id', 'b'])];
  expect(differences(database({ samples: [one] }), database({ samples: [other] }))).toEqual([
    'samples/"a": missing',
    'samples/"b": not expected',
  ]);
  expect(differences(database({ samples: [one] }), database({ frames: [one] }))).toEqual([
    'collection frames: not expected (1 documents)',
    'collection samples: missing (1 documents)',
  ]);
  expect(differences(database({}), database({ samples: [] }))).toEqual(['collection samples: not expected (0 documents)']);
});

test('a document that is there twice is a difference', () => {
  const doc = Doc.of(['_id', 'a']);
  expect(differences(database({ samples: [doc] }), database({ samples: [doc, doc] }))).toEqual([
    'samples: several documents with one _id',
  ]);
});

test('missing, additional and changed indexes are named', () => {
  const index = (name: string, keys: string[], ...more: [string, Value][]) =>
    Doc.of(['key', new Doc(keys.map((key) => [key, int32(1)]))], ['name', name], ...more);
  const of = (...indexes: Doc[]) => database({ samples: [] }, [INDEX, ...indexes]);
  expect(differences(of(index('a', ['a'])), of())).toEqual(['index samples.a: missing']);
  expect(differences(of(), of(index('a', ['a'])))).toEqual(['index samples.a: not expected']);
  expect(differences(of(index('a', ['a'], ['unique', true])), of(index('a', ['a'])))).toEqual([
    'index samples.a.unique: missing, expected true',
  ]);
  expect(differences(of(index('a', ['a', 'b'])), of(index('a', ['b', 'a'])))).toEqual([
    'index samples.a.key: key order from position 0: expected ["a","b"], found ["b","a"]',
  ]);
});

test('the _id of the config document does not matter, its content does', () => {
  const config = (version: string) => database({ config: [Doc.of(['_id', new ObjectId()], ['version', version])] });
  expect(differences(config('1.22.1'), config('1.22.1'))).toEqual([]);
  expect(differences(config('1.22.1'), config('0.15.1'))).toEqual(['config/0.version: expected "1.22.1", found "0.15.1"']);
});

const base = dataset(['created_at', date(1000)], ['tag', 'X-2020.01.01.00.00.00']);

function migrated(edit: { run?: ObjectId; other?: ObjectId; points?: ObjectId; time?: number; rename?: string }): Snapshot {
  const run = edit.run ?? new ObjectId();
  const other = edit.other ?? new ObjectId();
  return database({
    datasets: [
      Doc.of(
        ['_id', KNOWN],
        ['name', edit.rename ?? 'quickstart'],
        ['run', edit.points ?? run],
        ['modified', date(edit.time ?? 5000)],
      ),
    ],
    runs: [
      Doc.of(['_id', run], ['key', 'eval'], ['dataset', KNOWN]),
      Doc.of(['_id', other], ['key', 'brain'], ['dataset', KNOWN]),
    ],
  });
}

test('ids, times and names that the input lacks may be others', () => {
  const one = migrated({ rename: 'X-RENAMED-2026.11.21.11.53.20.621990' });
  const other = migrated({ rename: 'X-RENAMED-2027.01.02.03.04.05', time: 6000 });
  expect(differences(one, other, { base })).toEqual([]);
  expect(differences(one, other)).not.toEqual([]);
});

test('new ids are matched in whatever order the documents were written', () => {
  const [low, high] = [new ObjectId('6f0000000000000000000001'), new ObjectId('6f0000000000000000000002')];
  expect(differences(migrated({ run: low, other: high }), migrated({ run: high, other: low }), { base })).toEqual([]);
});

test('a new id that points to another document is a difference', () => {
  const other = new ObjectId();
  expect(differences(migrated({}), migrated({ other, points: other }), { base })).not.toEqual([]);
});

test('an id, a time and a name that the input has must stay', () => {
  expect(differences(migrated({}), migrated({ run: KNOWN, points: KNOWN }), { base })).not.toEqual([]);
  expect(differences(migrated({}), migrated({ time: 1000 }), { base })).toEqual([
    `${LABEL}.modified: expected string "<NOW>", found date {"$date":{"$numberLong":"1000"}}`,
  ]);
  const renamed = migrated({ rename: 'X-2026.01.01.00.00.00' });
  expect(differences(renamed, migrated({ rename: 'X-2020.01.01.00.00.00' }), { base })).toHaveLength(1);
});

test('a new time that does not lie within the run is a difference', () => {
  const windows = { expected: { first: 4000, last: 6000 }, actual: { first: 4000, last: 6000 } };
  expect(differences(migrated({}), migrated({}), { base, windows })).toEqual([]);
  expect(differences(migrated({}), migrated({ time: 60_000 }), { base, windows })).toHaveLength(1);
});

test.each(['databases/0.6.0-synth', 'databases/0.14.3-main', 'databases/1.22.1-main', 'chains/chain-up-0.14.3:06-0.18.0'])(
  '%s comes back from a server byte for byte, in order, with its indexes',
  async (spec) => {
    const dump = await readDump(spec);
    const { db } = await freshDatabase(dump);
    const found = await snapshot(db);
    expect(differences(dump, found)).toEqual([]);
    for (const [name, documents] of dump.collections) {
      expect(
        found.collections.get(name)?.map((bytes) => Buffer.from(bytes).toString('hex')),
        name,
      ).toEqual(documents.map((bytes) => Buffer.from(bytes).toString('hex')));
    }
  },
);

test('an index that was dropped on a server is found to be missing', async () => {
  const dump = await readDump('databases/1.22.1-edge');
  const { db } = await freshDatabase();
  await restore(db, dump);
  await db.collection('datasets').dropIndex('name_1');
  expect(differences(dump, await snapshot(db))).toEqual(['index datasets.name_1: missing']);
});

test('what the real client made of a database is not what it was', async () => {
  const base = await readDump('databases/0.14.3-main');
  const expected = await readDump('databases/0.14.3-main.expected-1.22.1');
  expect(differences(expected, base, { base }).length).toBeGreaterThan(100);
  expect(differences(expected, expected, { base })).toEqual([]);
  expect(base.window).toBeUndefined();
  expect(expected.window?.last).toBeGreaterThan(expected.window?.first as number);
});

test('the states of a chain are listed in order', async () => {
  expect(await stepsOf('chains/chain-up-0.6.0-synth')).toEqual(['00-input', '01-0.6.2', '02-0.6.5', '03-0.7.2', '04-0.7.3']);
});
