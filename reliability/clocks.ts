import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Db } from 'mongodb';
import { JOURNAL } from '../packages/fiftyone/src/migrations/journal.js';
import { startFiftyone } from '../packages/fiftyone/test/support/command.js';
import { type Conditions, type Findings, inRounds } from './experiment.js';
import { seededRandom } from './random.js';
import { recordedScenario, type Scenario, withPatient, words, wrongIn } from './scenario.js';

const HOUR_MS = 3_600_000;

/** The clocks of the runner that dies and of the one that takes over. */
const CLOCKS = [
  [HOUR_MS, -HOUR_MS],
  [-HOUR_MS, HOUR_MS],
  [HOUR_MS, 0],
  [-HOUR_MS, 0],
] as const;

/** How far the times of the journal may be from the server's. */
const CLOSE_MS = 120_000;

/**
 * A runner whose clock is off by an hour is killed; another one, whose clock is off the other way, may not take over before
 * the lease has ended, and must soon after. The journal has the server's time.
 */
export async function clocks({ server, rounds, abreast, seed, tell }: Conditions): Promise<Findings> {
  const scenario = await recordedScenario(server.uri, '0.14.3-main', '1.22.1');
  const random = seededRandom(seed);
  const moments = Array.from({ length: rounds }, random);
  const outcomes = await inRounds(rounds, abreast, async (i) => {
    const [first, second] = CLOCKS[i % CLOCKS.length] as (typeof CLOCKS)[number];
    const outcome = await takeOver(scenario, server.uri, first, second, (moments[i] as number) * scenario.works);
    tell(
      `clocks off by ${first / HOUR_MS} and ${second / HOUR_MS} h: ${Math.round(outcome.ms)} ms, ${outcome.lines.length} differences`,
    );
    return { ...outcome, lines: outcome.lines.map((line) => `off by ${first / HOUR_MS} and ${second / HOUR_MS} h: ${line}`) };
  });
  const longest = Math.max(...outcomes.map(({ ms }) => ms)) / 1000;
  const waited = outcomes.filter((outcome) => outcome.waited).length;
  return {
    points: `${rounds} take-overs between clocks that are an hour or two apart, ${waited} after a wait for the lease; done after ${longest.toFixed(1)} s at most`,
    differences: outcomes.flatMap(({ lines }) => lines),
  };
}

async function takeOver(scenario: Scenario, uri: string, first: number, second: number, moment: number) {
  return await withPatient(uri, scenario.input, async ({ db, settings }) => {
    const dying = startFiftyone(scenario.args, { ...settings, ...clockOffBy(first) });
    await dying.begun;
    await sleep(moment);
    dying.kill('SIGKILL');
    await dying.result;
    const begun = performance.now();
    const result = await startFiftyone(scenario.args, { ...settings, ...clockOffBy(second) }).result;
    const ms = performance.now() - begun;
    const late = ms > 15_000 + 4 * scenario.lasts ? [`it took ${Math.round(ms)} ms`] : [];
    const bad = result.code === 0 ? [] : [words(result)];
    const lines = [...late, ...bad, ...(await wrongIn(scenario, db)), ...(await wrongTimes(db))];
    return { ms, waited: result.stderr.includes('Waiting for dataset'), lines };
  });
}

function clockOffBy(ms: number): Record<string, string> {
  const module = fileURLToPath(new URL('./shifted-clock.mjs', import.meta.url));
  return { NODE_OPTIONS: `--import ${module}`, CLOCK_OFF_BY_MS: String(ms) };
}

/** Times in the journal that are not the server's. */
async function wrongTimes(db: Db): Promise<string[]> {
  const [server] = await db.aggregate([{ $documents: [{}] }, { $project: { now: '$$NOW' } }]).toArray();
  const entries = await db.collection(JOURNAL).find().toArray();
  const times = entries.flatMap(({ _id, started, ended, at }) =>
    Object.entries({ started, ended, at }).map(([key, time]) => ({
      place: `${key} of ${_id}`,
      time: time as Date | null | undefined,
    })),
  );
  return times.flatMap(({ place, time }) =>
    time && Math.abs(time.getTime() - server?.now.getTime()) > CLOSE_MS ? [`journal: ${place} is ${time.toISOString()}`] : [],
  );
}
