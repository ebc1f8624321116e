import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { decode, encode } from '../src/bson/index.js';
import { MalformedError } from '../src/errors.js';
import { foldEdits } from '../src/migrations/fold-edits.js';
import { pathBetween } from '../src/migrations/path.js';
import { changesOf, type DatasetPlan, planDataset } from '../src/migrations/plan.js';
import type { DatasetRecord } from '../src/migrations/revision.js';
import { type Change, Donors, mutate, WRONG } from './support/mutations.js';
import { contextFor } from './support/plan-context.js';
import { RecordPool, VERSIONS } from './support/record-pool.js';

/** How many malformed datasets; `npm run test:laws` has ten times as many. */
const SEEDS = Number(process.env.MALFORMED_SEEDS ?? 1000);
const SEED = Number(process.env.LAWS_SEED ?? 1);

const pool = await RecordPool.open();
const donors = new Map<string, Donors>();
const total = { datasets: 0, refused: 0 };
afterAll(() => console.log(`malformed: ${total.datasets} datasets, seed ${SEED}; ${total.refused} refused, the others can go`));

const number = fc.nat(2 ** 30);
const changes: fc.Arbitrary<Change[]> = fc.array(fc.record({ kind: fc.constantFrom(...WRONG), place: number, choice: number }), {
  minLength: 1,
  maxLength: 4,
});
const place = fc.nat(VERSIONS.length - 1);
const pair = fc.tuple(place, place).filter(([a, b]) => a !== b);

/** What a refusal has to be: which step, where, what is there and what is not. Or a reason that a step gives itself. */
const MESSAGE = /^(v[\d.]+|fit to [\d.]+): \S.* is .+, expected .+$/s;
const REASONS =
  /^(Cannot migrate dataset '.*' (below|to) v|(says that it is older|carries no version) but looks newer than|release [\d.]+ does not know groups)/s;

function malformed(version: string, base: number, changes: readonly Change[]): DatasetRecord {
  const records = pool.at(version);
  if (!donors.has(version)) donors.set(version, new Donors(records));
  return mutate(records[base % records.length] as DatasetRecord, changes, donors.get(version) as Donors);
}

/** The plan, or nothing when the dataset cannot even be planned. */
function planned(record: DatasetRecord, from: string, to: string, keepUnknown: boolean): DatasetPlan | undefined {
  const { direction, path } = pathBetween(from, to, keepUnknown);
  try {
    return planDataset(record, to, direction, path, contextFor('malformed'));
  } catch (error) {
    // the engine makes it the reason of the refusal
    expect(error).toBeInstanceOf(MalformedError);
    return undefined;
  }
}

test('a malformed dataset can be planned, or is refused with the place and what is there', () => {
  const property = fc.property(number, changes, fc.boolean(), pair, (base, changes, keepUnknown, [a, b]) => {
    const [from, to] = [VERSIONS[a] as string, VERSIONS[b] as string];
    const record = malformed(from, base, changes);
    const before = encode(record.dataset);
    const plan = planned(record, from, to, keepUnknown);
    total.datasets++;
    if (plan === undefined || plan.blocked.length > 0) total.refused++;
    for (const reason of plan?.blocked ?? []) expect(reason).toMatch(REASONS.test(reason) ? REASONS : MESSAGE);
    expect(encode(record.dataset)).toEqual(before);
    if (plan === undefined) return;
    // what the engine makes of a plan before the first write
    for (const doc of [plan.after.dataset, ...plan.after.runs, ...plan.after.views]) decode(encode(doc));
    for (const side of ['runs', 'views'] as const) changesOf(plan.before[side], plan.after[side]);
    for (const edit of foldEdits(plan.stages.flatMap(({ bulk }) => bulk))) {
      expect(edit.collection).toMatch(/^[^$\0][^$\0]*$/);
      JSON.stringify(edit);
    }
  });
  fc.assert(property, { numRuns: SEEDS, seed: SEED });
}, 600_000);
