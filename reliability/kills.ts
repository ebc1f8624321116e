import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { manyCompleteDatasets } from '../bench/databases.js';
import { LEASES } from '../packages/fiftyone/src/database/lease-store.js';
import { type RunningCommand, startFiftyone } from '../packages/fiftyone/test/support/command.js';
import { type Conditions, type Findings, inRounds } from './experiment.js';
import { seededRandom } from './random.js';
import { recordedScenario, type Scenario, scenario, withPatient, words, wrongIn } from './scenario.js';

/** kill -9 takes at most so long to be overcome: a lease lasts ten seconds. */
const LONGEST_TAKE_OVER_MS = 15_000;

export interface KillOptions {
  /** Whether the next run waits for the lease of the dead one, as in life; otherwise it is ended at once. */
  readonly waits: boolean;
}

/** When to kill: which part of the time that the command takes from its start, or from when it begins with datasets. */
interface Moment {
  readonly from: 'start' | 'begun';
  readonly part: number;
}

/**
 * Kills the command with SIGKILL at random moments, in every third round the one that resumes it as well, and lets another
 * one finish: the result must be that of the run that nobody killed.
 */
export async function kills(conditions: Conditions, { waits }: KillOptions): Promise<Findings> {
  const { server, rounds, abreast, seed, tell } = conditions;
  const scenarios = [
    await scenario(server.uri, await manyCompleteDatasets('databases/0.14.3-main', 16), '1.22.1', '16 datasets of 0.14.3'),
    await recordedScenario(server.uri, '1.22.1-main', '0.17.2'),
    await recordedScenario(server.uri, '0.6.0-synth', '0.15.1'),
    await recordedScenario(server.uri, '0.17.2-main', '1.22.1'),
  ];
  const random = seededRandom(seed);
  const moment = (early: boolean): Moment => ({ from: early ? 'start' : 'begun', part: random() });
  const plans = Array.from({ length: rounds }, (_, i) => {
    const chosen = scenarios[i % scenarios.length] as Scenario;
    return { chosen, moments: i % 3 === 2 ? [moment(false), moment(false)] : [moment(i % 5 === 4)] };
  });
  const pace = new Pace();
  const outcomes = await inRounds(rounds, abreast, async (i) => {
    const { chosen: scenario, moments } = plans[i] as (typeof plans)[0];
    const outcome = await killAndResume(scenario, server.uri, moments, pace, waits);
    tell(
      `round ${i + 1}: ${scenario.title}: ${outcome.kills} kills, ${outcome.during} at work, ${outcome.wrong.length} differences`,
    );
    return { ...outcome, wrong: outcome.wrong.map((line) => `round ${i + 1}, ${scenario.title}: ${line}`) };
  });
  const sum = (key: 'kills' | 'during') => outcomes.reduce((total, outcome) => total + outcome[key], 0);
  const longest = Math.max(...outcomes.map(({ resumed }) => resumed));
  return {
    points: `${sum('kills')} kills in ${rounds} rounds, ${sum('during')} of them between the first write and the last${
      waits ? `; the next run was done after ${(longest / 1000).toFixed(1)} s at most` : ''
    }`,
    differences: outcomes.flatMap(({ wrong }) => wrong),
  };
}

/** How many times longer than alone the command takes on a machine that does other work, learnt from where kills hit. */
class Pace {
  factor = 1;

  learn(hit: boolean): void {
    this.factor *= hit ? 1.04 : 0.8;
  }
}

interface Outcome {
  readonly kills: number;
  /** How many of them hit between the first write and the last. */
  readonly during: number;
  /** How long the last run took, in milliseconds. */
  readonly resumed: number;
  readonly wrong: readonly string[];
}

/** Tries until the first kill hits a process that still runs. */
async function killAndResume(
  scenario: Scenario,
  uri: string,
  moments: readonly Moment[],
  pace: Pace,
  waits: boolean,
): Promise<Outcome> {
  for (;;) {
    const outcome = await tryToKill(scenario, uri, moments, pace, waits);
    if (outcome !== undefined) return outcome;
  }
}

async function tryToKill(scenario: Scenario, uri: string, moments: readonly Moment[], pace: Pace, waits: boolean) {
  return await withPatient(uri, scenario.input, async ({ db, settings }): Promise<Outcome | undefined> => {
    let [kills, during] = [0, 0];
    for (const [i, { from, part }] of moments.entries()) {
      const command = startFiftyone(scenario.args, settings);
      if (from === 'begun') await command.begun;
      const hit = await killedAfter(command, part * (from === 'begun' ? scenario.works : scenario.lasts) * pace.factor);
      if (kills === 0) pace.learn(hit);
      if (!hit) break;
      kills++;
      if (await isUnderWay(db, scenario)) during++;
      // a second kill is to hit one that works, not one that waits
      const isLast = i === moments.length - 1;
      if (!waits || !isLast) await db.collection(LEASES).updateMany({}, { $set: { expires: new Date(0) } });
    }
    if (kills === 0) return undefined;
    const begun = performance.now();
    const result = await startFiftyone(scenario.args, settings).result;
    const resumed = performance.now() - begun;
    const wrong = result.code === 0 ? await wrongIn(scenario, db) : [words(result)];
    const allowed = LONGEST_TAKE_OVER_MS + scenario.lasts * 4;
    if (resumed > allowed) wrong.push(`the next run took ${Math.round(resumed)} ms, more than ${Math.round(allowed)} ms`);
    return { kills, during, resumed, wrong };
  });
}

/** Kills a command after a while. @returns false if it had ended by then */
async function killedAfter({ result, kill }: RunningCommand, ms: number): Promise<boolean> {
  await Promise.race([sleep(ms), result]);
  kill('SIGKILL');
  return (await result).code === null;
}

/** Whether a run has begun to write and is not at its end. */
async function isUnderWay(db: Db, { args }: Scenario): Promise<boolean> {
  const target = args.at(-1) as string;
  const leases = await db.collection(LEASES).countDocuments();
  const journal = await db.collection('migrations.journal').findOne({ kind: 'run', ended: { $ne: null } } as never);
  const left = await db.collection('datasets').countDocuments({ version: { $ne: target } });
  return leases > 0 && (left > 0 || journal === null);
}
