import { expect, test } from 'vitest';
import { LEASES, leaseStore } from '../src/database/lease-store.js';
import { isHeld, Leases } from '../src/database/leases.js';
import type { Database } from '../src/datasets/database.js';
import { migrateDatasets } from '../src/migrations/migrate.js';
import { differences } from './support/differences.js';
import { readDump } from './support/dump.js';
import { DEATHS, mortal } from './support/mortal.js';
import { reset } from './support/reset.js';
import { sameDatabase, sdkDatabase } from './support/sdk-database.js';
import { snapshot } from './support/snapshot.js';

const DATABASE = 'databases/1.0.2-main';

test('a dataset goes with everything that belongs to it, and nothing else does', async () => {
  const { db, fo } = await sdkDatabase(await readDump(DATABASE));
  await migrateDatasets(fo.connection, ['labels'], { target: '0.22.0' });
  const id = (await db.collection('datasets').findOne({ name: 'labels' }))?._id;
  await db.collection('delegated_ops').insertMany([{ dataset_id: id }, { dataset_id: 'other' }] as never[]);
  await db.collection('workspaces').insertOne({ _dataset_id: id });
  await db.collection('tags').insertOne({ _dataset_id: id });
  const before = await snapshot(db, true);
  await fo.deleteDataset('labels');
  const after = await snapshot(db, true);
  const text = JSON.stringify(
    [...after.collections].map(([name, docs]) => [name, docs.map((doc) => Buffer.from(doc).toString('latin1'))]),
  );
  expect(text).not.toContain(JSON.stringify(Buffer.from(id?.id as never).toString('latin1')).slice(1, -1));
  for (const [name, docs] of before.collections) {
    if (name.includes(String(id))) expect(after.collections.has(name), name).toBe(false);
    else
      expect(docs.map((doc) => Buffer.from(doc).toString('base64'))).toEqual(
        expect.arrayContaining(rows(after.collections.get(name) ?? [])),
      );
  }
  expect(await db.collection('delegated_ops').countDocuments()).toBe(1);
  await expect(fo.deleteDataset('labels')).rejects.toThrow('Dataset labels not found');
});

function rows(docs: readonly Uint8Array[]): string[] {
  return docs.map((doc) => Buffer.from(doc).toString('base64'));
}

test('whoever dies while deleting leaves a dataset that can be deleted, and then everything is gone', {
  timeout: 240_000,
}, async () => {
  const input = await readDump(DATABASE);
  const { db, name, uri, fo } = await sdkDatabase(input);
  const [dataset] = await namesWithRuns(fo);
  const life = mortal(name);
  await fo.deleteDataset(dataset as string);
  const commands = life.commands();
  await life.settled();
  const expected = await snapshot(db);
  expect(commands).toBeGreaterThan(15);
  for (let most = 1; most <= commands; most++) {
    for (const death of DEATHS.slice(most % 2, (most % 2) + 1)) {
      await reset(db, input, await snapshot(db, true));
      const dying = await sameDatabase({ uri, name });
      const dead = mortal(name, most, death);
      await dying.deleteDataset(dataset as string).catch(() => {});
      await dead.settled();
      await db.collection(LEASES).updateMany({}, { $set: { expires: new Date(0) } });
      if (await fo.datasetExists(dataset as string)) await fo.deleteDataset(dataset as string);
      expect(differences(expected, await snapshot(db)), `dead at command ${most} (${death})`).toEqual([]);
      await dying.connection.close();
    }
  }
});

async function namesWithRuns(fo: Database): Promise<string[]> {
  const runs = await fo.connection.db.collection('runs').distinct('_dataset_id');
  const found = await fo.connection.db
    .collection('datasets')
    .find({ _id: { $in: runs } })
    .toArray();
  return found.map(({ name }) => name);
}

test('a dataset that somebody migrates is not deleted', async () => {
  const { db, fo } = await sdkDatabase();
  const dataset = await fo.createDataset('d');
  const leases = new Leases(leaseStore(db));
  expect(isHeld(await leases.take(`dataset ${dataset.id}`))).toBe(true);
  await expect(fo.deleteDataset('d')).rejects.toThrow("dataset 'd' is being worked on by");
  await leases.releaseAll();
  await dataset.delete();
  expect(await fo.listDatasets()).toEqual([]);
});

test('results that two runs share stay for the other, and frames that clips come from', async () => {
  const { db, fo } = await sdkDatabase();
  const [a, b] = [await fo.createDataset('a'), await fo.createDataset('b')];
  const results = (await db.collection('fs.files').insertOne({ filename: 'x' })).insertedId;
  await db.collection('runs').insertMany([
    { _dataset_id: a.id, results },
    { _dataset_id: b.id, results },
  ]);
  await db.collection('frames.x').insertOne({});
  await db.collection('datasets').updateOne({ name: 'a' }, { $set: { frame_collection_name: 'frames.x' } });
  await db
    .collection('datasets')
    .updateOne({ name: 'b' }, { $set: { frame_collection_name: 'frames.x', sample_collection_name: 'clips.b' } });
  await fo.deleteDataset('b');
  expect(await db.collection('frames.x').countDocuments()).toBe(1);
  expect(await db.collection('fs.files').countDocuments()).toBe(1);
  await fo.deleteDataset('a');
  expect(await db.collection('fs.files').countDocuments()).toBe(0);
  expect(await db.listCollections({ name: 'frames.x' }).toArray()).toEqual([]);
});

test('datasets behind saved views are left to go with the last client', async () => {
  const { db, fo } = await sdkDatabase();
  const dataset = await fo.createDataset('d');
  const generated = await fo.createDataset('generated', { persistent: true });
  await db
    .collection('datasets')
    .updateOne({ name: 'generated' }, { $set: { sample_collection_name: `patches.${generated.id}` } });
  const stage = JSON.stringify({
    _cls: 'fiftyone.core.stages.ToPatches',
    kwargs: [
      ['field', 'gt'],
      ['_state', { dataset: 'd', name: 'generated' }],
    ],
  });
  await db.collection('views').insertOne({ _dataset_id: dataset.id, name: 'v', view_stages: [stage, 'not JSON'] });
  await fo.deleteDataset('d');
  expect((await db.collection('datasets').findOne({ name: 'generated' }))?.persistent).toBe(false);
  expect(await db.collection('views').countDocuments()).toBe(0);
});
