import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { DatasetRecord } from '../src/migrations/revision.js';
import { inTwo, thereAndBack, type Verdict } from './support/laws.js';
import { isLeftOver } from './support/left-over.js';
import { type Change, Donors, PLAUSIBLE, vary } from './support/mutations.js';
import { RecordPool, VERSIONS } from './support/record-pool.js';

/** How many generated datasets for each step, and a multiple of it for pairs. More with LAWS_SEEDS=N, others with LAWS_SEED=S. */
const SEEDS = Number(process.env.LAWS_SEEDS ?? 20);
const SEED = Number(process.env.LAWS_SEED ?? 1);

const pool = await RecordPool.open();
const donors = new Map<string, Donors>();
const total = { datasets: 0, blocked: 0 };
afterAll(() =>
  console.log(`laws: ${total.datasets} generated datasets, seed ${SEED}; ${total.blocked} of them cannot go that way`),
);

const number = fc.nat(2 ** 30);
const changes: fc.Arbitrary<Change[]> = fc.array(
  fc.record({ kind: fc.constantFrom(...PLAUSIBLE), place: number, choice: number }),
  { maxLength: 6 },
);

/** A dataset as some client could have written it: a recorded one, changed by what others have in the same places. */
function generated(version: string, base: number, changes: readonly Change[]): DatasetRecord {
  const records = pool.at(version);
  if (!donors.has(version)) donors.set(version, new Donors(records));
  return vary(records[base % records.length] as DatasetRecord, changes, donors.get(version) as Donors);
}

function expectLawful({ blocked, violations }: Verdict): void {
  total.datasets++;
  if (blocked) total.blocked++;
  expect(violations.map(({ law, lines }) => `${law}: ${lines.slice(0, 5).join('\n  ')}`).join('\n')).toBe('');
}

const steps = VERSIONS.slice(1).flatMap((newer, i) => {
  const older = VERSIONS[i] as string;
  return [
    { from: older, to: newer },
    { from: newer, to: older },
  ];
});

test.each(steps)(
  'what goes from $from to $to and back is the same, or was declared as lost',
  ({ from, to }) => {
    const property = fc.property(number, changes, fc.boolean(), (base, changes, keepUnknown) => {
      expectLawful(thereAndBack(generated(from, base, changes), { from, to, keepUnknown }, isLeftOver(from, to)));
    });
    fc.assert(property, { numRuns: SEEDS, seed: SEED + VERSIONS.indexOf(from) * 1000 + VERSIONS.indexOf(to) });
  },
  600_000,
);

const place = fc.nat(VERSIONS.length - 1);
const pair = fc.tuple(place, place).filter(([a, b]) => a !== b);

test('what goes from any version to any other and back is the same, or was declared as lost', () => {
  const property = fc.property(number, changes, fc.boolean(), pair, (base, changes, keepUnknown, [a, b]) => {
    const [from, to] = [VERSIONS[a] as string, VERSIONS[b] as string];
    expectLawful(thereAndBack(generated(from, base, changes), { from, to, keepUnknown }, isLeftOver(from, to)));
  });
  fc.assert(property, { numRuns: SEEDS * 15, seed: SEED });
}, 600_000);

test('one path is the same as any two that it consists of', () => {
  const property = fc.property(
    number,
    changes,
    fc.uniqueArray(place, { minLength: 3, maxLength: 3 }),
    (base, changes, places) => {
      const [low, between, high] = places.sort((a, b) => a - b).map((i) => VERSIONS[i]) as [string, string, string];
      const [from, to] = base % 2 === 0 ? [low, high] : [high, low];
      expectLawful(inTwo(generated(from, base, changes), { from, to, keepUnknown: true }, between));
    },
  );
  fc.assert(property, { numRuns: SEEDS * 15, seed: SEED });
}, 600_000);
