import { readdirSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { decode, encode } from '../src/bson/index.js';
import { revisions } from '../src/migrations/revisions/index.js';
import type { Direction } from '../src/migrations/select.js';
import { idsOf, partOf } from './support/dataset-parts.js';
import { everyDeath, type Journey } from './support/deaths.js';
import { readDump } from './support/dump.js';
import { freshDatabase } from './support/fresh-database.js';
import { type GoldenCase, readGolden, snapshotOf } from './support/golden.js';
import { migrated } from './support/migrated.js';
import { type Snapshot, snapshot } from './support/snapshot.js';
import { TINY_PARTS } from './support/tiny-parts.js';

/** `npm run test:deaths` dies at every point, `npm test` at some of them. */
const ALL = process.env.EVERY_DEATH === '1';

const versions = [...revisions.keys()];
const BEFORE_ALL = '0.6.0';

const total = { points: 0, journeys: 0, seconds: performance.now() / 1000 };
afterAll(() => {
  const seconds = Math.round(performance.now() / 1000 - total.seconds);
  console.log(`died at ${total.points} points of ${total.journeys} journeys in ${seconds} s`);
});

async function expectSurvived(journey: Journey, every: number): Promise<void> {
  const { points, commands, refused, wrong, changes } = await everyDeath(journey, { every: ALL ? 1 : every });
  total.points += points;
  total.journeys++;
  if (ALL) console.log(`${journey.name}: died at ${points} points, ${commands} commands`);
  expect(refused).toEqual([]);
  expect(changes, 'the journey changes something').toBe(true);
  // the runs that die may take a few commands less than the first one did
  expect(points).toBeGreaterThanOrEqual(Math.floor((2 * commands * 0.8) / (ALL ? 1 : every)) - 1);
  expect(points).toBeGreaterThan(0);
  expect(wrong).toEqual([]);
}

const folder = new URL('fixtures/revisions/', import.meta.url);
const cases = readdirSync(folder)
  .filter((file) => /^v\d/.test(file))
  .sort()
  .map((file) => readGolden(folder, file.replace('.json', '')));

describe.each(versions)('revision %s', (version) => {
  for (const direction of ['up', 'down'] as const) {
    const golden = richest(version, direction);
    if (golden === undefined) continue;
    test(`a run that dies after any command is finished by the next one, with the same result: ${direction}`, async () => {
      const older = versions[versions.indexOf(version) - 1] ?? BEFORE_ALL;
      const [from, to] = direction === 'up' ? [older, version] : [version, older];
      const input = atVersion(snapshotOf(golden.before), from);
      await expectSurvived(
        { name: `${from} to ${to}`, input, options: { target: to, keepUnknown: true, partSizes: TINY_PARTS } },
        24,
      );
    }, 300_000);
  }
});

/** The recorded case in which a revision has most to do. */
function richest(version: string, direction: Direction): GoldenCase | undefined {
  const usable = cases.filter((golden) => golden.error === null || golden.difference?.kind === 'done');
  const found = usable.filter((golden) => golden.difference?.kind !== 'refused' && golden.revisions[0] === version);
  return found.filter((golden) => golden.direction === direction).sort((a, b) => weight(b) - weight(a))[0];
}

function weight({ before, after }: GoldenCase): number {
  const [old, now] = [before, after].map((state) => snapshotOf(state).collections);
  const changed = [...(now ?? [])].filter(([name, docs]) =>
    Buffer.compare(Buffer.concat(docs), Buffer.concat(old?.get(name) ?? [])),
  );
  return changed.length * 1e6 + encode(after).length;
}

/** As a database of that version whose datasets all have it. */
function atVersion(snapshot: Snapshot, version: string): Snapshot {
  const stored = version !== BEFORE_ALL;
  const datasets = (snapshot.collections.get('datasets') ?? []).map(decode).map((doc) => {
    doc.delete('version');
    return encode(stored ? doc.set('version', version) : doc);
  });
  return { ...snapshot, collections: new Map(snapshot.collections).set('datasets', datasets) };
}

/** Whole ways on what real clients wrote, `first` to another version; `datasets` where not all can go it. */
const PATHS: readonly { input: string; first?: string; target: string; datasets?: readonly string[]; every: number }[] = [
  { input: 'databases/0.6.0-synth', target: '1.22.1', every: 40 },
  { input: 'databases/1.22.1-main', target: '0.14.3', datasets: ['labels', 'video', 'all-fields', 'odd-fields'], every: 60 },
  { input: 'databases/1.22.1-main', target: '0.6.0', datasets: ['video', 'empty-video'], every: 60 },
  { input: 'databases/0.18.0-main', target: '1.22.1', datasets: ['labels', 'video', 'groups'], every: 40 },
  {
    input: 'databases/1.22.1-main',
    target: '0.18.0',
    datasets: ['labels', 'groups', 'threed', 'video', 'My Dataset! v2'],
    every: 60,
  },
  { input: 'databases/0.14.3-main', target: '1.22.1', datasets: ['labels', 'video', 'all-fields', 'UPPER case'], every: 60 },
  { input: 'databases/1.22.1-main', first: '0.15.1', target: '1.22.1', datasets: ['labels', 'video'], every: 30 },
  { input: 'databases/1.22.1-main', first: '0.15.1', target: '0.18.0', datasets: ['labels', 'video'], every: 30 },
];

/** With what the attic has then. */
async function movedTo(input: Snapshot, target: string): Promise<Snapshot> {
  const database = await freshDatabase(input);
  await migrated(database, { target });
  return await snapshot(database.db, true);
}

test.each(PATHS)(
  'a run that dies after any command on the way from $input to $target is finished by the next one',
  async (path) => {
    const whole = await readDump(path.input);
    const part = path.datasets === undefined ? whole : partOf(whole, idsOf(whole, path.datasets));
    const input = path.first === undefined ? part : await movedTo(part, path.first);
    const name = `${path.input} to ${path.target}${path.datasets === undefined ? '' : ` (${path.datasets.join(', ')})`}`;
    await expectSurvived({ name, input, options: { target: path.target } }, path.every);
  },
  600_000,
);
