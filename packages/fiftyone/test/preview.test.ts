import type { Db } from 'mongodb';
import { ObjectId } from 'mongodb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { decode, encode, type ReadonlyDoc } from '../src/bson/index.js';
import { findDocs, findRaw } from '../src/database/raw.js';
import { applyEdit } from '../src/migrations/bulk-edits.js';
import { pathBetween } from '../src/migrations/path.js';
import { type DatasetPlan, planDataset } from '../src/migrations/plan.js';
import { differencesOf } from '../src/migrations/preview/differences.js';
import { previewEdit } from '../src/migrations/preview/edit-preview.js';
import { totalOf } from '../src/migrations/preview/total.js';
import { readRecord } from '../src/migrations/read-record.js';
import { missingVersion } from '../src/version.js';
import { adminOf, fiftyone } from './support/command.js';
import { differences } from './support/differences.js';
import { readDump } from './support/dump.js';
import { freshDatabase } from './support/fresh-database.js';
import { startMongod } from './support/mongod.js';
import { databaseOf, smallDatabase, smallDataset } from './support/small-database.js';
import { snapshot } from './support/snapshot.js';

/** The plans of all datasets of a database that nothing stands in the way of. */
async function plansTo(db: Db, to: string): Promise<DatasetPlan[]> {
  const plans: DatasetPlan[] = [];
  for (const dataset of await findDocs(db, 'datasets', {}, { sort: { name: 1 } })) {
    const record = await readRecord(db, dataset.get('_id') as ObjectId);
    if (!record) throw new Error('no record');
    const from = (dataset.get('version') as string | undefined) ?? missingVersion;
    const { direction, path } = pathBetween(from, to, false);
    const none = { has: () => false };
    const context = {
      now: { ms: 1_795_000_000_000, micros: 0 },
      others: { names: none, slugs: none },
      newId: () => new ObjectId(),
    };
    const plan = planDataset(record, to, direction, path, (warn) => ({ ...context, warn }));
    if (plan.blocked.length === 0) plans.push(plan);
  }
  return plans;
}

async function documentsOf(db: Db, collection: string): Promise<Map<string, ReadonlyDoc>> {
  const docs = new Map<string, ReadonlyDoc>();
  for await (const bytes of findRaw(db, collection)) {
    const doc = decode(bytes);
    docs.set(String(doc.get('_id')), doc);
  }
  return docs;
}

describe('what a preview shows of a bulk edit is what the edit does', () => {
  test.each([
    ['0.6.0-synth', '1.22.1', 20],
    ['0.6.5-main', '1.22.1', 20],
    ['1.22.1-main', '0.6.5', 20],
    ['0.7.3-main', '0.6.0', 10],
  ])('from %s to %s', async (name, to, least) => {
    const { db } = await freshDatabase(await readDump(`databases/${name}`));
    let examples = 0;
    for (const { stages } of await plansTo(db, to)) {
      for (const edit of stages.flatMap(({ bulk }) => bulk)) {
        const preview = await previewEdit(db, 'v', edit, [], 'full');
        const before = await documentsOf(db, preview.collection);
        await applyEdit(db, edit);
        const after = await documentsOf(db, preview.collection);
        const changed = [...after].filter(([id, doc]) => !Buffer.from(encode(doc)).equals(encode(before.get(id) as ReadonlyDoc)));
        if (preview.example === undefined)
          expect(edit.kind === 'drop-index' || changed.length === 0 || edit.kind === 'merge').toBe(true);
        else {
          const id = String(preview.example.id);
          expect(preview.example.differences.places).toEqual(
            differencesOf(before.get(id) as ReadonlyDoc, after.get(id) as ReadonlyDoc),
          );
          examples++;
        }
        if (edit.kind === 'update') expect(preview.documents).toBeGreaterThanOrEqual(changed.length);
        if (edit.kind === 'update' && preview.how === 'counted') expect(preview.documents).toBe(changed.length);
      }
    }
    expect(examples).toBeGreaterThanOrEqual(least);
  });
});

test('--dry-run shows how many documents change and one of them, and --verbose everything', async () => {
  const database = await freshDatabase(await readDump('databases/0.14.3-main'));
  const before = await snapshot(database.db);
  const labels = await database.db.collection('datasets').findOne({ name: 'labels' });
  const samples = labels?.sample_collection_name;
  const count = await database.db.collection(samples).countDocuments();
  const first = await database.db.collection(samples).findOne();
  const dry = async (...args: string[]) =>
    (await fiftyone(['migrate', '--all', '-v', '1.22.1', '--dry-run', ...args], adminOf(database))).stdout;
  const [short, long] = [await dry(), await dry('--verbose')];
  expect(short).toContain(
    `  edits ${samples}: write the id of the dataset (${count} documents)\n` +
      `    for example ${first?._id}:\n      + _dataset_id ${labels?._id}\n`,
  );
  expect(short).toMatch(
    /^labels: .*\n {2}steps: .*\n {2}changes \d+ places of the dataset's document:\n(?: {4}[+~-] .*\n){4} {4}… and \d+ more: --verbose shows all\n/m,
  );
  expect(short).toMatch(/^ {2}adds \d+ runs: /m);
  expect(short).toContain('Takes a moment, by an estimate: no collection that changes is large.\n');
  expect(long).not.toContain('--verbose');
  expect(long.length).toBeGreaterThan(3 * short.length);
  const report = JSON.parse(await dry('--json'));
  const { preview } = report.datasets.find(({ name }: { name: string }) => name === 'labels');
  expect(preview.dataset.places).toContainEqual({ path: 'version', kind: 'changed', before: '0.14.3', after: '1.22.1' });
  expect(preview.edits[0]).toMatchObject({
    step: 'v0.20.0',
    collection: samples,
    documents: count,
    how: 'counted',
    example: {
      id: { $oid: String(first?._id) },
      differences: { count: 1, places: [{ path: '_dataset_id', kind: 'added', after: { $oid: String(labels?._id) } }] },
    },
  });
  expect(differences(before, await snapshot(database.db))).toEqual([]);
});

test('every document that is in the way is named: the first ten, all with --verbose, and with --json up to ten thousand', async () => {
  const dataset = smallDataset('a', '0.7.0', { sample_collection_name: 'samples.1', media_type: 'image' });
  const polyline = { _cls: 'Polyline', points: [[[0, 0]], [[1, 1]]] };
  const many = 10_050;
  const database = await databaseOf({
    config: [{ version: '0.7.0', type: 'fiftyone' }],
    datasets: [dataset],
    'samples.1': Array.from({ length: many }, () => ({ _id: new ObjectId(), polyline })),
  });
  const dry = (...args: string[]) => fiftyone(['migrate', '--all', '-v', '0.6.0', '--dry-run', ...args], adminOf(database));
  const { code, stdout } = await dry();
  expect(code).toBe(1);
  expect(stdout).toContain(
    '  BLOCKED: v0.6.2: a polyline has several shapes, but releases before 0.6.2 can store only one, in 10,050 documents of samples.1:\n',
  );
  expect(stdout.match(/^ {4}_id /gm)).toHaveLength(10);
  expect(stdout).toContain('    … and 10,040 more: --verbose or --json lists them, ten thousand at most\n');
  expect((await dry('--verbose')).stdout.match(/^ {4}_id /gm)).toHaveLength(10_000);
  const [found] = JSON.parse((await dry('--json')).stdout).datasets;
  expect(found.preview.malformed).toMatchObject([{ step: 'v0.6.2', collection: 'samples.1', count: many }]);
  expect(found.preview.malformed[0].ids).toHaveLength(10_000);
  expect(found.reasons[0]).toMatch(/ in 10050 of samples\.1: _id \w+, \w+, \w+, …$/);
});

test('a large collection is sampled for an estimate of time and disk, and the journal stays as it was', async () => {
  const fields = [{ name: 'id', ftype: 'fiftyone.core.fields.ObjectIdField' }];
  const database = await smallDatabase(
    '0.19.0',
    smallDataset('large', '0.19.0', { sample_collection_name: 'samples.1', sample_fields: fields }),
  );
  await database.db.collection('samples.1').insertMany(Array.from({ length: 5000 }, () => ({ filepath: 'x'.repeat(500) })));
  const args = ['migrate', '--all', '--dry-run'];
  const { stdout } = await fiftyone(args, adminOf(database));
  expect(stdout).toMatch(/^Takes about .* and up to .* of disk; .* of the disk are free\. An estimate, from 200 documents\.$/m);
  const { estimate } = JSON.parse((await fiftyone([...args, '--json'], adminOf(database))).stdout);
  expect(estimate).toMatchObject({ sampled: 200, isReplicaSet: false, warnings: [] });
  expect(estimate.seconds).toBeGreaterThan(0);
  expect(estimate.diskBytes).toBeGreaterThan(0);
  expect((await database.db.listCollections({ name: /^migrations/ }).toArray()).length).toBe(0);
});

test('a document that is too large to be shown before and after has no example, and is counted all the same', async () => {
  const fields = [{ name: 'id', ftype: 'fiftyone.core.fields.ObjectIdField' }];
  const dataset = smallDataset('a', '0.19.0', { sample_collection_name: 'samples.1', sample_fields: fields });
  const database = await databaseOf({
    config: [{ version: '0.19.0', type: 'fiftyone' }],
    datasets: [dataset],
    'samples.1': [{ mask: 'x'.repeat(9_000_000) }],
  });
  const { code, stdout } = await fiftyone(['migrate', '--all', '--dry-run'], adminOf(database));
  expect(code).toBe(0);
  expect(stdout).toContain('  edits samples.1: write the id of the dataset (1 document)\n  edits samples.1: set created_at');
});

test('on a replica set the oplog counts too, and there is a warning when it is too small', async () => {
  const server = await startMongod({ replicaSet: true });
  const { MongoClient } = await import('mongodb');
  const client = await MongoClient.connect(server.uri);
  onTestFinished(async () => {
    await client.close();
    await server.stop();
  });
  const estimate = { seconds: 1, diskBytes: 1, oplogBytes: 100_000_000, sampled: 200 };
  const total = await totalOf(client.db('a'), [estimate, estimate]);
  expect(total).toMatchObject({ seconds: 2, oplogBytes: 200_000_000, sampled: 400, isReplicaSet: true });
  expect(total.oplogSize).toBe(64 * 1024 * 1024);
  expect(total.warnings).toEqual([expect.stringMatching(/^the oplog holds less/)]);
});
