import { describe, expect, test } from 'vitest';
import { compareBase } from '../src/version.js';
import { datasetOf, datasetsOf, idsOf, partOf, withDataset, without } from './support/dataset-parts.js';
import { differences } from './support/differences.js';
import { type Dump, readDump, stepsOf } from './support/dump.js';
import { type FreshDatabase, freshDatabase } from './support/fresh-database.js';
import { declareKeypoints } from './support/keypoints-field.js';
import { migrated } from './support/migrated.js';
import type { Snapshot } from './support/snapshot.js';

/** One recorded migration: from a state to the next. */
interface Step {
  readonly chain: string;
  readonly before: string;
  readonly after: string;
  readonly target: string;
}

const GROUPED = ['groups', 'groups-3d', 'groups-pcd'];
const LABELS = ['labels', 'labels-clone'];

/** Datasets that cannot go there: groups came with 0.17.0, polylines of several shapes with 0.6.2. */
function impossible({ chain, before, target }: Step): string[] {
  const down = chain === 'chain-down-1.22.1' || (before === '00-input' && !chain.startsWith('chain-up'));
  if (!down) return [];
  return [...(compareBase(target, '0.17.0') < 0 ? GROUPED : []), ...(compareBase(target, '0.6.2') < 0 ? LABELS : [])];
}

/** Datasets that the real client leaves half-way below 0.7.2, and ours does not. */
async function halfWay({ chain, target, after }: Step): Promise<string[]> {
  if (chain !== 'chain-down-1.22.1' || compareBase(target, '0.7.2') >= 0) return [];
  const recorded = datasetsOf(await readDump(`chains/${chain}:${after}`));
  return recorded.flatMap((dataset) => (dataset.get('version') === target ? [] : [String(dataset.get('_id'))]));
}

const CHAINS = [
  'chain-down-1.22.1',
  'chain-up-0.14.3',
  'chain-up-0.6.0-synth',
  'down-direct',
  'roundtrip-0.14.3',
  'roundtrip-0.18.0',
  'roundtrip-0.22.3',
];

const steps = (
  await Promise.all(
    CHAINS.map(async (chain) => {
      const states = await stepsOf(`chains/${chain}`);
      return states.slice(1).map((after, i): Step => {
        const before = after.startsWith('to-') ? (states[0] as string) : (states[i] as string);
        return { chain, before, after, target: after.slice(after.indexOf('-') + 1) };
      });
    }),
  )
).flat();

describe.each(steps)('$chain: $before to $after', (step) => {
  test('is what the real client makes of it, or better where that fails', async () => {
    const { chain, before, after, target } = step;
    const input = await readDump(`chains/${chain}:${before}`);
    const database = await freshDatabase(input);
    const run = await migrated(database, { target, keepUnknown: true, attic: false });
    const refused = idsOf(input, impossible(step));
    const finished = (await halfWay(step)).filter((id) => !refused.includes(id));

    const failed = run.report.datasets.flatMap(({ result, name, reasons }) => (result === 'failed' ? [{ name, reasons }] : []));
    expect(
      failed.map(({ name }) => name),
      JSON.stringify(failed),
    ).toEqual(impossible(step));
    const others = [...refused, ...finished];
    const recorded = await readDump(`chains/${chain}:${after}`);
    const expected = keypointsDeclared(recorded, step);
    const options = { base: input, windows: { expected: recorded.window, actual: run.window } };
    expect(differences(without(expected, others), without(keypointsDeclared(run.result, step), others), options)).toEqual([]);
    expect(differences(partOf(input, refused), partOf(run.result, refused), options)).toEqual([]);
    if (finished.length > 0) await expectArrived(step, input, database, run.result, finished);
  });
});

/** The real client has no result to compare with. Going up again must give what was there, or for the oldest layout always the same. */
async function expectArrived(step: Step, input: Dump, database: FreshDatabase, result: Snapshot, ids: string[]): Promise<void> {
  const oldest = compareBase(step.target, '0.6.2') < 0;
  expect(ids.map((id) => datasetOf(result, id).get('version'))).toEqual(ids.map(() => (oldest ? undefined : step.target)));
  const start = step.before.slice(3);
  const up = await migrated(database, { target: start });
  if (oldest) {
    await migrated(database, { target: step.target, keepUnknown: true, attic: false });
    const again = await migrated(database, { target: start });
    expect(differences(partOf(up.result, ids), partOf(again.result, ids))).toEqual([]);
  } else {
    const before = ids.reduce(
      (snapshot, id) => withDataset(snapshot, id, (dataset) => dataset.set('version', start)),
      partOf(input, ids),
    );
    expect(differences(before, partOf(up.result, ids), { order: false })).toEqual([]);
  }
}

/** Both the recorded state and ours, so that neither has to have the mistake of the real client. */
function keypointsDeclared(snapshot: Snapshot, { chain, target }: Step): Snapshot {
  if (!['chain-up-0.14.3', 'roundtrip-0.14.3'].includes(chain) || compareBase(target, '0.16.0') < 0) return snapshot;
  return idsOf(snapshot, LABELS).reduce((changed, id) => withDataset(changed, id, declareKeypoints), snapshot);
}
