import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { Doc, decode, type ObjectId, type Value } from '../src/bson/index.js';
import { applyEdit } from '../src/migrations/bulk-edits.js';
import { derivedIds } from '../src/migrations/derived-ids.js';
import { findMalformed } from '../src/migrations/documents-check.js';
import { fitDocuments } from '../src/migrations/fit/documents.js';
import { foldEdits } from '../src/migrations/fold-edits.js';
import { pathBetween } from '../src/migrations/path.js';
import { planDataset } from '../src/migrations/plan.js';
import { releaseAt } from '../src/migrations/release-documents.js';
import type { BulkEdit } from '../src/migrations/revision.js';
import { differences } from './support/differences.js';
import { readDump } from './support/dump.js';
import { type FreshDatabase, freshDatabase } from './support/fresh-database.js';
import { copyOf, databaseWith, type OwnDocuments } from './support/multiplied.js';
import { type Change, Donors, mutate } from './support/mutations.js';
import { contextFor } from './support/plan-context.js';
import { VERSIONS } from './support/record-pool.js';
import { reset } from './support/reset.js';
import { databaseOf } from './support/small-database.js';
import { type Snapshot, snapshot } from './support/snapshot.js';

/** How many generated collections per recorded database. */
const SEEDS = Math.ceil(Number(process.env.LAWS_SEEDS ?? 20) / 4);
const SEED = Number(process.env.LAWS_SEED ?? 1);

/** To how many documents a collection is filled up. */
const DOCUMENTS = 100;

const total = { collections: 0, edits: 0, refused: 0 };
afterAll(() =>
  console.log(`bulk laws: ${total.edits} edits of ${total.collections} datasets, seed ${SEED}; ${total.refused} refused`),
);

const number = fc.nat(2 ** 30);
const kind = fc.constantFrom('graft', 'graft', 'graft', 'add', 'remove', 'reorder', 'swap' as const);
const change: fc.Arbitrary<Change> = fc.record({ kind, place: number, choice: number });
const changes = fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { minLength: DOCUMENTS, maxLength: DOCUMENTS });

test.each([
  'databases/0.6.0-synth',
  'databases/0.7.3-main',
  'databases/0.14.3-main',
  'databases/0.18.0-main',
  'databases/1.22.1-main',
])(
  'edits of samples and frames give the same in one pass, one by one, repeated, begun again, and in ranges: %s',
  async (input) => {
    const recorded = await readDump(input);
    const from = /\/([\d.]+)-/.exec(input)?.[1] as string;
    const database = await freshDatabase();
    let content = await snapshot(database.db);
    const cases = fc.sample(fc.tuple(number, number, number, changes), { numRuns: SEEDS, seed: SEED });
    for (const [which, where, cut, changes] of cases) {
      const own = filled(copyOf(recorded, which % 1000), changes);
      const to = VERSIONS[where % VERSIONS.length] as string;
      const { direction, path } = pathBetween(from, to, false);
      const plan = planDataset(own.record, to, direction, path, contextFor('bulk'));
      const edits = plan.stages.flatMap(({ bulk }) => bulk);
      if (plan.blocked.length > 0 || edits.length === 0) continue;
      const next = databaseWith(from, [own]);
      await reset(database.db, next, content);
      content = next;
      if ((await findMalformed(database.db, plan)).length > 0) {
        total.refused++;
        continue;
      }
      total.collections++;
      total.edits += edits.length;
      await expectSame(database, content, edits, cut, `${own.name} of ${input} to ${to}`);
    }
  },
  300_000,
);

/** Applies the edits in one way and another, each time to the same documents. */
async function expectSame(
  database: FreshDatabase,
  content: Snapshot,
  edits: readonly BulkEdit[],
  cut: number,
  name: string,
): Promise<void> {
  const { db } = database;
  const after = async (list: readonly BulkEdit[]): Promise<Snapshot> => {
    for (const edit of list) await applyEdit(db, edit);
    const result = await snapshot(db);
    await reset(db, content, result);
    return result;
  };
  const expected = await after(edits);
  const ways: Record<string, readonly BulkEdit[]> = {
    'in one pass': foldEdits(edits),
    'each one twice': edits.flatMap((edit) => [edit, edit]),
    'begun again': [...edits.slice(0, 1 + (cut % edits.length)), ...edits],
    'begun again in one pass': [...foldEdits(edits).slice(0, 1 + (cut % foldEdits(edits).length)), ...foldEdits(edits)],
    'in ranges': foldEdits(edits).flatMap((edit) => inRanges(edit, content, cut)),
  };
  for (const [way, list] of Object.entries(ways)) {
    expect(differences(expected, await after(list)), `${name}: ${way}`).toEqual([]);
  }
}

/** The same edit in two halves; an edit that joins collections needs all of them at once. */
function inRanges(edit: BulkEdit, content: Snapshot, cut: number): BulkEdit[] {
  if (edit.kind !== 'update') return [edit];
  const ids = idsOf(content, edit.collection);
  const id = ids[cut % Math.max(ids.length, 1)];
  if (id === undefined) return [edit];
  return [{ $lt: id }, { $gte: id }].map((range) => ({ ...edit, filter: { $and: [{ _id: range }, edit.filter] } }));
}

const ids = new WeakMap<Snapshot, Map<string, ObjectId[]>>();

function idsOf(content: Snapshot, collection: string): ObjectId[] {
  const found = ids.get(content) ?? new Map<string, ObjectId[]>();
  ids.set(content, found);
  const docs =
    found.get(collection) ?? (content.collections.get(collection) ?? []).map((bytes) => decode(bytes).get('_id') as ObjectId);
  found.set(collection, docs);
  return docs;
}

/** The same dataset with more samples and frames, made of its own. */
function filled(own: OwnDocuments, changes: readonly (readonly Change[])[]): OwnDocuments {
  const newId = derivedIds(own.id, 'more');
  const large = [...own.large].map(([name, docs]): [string, Doc[]] => {
    const donors = new Donors(docs.map((dataset) => ({ dataset, runs: [], views: [] })));
    const more = changes.slice(docs.length).map((changes, i) => {
      const old = docs[i % docs.length] as Doc;
      const { dataset } = mutate({ dataset: old, runs: [], views: [] }, changes, donors);
      return new Doc([['_id', newId()], ...[...dataset].filter(([key]) => key !== '_id')] as [string, Value][]);
    });
    return [name, [...docs, ...more]];
  });
  return { ...own, large: new Map(large) };
}

test('labels in a list, where one document of them belongs, stay as they are and stop nothing', async () => {
  const label = { _cls: 'Detection', instance: { _cls: 'Instance' } };
  const samples = [
    { _id: 1, pred: [{ _cls: 'Detections', detections: [label] }] },
    { _id: 2, pred: { _cls: 'Detections', detections: [label] } },
  ];
  const database = await databaseOf({ samples });
  const field = Doc.of(['name', 'pred'], ['embedded_doc_type', 'fiftyone.core.labels.Detections'], ['db_field', 'pred']);
  const dataset = Doc.of(['sample_collection_name', 'samples'], ['sample_fields', [field]]);
  for (const edit of fitDocuments(dataset, releaseAt('1.4.0'), [])) await applyEdit(database.db, edit);
  expect(await database.db.collection<object>('samples').find().toArray()).toEqual([
    samples[0],
    { _id: 2, pred: { _cls: 'Detections', detections: [{ _cls: 'Detection' }] } },
  ]);
});
