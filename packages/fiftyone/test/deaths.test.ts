import type { Db } from 'mongodb';
import { expect, test } from 'vitest';
import { LEASES } from '../src/database/leases.js';
import { listAttic } from '../src/migrations/attic/attic.js';
import { KEPT_DOCUMENTS } from '../src/migrations/attic/kept-documents.js';
import { WORK } from '../src/migrations/work.js';
import { startProxy } from './support/cutting-proxy.js';
import { idsOf, partOf } from './support/dataset-parts.js';
import { differences } from './support/differences.js';
import { readDump } from './support/dump.js';
import { freshDatabase } from './support/fresh-database.js';
import { migrated } from './support/migrated.js';
import { type Snapshot, snapshot } from './support/snapshot.js';

/** `npm run test:deaths` dies at every point, `npm test` at some of them: spread over the way, each time the same. */
const EVERY = process.env.EVERY_DEATH === '1' ? 1 : 6;

/** Runs a migration that dies after so many commands, then another one that is left alone. */
async function diesAfter(
  input: Snapshot,
  target: string,
  most: number,
): Promise<{ result: Snapshot; left: number; attic: unknown }> {
  const database = await freshDatabase(input);
  const proxy = await startProxy(Number(new URL(database.uri).port), most);
  const uri = `mongodb://127.0.0.1:${proxy.port}/?directConnection=true&serverSelectionTimeoutMS=200`;
  await migrated({ ...database, uri }, { target }).catch(() => undefined);
  await proxy.close();
  // as if the time had passed after which the leases of a dead process are taken over
  await database.db.collection(LEASES).updateMany({}, { $set: { expires: new Date(0) } });
  const { report } = await migrated(database, { target });
  expect(report.datasets.filter(({ result }) => result === 'failed')).toEqual([]);
  const left = await database.db.collection(WORK).countDocuments();
  return { result: await snapshot(database.db), left, attic: await atticOf(database.db) };
}

/** What the attic has: from where to where, and how many documents. */
async function atticOf(db: Db): Promise<unknown> {
  const entries = (await listAttic(db)).map(({ name, from, to, collections, indexes }) => ({
    name,
    from,
    to,
    collections,
    indexes,
  }));
  const sorted = entries.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return { entries: sorted, documents: await db.collection(KEPT_DOCUMENTS).countDocuments() };
}

/** @param first where to go before the run that dies, so that the attic has something to put back */
async function inputOf(recorded: string, first: string | undefined): Promise<Snapshot> {
  const whole = await readDump(recorded);
  const part = partOf(whole, idsOf(whole, ['labels', 'video']));
  if (first === undefined) return part;
  const database = await freshDatabase(part);
  await migrated(database, { target: first });
  return await snapshot(database.db, true);
}

/** Without what is in the attic: its entries say when they were made. */
function ownOf(input: Snapshot): Snapshot {
  return { ...input, collections: new Map([...input.collections].filter(([name]) => !name.startsWith('migrations.'))) };
}

test.each([
  ['up, with runs and results files', 'databases/0.18.0-main', '1.22.1', undefined],
  ['down, with runs, views and results files', 'databases/1.22.1-main', '0.15.1', undefined],
  ['up from the layout before 0.6.2', 'databases/0.6.0-synth', '0.8.0', undefined],
  ['up with all that the attic has', 'databases/1.22.1-main', '1.22.1', '0.15.1'],
  ['up with a part of what the attic has', 'databases/1.22.1-main', '0.18.0', '0.15.1'],
])(
  'a run that dies after any command leaves what the next run finishes, with the same result: %s',
  async (_, recorded, target, first) => {
    const input = await inputOf(recorded, first);
    const undisturbed = await freshDatabase(input);
    const proxy = await startProxy(Number(new URL(undisturbed.uri).port));
    await migrated({ ...undisturbed, uri: `mongodb://127.0.0.1:${proxy.port}/?directConnection=true` }, { target });
    const expected = await snapshot(undisturbed.db);
    const points = proxy.messages();
    const entries = await atticOf(undisturbed.db);
    await proxy.close();
    expect(points).toBeGreaterThan(20);

    const wrong: string[] = [];
    let tried = 0;
    for (let most = 1; most < points; most += EVERY) {
      tried++;
      const { result, left, attic } = await diesAfter(input, target, most);
      const lines = differences(expected, result, { base: ownOf(input) });
      if (JSON.stringify(attic) !== JSON.stringify(entries)) lines.push(`attic: ${JSON.stringify(attic)}`);
      wrong.push(...lines.map((line) => `after ${most} commands: ${line}`));
      if (left > 0) wrong.push(`after ${most} commands: ${left} documents of work left`);
    }
    console.log(`died at ${tried} of ${points - 1} points on the way from ${recorded} to ${target}`);
    expect(wrong).toEqual([]);
  },
  600_000,
);
