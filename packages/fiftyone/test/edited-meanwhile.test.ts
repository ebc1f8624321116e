import type { Db } from 'mongodb';
import connections from 'mongodb/lib/cmap/connection.js';
import { expect, test } from 'vitest';
import { idsOf, partOf } from './support/dataset-parts.js';
import { differences } from './support/differences.js';
import { readDump } from './support/dump.js';
import { freshDatabase } from './support/fresh-database.js';
import { migrated } from './support/migrated.js';
import { reset } from './support/reset.js';
import { snapshot } from './support/snapshot.js';
import { TINY_PARTS } from './support/tiny-parts.js';

const EVERY = process.env.EVERY_DEATH === '1' ? 1 : 5;

const { Connection } = connections;
const { command } = Connection.prototype;

/** Called before each command to this database, which waits for it. */
let watched: { name: string; before: () => Promise<void> } | undefined;
Connection.prototype.command = async function (this: InstanceType<typeof Connection>, ns, ...rest) {
  if (watched?.name === ns.db) await watched.before();
  return await command.call(this, ns, ...rest);
};

/** Edits as a client would, before the n-th command of a migration; counts the commands. */
async function editBefore(db: Db, n: number, migrate: () => Promise<unknown>, edit: Edit = editDataset): Promise<number> {
  let [commands, editing] = [0, false];
  const before = async () => {
    if (editing || ++commands !== n) return;
    editing = true;
    await edit(db);
    editing = false;
  };
  watched = { name: db.databaseName, before };
  await migrate();
  watched = undefined;
  return commands;
}

type Edit = (db: Db) => Promise<unknown>;

async function editDataset(db: Db): Promise<void> {
  await db.collection('datasets').updateOne({ name: 'labels' }, { $set: { 'info.edited': true } });
}

test.each([
  ['databases/0.14.3-main', '1.22.1'],
  ['databases/1.22.1-main', '0.15.1'],
])(
  'a client that edits a dataset at any moment of its way from %s to %s loses nothing, and disturbs nothing',
  async (recorded, target) => {
    const whole = await readDump(recorded);
    const input = partOf(whole, idsOf(whole, ['labels']));
    const { db, ...database } = await freshDatabase(input);
    await editDataset(db);
    await migrated({ db, ...database }, { target });
    const expected = await snapshot(db);
    await reset(db, input, await snapshot(db, true));
    const commands = await editBefore(db, 0, () => migrated({ db, ...database }, { target }));
    expect(commands).toBeGreaterThan(20);

    const wrong: string[] = [];
    for (let n = 1; n <= commands; n += EVERY) {
      await reset(db, input, await snapshot(db, true));
      // the number of commands depends a little on time: heartbeats, and looks whether to pause
      if ((await editBefore(db, n, () => migrated({ db, ...database }, { target }))) < n) break;
      const lines = differences(expected, await snapshot(db), { base: input });
      wrong.push(...lines.map((line) => `edited before command ${n} of ${commands}: ${line}`));
    }
    expect(wrong).toEqual([]);
  },
  600_000,
);

const LABEL = 'corrected by a client';

/** Edits all samples as a client would: a tag, a new field, and a label that going down changes as well. */
async function editSamples(db: Db, samples: string): Promise<void> {
  const label = { $cond: [{ $isArray: '$inst.detections' }, { $mergeObjects: ['$inst', { note: LABEL }] }, '$inst'] };
  const tags = { $concatArrays: [{ $ifNull: ['$tags', []] }, ['client']] };
  await db.collection(samples).updateMany({}, [{ $set: { tags, by_client: 1, inst: label } }]);
}

test('what a client edits in samples on their way down and up again stays', async () => {
  const whole = await readDump('databases/1.22.1-main');
  const input = partOf(whole, idsOf(whole, ['labels']));
  const { db, ...database } = await freshDatabase(input);
  const samples = (await db.collection('datasets').findOne({ name: 'labels' }))?.sample_collection_name as string;
  const count = await db.collection(samples).countDocuments();
  const labelled = await db.collection(samples).countDocuments({ 'inst.detections': { $type: 'array' } });
  expect(labelled, 'going down changes some').toBeGreaterThan(0);
  const way = async () => {
    await migrated({ db, ...database }, { target: '0.18.0', partSizes: TINY_PARTS });
    return await migrated({ db, ...database }, { target: '1.22.1', partSizes: TINY_PARTS });
  };
  const commands = await editBefore(db, 0, way);
  const wrong: string[] = [];
  for (let n = 1; n <= commands; n += EVERY) {
    await reset(db, input, await snapshot(db, true));
    if ((await editBefore(db, n, way, () => editSamples(db, samples))) < n) break;
    const found = {
      tags: (await db.collection(samples).countDocuments({ tags: 'client' })) - count,
      fields: (await db.collection(samples).countDocuments({ by_client: 1 })) - count,
      labels: (await db.collection(samples).countDocuments({ 'inst.note': LABEL })) - labelled,
    };
    if (Object.values(found).some((missing) => missing !== 0)) wrong.push(`before ${n} of ${commands}: ${JSON.stringify(found)}`);
  }
  expect(wrong).toEqual([]);
}, 600_000);
