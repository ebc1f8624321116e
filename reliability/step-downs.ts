import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { LEASES } from '../packages/fiftyone/src/database/lease-store.js';
import { startFiftyone } from '../packages/fiftyone/test/support/command.js';
import { startMongod } from '../packages/fiftyone/test/support/mongod.js';
import type { Conditions, Findings } from './experiment.js';
import { unclear } from './network.js';
import { seededRandom } from './random.js';
import { recordedScenario, type Scenario, withPatient, words, wrongIn } from './scenario.js';

/**
 * The primary of a replica set steps down at a random moment of a migration and comes back after a second or two. The
 * command goes on by itself or ends with a clear error, and then the next one finishes.
 */
export async function stepDowns({ rounds, seed, tell }: Omit<Conditions, 'server' | 'abreast'>): Promise<Findings> {
  const server = await startMongod({ replicaSet: true });
  const admin = await MongoClient.connect(server.uri);
  try {
    await hurryElections(admin);
    const scenarios = [
      await recordedScenario(server.uri, '0.14.3-main', '1.22.1'),
      await recordedScenario(server.uri, '1.22.1-main', '0.17.2'),
    ];
    const random = seededRandom(seed);
    const wrong: string[] = [];
    let [hits, recovered] = [0, 0];
    // one after the other: a step-down hits everybody on the server
    for (let i = 0; i < rounds; i++) {
      const scenario = scenarios[i % scenarios.length] as Scenario;
      const { code, hit, lines } = await stepDownOnce(scenario, admin, server.uri, random());
      if (hit) hits++;
      if (hit && code === 0) recovered++;
      wrong.push(...lines.map((line) => `round ${i + 1}, ${scenario.title}: ${line}`));
      tell(`round ${i + 1}, ${scenario.title}: ${hit ? 'hit' : 'missed'}, exit code ${code}, ${lines.length} differences`);
    }
    return {
      points: `${rounds} step-downs, ${hits} while the command ran; after ${recovered} of these it went on by itself`,
      differences: wrong,
    };
  } finally {
    await admin.close();
    await server.stop();
  }
}

async function stepDownOnce(scenario: Scenario, admin: MongoClient, uri: string, moment: number) {
  return await withPatient(uri, scenario.input, async ({ db, settings }) => {
    const command = startFiftyone(scenario.args, settings);
    let ended = false;
    const result = command.result.then((found) => {
      ended = true;
      return found;
    });
    await command.begun;
    await sleep(moment * scenario.works);
    const hit = !ended;
    await stepDown(admin);
    const first = await result;
    await primaryAgain(admin);
    const lines = unclear(first);
    if (first.code !== 0) {
      await db.collection(LEASES).updateMany({}, { $set: { expires: new Date(0) } });
      const next = await startFiftyone(scenario.args, settings).result;
      if (next.code !== 0) lines.push(`the next run: ${words(next)}`);
    }
    return { code: first.code, hit, lines: [...lines, ...(await wrongIn(scenario, db))] };
  });
}

async function stepDown(admin: MongoClient): Promise<void> {
  await admin.db('admin').command({ replSetStepDown: 1, secondaryCatchUpPeriodSecs: 0, force: true });
}

async function primaryAgain(admin: MongoClient): Promise<void> {
  while (
    !(
      await admin
        .db('admin')
        .command({ hello: 1 })
        .catch(() => undefined)
    )?.isWritablePrimary
  )
    await sleep(50);
}

async function hurryElections(admin: MongoClient): Promise<void> {
  const { config } = await admin.db('admin').command({ replSetGetConfig: 1 });
  const settings = { ...config.settings, electionTimeoutMillis: 1000 };
  await admin.db('admin').command({ replSetReconfig: { ...config, version: config.version + 1, settings } });
}
