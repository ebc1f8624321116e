import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { expect, test } from 'vitest';
import { ObjectId } from '../src/bson/index.js';
import { inTime, isTooLate } from '../src/database/lease-store.js';
import { endLeftovers } from '../src/database/leftovers.js';
import { applyEdit } from '../src/migrations/bulk-edits.js';
import { CONTROL } from '../src/migrations/control.js';
import { idRanges } from '../src/migrations/id-ranges.js';
import { migrateAll } from '../src/migrations/migrate.js';
import type { MigrationEvent } from '../src/migrations/report.js';
import { WORK } from '../src/migrations/work.js';
import { adminOf, fiftyone } from './support/command.js';
import { idsOf, partOf } from './support/dataset-parts.js';
import { readDump } from './support/dump.js';
import { type FreshDatabase, freshDatabase } from './support/fresh-database.js';
import { connectAsAdmin } from './support/migrated.js';

const SIZES = { small: 0, whole: 0, first: 50, most: 50 };
const COUNT = 4_000;

/** A database with one dataset of 0.14.3 and as many samples, whose ids leave room for others between them. */
async function largeDatabase(): Promise<FreshDatabase & { samples: string }> {
  const whole = await readDump('databases/0.14.3-main');
  const database = await freshDatabase(partOf(whole, idsOf(whole, ['labels'])));
  const dataset = await database.db.collection('datasets').findOne({ name: 'labels' });
  const samples = dataset?.sample_collection_name as string;
  const docs = Array.from({ length: COUNT }, (_, i) => ({ _id: idAt(10 * (i + 1)), filepath: `/data/${i}.jpg`, tags: [] }));
  await database.db.collection(samples).insertMany(docs);
  return { ...database, samples };
}

function idAt(n: number): ObjectId {
  return ObjectId.createFromHexString(`60000000${n.toString(16).padStart(16, '0')}`);
}

/** How many samples lack what the migration writes. */
function pending(db: Db, samples: string): Promise<number> {
  return db
    .collection(samples)
    .countDocuments({ $or: [{ created_at: { $exists: false } }, { _dataset_id: { $exists: false } }] });
}

async function run(database: FreshDatabase, onEvent: (event: MigrationEvent) => void, signal?: AbortSignal) {
  const connection = await connectAsAdmin(database);
  try {
    return await migrateAll(connection, { partSizes: SIZES, concurrency: 2, onEvent, ...(signal ? { signal } : {}) });
  } finally {
    await connection.close();
  }
}

test('documents that clients insert while a collection is edited are caught, wherever their ids are', async () => {
  const database = await largeDatabase();
  let inserted = 0;
  const inserts: Promise<unknown>[] = [];
  const { datasets } = await run(database, (event) => {
    if (event.kind !== 'progress') return;
    inserted++;
    const docs = [idAt(10 * inserted + 1), idAt(10 * (COUNT - inserted) + 1), new ObjectId()].map((_id) => ({ _id }));
    inserts.push(database.db.collection<{ _id: ObjectId }>(database.samples).insertMany(docs));
  });
  await Promise.all(inserts);
  expect(datasets.map(({ result }) => result)).toEqual(['migrated']);
  expect(inserted).toBeGreaterThan(50);
  // those of the very last event may come after everything
  expect(await pending(database.db, database.samples)).toBeLessThanOrEqual(3);
});

test('every document is in exactly one part, whatever the type of its _id', async () => {
  const { db } = await freshDatabase();
  const odd = ['text', 1, 2.5, true, new Date(0), { a: 1 }, Buffer.from('x')];
  const ids = [...Array.from({ length: 25 }, (_, i) => idAt(i)), ...odd];
  await db.collection<{ _id: unknown }>('samples').insertMany(ids.map((_id) => ({ _id })));
  const found: unknown[] = [];
  for await (const { filter } of idRanges(db.collection('samples'), () => 4)) {
    found.push(...(await db.collection('samples').find(filter).toArray()).map(({ _id }) => _id));
  }
  expect(found.map(String).sort()).toEqual(ids.map(String).sort());
});

test('a run that is stopped says where it stopped, and the next one goes on from there', async () => {
  const database = await largeDatabase();
  const controller = new AbortController();
  const first = await run(
    database,
    (event) => {
      if (event.kind === 'progress' && event.done >= COUNT / 2) controller.abort('the test');
    },
    controller.signal,
  );
  expect(first.stopped).toBe('stopped by the test');
  expect(first.datasets.map(({ result }) => result)).toEqual(['stopped']);
  const left = await pending(database.db, database.samples);
  expect(left).toBeGreaterThan(COUNT / 3);
  expect(await database.db.collection(WORK).countDocuments()).toBe(1);
  let most = 0;
  const second = await run(database, (event) => {
    if (event.kind === 'progress') most = Math.max(most, event.done);
  });
  expect(second.datasets.map(({ result }) => result)).toEqual(['migrated']);
  expect(most, 'what was done is not done again').toBeLessThan(COUNT * 0.6);
  expect(await pending(database.db, database.samples)).toBe(0);
  expect(await database.db.collection(WORK).countDocuments()).toBe(0);
});

test('a run pauses, goes on and ends as another terminal asks', async () => {
  const database = await largeDatabase();
  const env = adminOf(database);
  expect((await fiftyone(['migrate', '--pause'], env)).stdout).toBe('Nobody is at work on this database\n');
  const events: MigrationEvent[] = [];
  const seen = async (is: (event: MigrationEvent) => boolean) => {
    while (!events.some(is)) await sleep(10);
  };
  const running = run(database, (event) => {
    events.push(event);
    // slow enough to be asked something
    if (event.kind === 'progress') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  });
  await seen(({ kind }) => kind === 'progress');
  expect((await fiftyone(['migrate', '--pause'], env)).stdout).toMatch(/^Asked .* to pause\nThey keep their leases/);
  await seen((event) => event.kind === 'paused' && event.by !== undefined);
  await sleep(500);
  const before = events.length;
  await sleep(1_000);
  expect(events.length, 'nothing is done while it pauses').toBe(before);
  expect((await fiftyone(['migrate', '--resume'], env)).stdout).toBe('1 run goes on\n');
  await seen((event) => event.kind === 'paused' && event.by === undefined);
  expect((await fiftyone(['migrate', '--cancel'], env)).stdout).toMatch(/^Asked .* to end\n$/);
  const report = await running;
  expect(report.stopped).toMatch(/^stopped by .* on .* \(process \d+\)$/);
  expect(await database.db.collection(CONTROL).countDocuments()).toBe(0);
  const again = await fiftyone(['migrate', '--all'], env);
  expect(again.code).toBe(0);
  expect(await pending(database.db, database.samples)).toBe(0);
});

test('a command that comes after the end of its lease changes nothing', async () => {
  const { db } = await freshDatabase();
  await db.collection('samples').insertOne({ a: 1 });
  const edit = { kind: 'update', summary: '', collection: 'samples', filter: {}, update: [{ $set: { a: 2 } }] } as const;
  const late = applyEdit(db, edit, { inTime: { $expr: inTime(new Date(Date.now() + 4_000), 5_000) } });
  await expect(late).rejects.toSatisfy(isTooLate);
  expect(await db.collection('samples').countDocuments({ a: 1 })).toBe(1);
  await applyEdit(db, edit, { inTime: { $expr: inTime(new Date(Date.now() + 10_000), 5_000) } });
  expect(await db.collection('samples').countDocuments({ a: 2 })).toBe(1);
});

test('what the server still does for a runner that died is ended before another one goes on', async () => {
  const { db } = await freshDatabase();
  await db.collection('samples').insertMany(Array.from({ length: 100 }, (_, a) => ({ a })));
  const $function = { body: 'function(x) { sleep(200); return x; }', args: ['$a'], lang: 'js' };
  const left = db
    .collection('samples')
    .updateMany({}, [{ $set: { a: { $function } } }] as never, { comment: 'fiftyone migrate dataset x' })
    .then(
      () => 'finished',
      () => 'ended',
    );
  await sleep(300);
  await endLeftovers(db, 'fiftyone migrate dataset x');
  expect(await left).toBe('ended');
});
