import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { Doc, decode, encode, toEjson, type Value } from '../src/bson/index.js';
import { FiftyOneError, MalformedError } from '../src/errors.js';
import { foldEdits } from '../src/migrations/fold-edits.js';
import { pathBetween } from '../src/migrations/path.js';
import { changesOf, type DatasetPlan, planDataset } from '../src/migrations/plan.js';
import type { DatasetRecord } from '../src/migrations/revision.js';
import { WORK } from '../src/migrations/work.js';
import { readDump } from './support/dump.js';
import { freshDatabase } from './support/fresh-database.js';
import { migrated } from './support/migrated.js';
import { copyOf, databaseWith, type OwnDocuments } from './support/multiplied.js';
import { type Change, Donors, mutate, WRONG } from './support/mutations.js';
import { contextFor } from './support/plan-context.js';
import { RecordPool, VERSIONS } from './support/record-pool.js';
import type { Snapshot } from './support/snapshot.js';

/** How many malformed datasets: `npm run test:laws` has 10,000. */
const SEEDS = Number(process.env.MALFORMED_SEEDS ?? 500);
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
      expect(edit.collection).toMatch(/^[^$\0]+$/);
      JSON.stringify(edit);
    }
  });
  fc.assert(property, { numRuns: SEEDS, seed: SEED });
}, 600_000);

/** How many malformed datasets per way on a real server. */
const STORED = Math.ceil(SEEDS / 50);

test.each([
  ['databases/0.6.0-synth', '0.6.0', '1.22.1'],
  ['databases/0.14.3-main', '0.14.3', '1.22.1'],
  ['databases/1.22.1-main', '1.22.1', '0.17.0'],
  ['databases/1.22.1-main', '1.22.1', '0.6.0'],
])(
  'a malformed dataset with malformed samples is migrated, or stays byte for byte as it is: %s from %s to %s',
  async (input, from, to) => {
    const recorded = await readDump(input);
    const wrong = fc.sample(fc.tuple(changes, fc.array(fc.tuple(number, changes), { maxLength: 3 })), {
      numRuns: STORED,
      seed: SEED,
    });
    const datasets = wrong.map(([ofDataset, ofSamples], i) =>
      spoilt(copyOf(recorded, i), i % 2 === 0 ? ofDataset : [], ofSamples),
    );
    const content = databaseWith(from, datasets);
    const database = await freshDatabase(content);
    const first = await migrated(database, { target: to });
    const { result } = first;

    expect(first.report.datasets.length).toBe(datasets.length);
    const failed = first.report.datasets.filter((outcome) => outcome.result === 'failed');
    for (const { name, error, reasons } of failed) {
      expect(error, `${name}: ${reasons}`).toBeInstanceOf(FiftyOneError);
      expect(reasons.join()).not.toBe('');
    }
    const movedIds = new Set(datasetsThatDiffer(content, result));
    // one that lost its version may be where it is to go
    const went = first.report.datasets.filter(({ result, steps }) => result === 'migrated' && steps.length > 0);
    expect(movedIds.size).toBe(went.length);
    const stayed = datasets.filter(({ id }) => !movedIds.has(String(id)));
    expect(stayed.flatMap((dataset) => differencesOf(dataset, content, result))).toEqual([]);
    expect(await database.db.collection(WORK).countDocuments()).toBe(0);
    const again = await migrated(database, { target: to });
    expect(again.report.datasets.filter((outcome) => outcome.result === 'failed').map(({ reasons }) => reasons)).toEqual(
      failed.map(({ reasons }) => reasons),
    );
    stored.datasets += datasets.length;
    stored.refused += failed.length;
  },
  300_000,
);

const stored = { datasets: 0, refused: 0 };
afterAll(() =>
  console.log(`malformed in a database: ${stored.datasets} datasets; ${stored.refused} refused, the others migrated`),
);

/** Changes for the worse of what belongs to a dataset; `_id`s of small documents stay, for the server wants them unique. */
function spoilt(
  own: OwnDocuments,
  ofDataset: readonly Change[],
  ofSamples: readonly [number, readonly Change[]][],
): OwnDocuments {
  const { dataset, runs, views } = mutate(own.record, ofDataset, new Donors([own.record]));
  const record = { dataset: new Doc([['_id', own.id], ...[...dataset].filter(([key]) => key !== '_id')]), runs, views };
  const large = new Map(own.large);
  for (const [at, changes] of ofSamples) {
    const names = [...large.keys()];
    const name = names[at % names.length];
    if (name === undefined) continue;
    const docs = [...(large.get(name) as Doc[])];
    const i = at % docs.length;
    const old = docs[i] as Doc;
    const donors = new Donors(docs.map((dataset) => ({ dataset, runs: [], views: [] })));
    const { dataset: changed } = mutate({ dataset: old, runs: [], views: [] }, changes, donors);
    docs[i] = new Doc([['_id', old.get('_id') as Value], ...[...changed].filter(([key]) => key !== '_id')]);
    large.set(name, docs);
  }
  return { ...own, record: record as OwnDocuments['record'], large };
}

function datasetsThatDiffer(a: Snapshot, b: Snapshot): string[] {
  const before = new Map(a.collections.get('datasets')?.map((bytes) => [String(decode(bytes).get('_id')), bytes]));
  const after = b.collections.get('datasets') ?? [];
  return after.flatMap((bytes) => {
    const id = String(decode(bytes).get('_id'));
    return Buffer.compare(bytes, before.get(id) as Uint8Array) === 0 ? [] : [id];
  });
}

/** What is not the same of what belongs to a dataset. */
function differencesOf({ name, record, large }: OwnDocuments, a: Snapshot, b: Snapshot): string[] {
  const own = (snapshot: Snapshot, side: 'runs' | 'views') => {
    const ids = new Set(record[side].map((doc) => toEjson(doc.get('_id') ?? null)));
    return (snapshot.collections.get(side) ?? []).filter((bytes) => ids.has(toEjson(decode(bytes).get('_id') ?? null)));
  };
  const pairs = [
    ...(['runs', 'views'] as const).map((side) => [side, own(a, side), own(b, side)] as const),
    ...[...large.keys()].map((key) => [key, a.collections.get(key) ?? [], b.collections.get(key) ?? []] as const),
  ];
  return pairs.flatMap(([key, left, right]) => (Buffer.concat(left).equals(Buffer.concat(right)) ? [] : [`${key} of ${name}`]));
}
