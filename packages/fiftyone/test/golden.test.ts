import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { encode, ObjectId } from '../src/bson/index.js';
import { leaseStore } from '../src/database/lease-store.js';
import { type Lease, Leases } from '../src/database/leases.js';
import { Attempts, applyPlan } from '../src/migrations/apply.js';
import { derivedIds } from '../src/migrations/derived-ids.js';
import { findMalformed, reasonOf } from '../src/migrations/documents-check.js';
import { limited } from '../src/migrations/limited.js';
import { NameRegistry } from '../src/migrations/name-registry.js';
import { type PathStep, planDataset } from '../src/migrations/plan.js';
import { readRecord } from '../src/migrations/read-record.js';
import type { Revision } from '../src/migrations/revision.js';
import type { Direction } from '../src/migrations/select.js';
import { WorkLog } from '../src/migrations/work.js';
import { differences } from './support/differences.js';
import { freshDatabase } from './support/fresh-database.js';
import { expectedAfter, type GoldenCase, readGolden, snapshotOf } from './support/golden.js';
import { snapshot } from './support/snapshot.js';
import { TINY_PARTS } from './support/tiny-parts.js';

/** The clock that was fixed while the cases were recorded: 2024-05-06T07:08:09.123456. */
const NOW = { ms: Date.UTC(2024, 4, 6, 7, 8, 9, 123), micros: 456 };

const folder = new URL('./fixtures/revisions/', import.meta.url);
const names = readdirSync(folder)
  .filter((file) => /^(v|chain-)/.test(file))
  .map((file) => file.replace('.json', ''))
  .sort();

async function stepOf(version: string, direction: Direction): Promise<PathStep> {
  const module = (await import(`../src/migrations/revisions/v${version}.ts`)) as Record<string, Revision>;
  const revision = module[`v${version.replaceAll('.', '_')}`] as Revision;
  expect(revision.version).toBe(version);
  return { name: `v${version}`, summary: revision.summary, step: revision[direction] };
}

describe.each(names)('%s', (name) => {
  const golden: GoldenCase = readGolden(folder, name);

  test(`${golden.revisions.join(' ')} ${golden.direction}: ${golden.notes}`, async () => {
    const before = snapshotOf(golden.before);
    const { db } = await freshDatabase(before);
    const dataset = await db.collection('datasets').findOne({ name: golden.datasetName });
    if (dataset === null) {
      expect(golden.difference?.kind, 'a dataset that does not exist is refused').toBe('refused');
      return;
    }
    const record = await readRecord(db, dataset._id);
    if (!record) throw new Error('the dataset is gone');
    const registry = new NameRegistry();
    for (const doc of await db.collection('datasets').find().toArray()) registry.enter(doc._id, doc.name, doc.slug);
    const path = await Promise.all(golden.revisions.map((version) => stepOf(version, golden.direction)));
    const newId = derivedIds(dataset._id instanceof ObjectId ? dataset._id : new ObjectId(), name);
    const context = { now: NOW, others: registry.others(dataset._id), newId };
    const plan = planDataset(record, golden.stamp ?? '0.0', golden.direction, path, (warn) => ({ ...context, warn }));
    const reasons = [...plan.blocked, ...(await findMalformed(db, plan)).map(reasonOf)];

    if (golden.difference?.kind === 'refused') {
      expect(reasons, 'it is refused').not.toEqual([]);
    } else {
      expect(reasons, 'nothing is in the way').toEqual([]);
      if (golden.error !== null) expect(golden.difference?.kind, 'the real client fails here: what do we do?').toBe('done');
      const editing = {
        concurrency: 2,
        limited: limited(2),
        mayGoOn: async () => {},
        isSmall: async () => false,
        sizes: TINY_PARTS,
      };
      const applier = { db, work: new WorkLog(db), hasCollection: () => true, editing };
      const begun = { from: null, to: '0.0', now: NOW, keepUnknown: true, attic: false };
      const lease = (await new Leases(leaseStore(db)).take('golden')) as Lease;
      expect(
        await applyPlan(
          applier,
          { ...plan, before: record, bytes: encode(plan.after.dataset) },
          begun,
          lease,
          new Attempts(undefined),
        ),
      ).toBe(true);
      if (!golden.difference) expect(plan.warnings).toEqual(golden.messages);
    }
    expect(differences(snapshotOf(expectedAfter(golden)), await snapshot(db), { base: before })).toEqual([]);
  });
});
