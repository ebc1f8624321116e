import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { manyCompleteDatasets } from '../bench/databases.js';
import { type CommandResult, startFiftyone } from '../packages/fiftyone/test/support/command.js';
import { datasetsOf } from '../packages/fiftyone/test/support/dataset-parts.js';
import { startMongod } from '../packages/fiftyone/test/support/mongod.js';
import { Audit } from './audit.js';
import { type Conditions, type Findings, inRounds } from './experiment.js';
import { seededRandom } from './random.js';
import { type Scenario, scenario, withPatient, words, wrongIn } from './scenario.js';

/** Longer than a lease lasts. */
const STOPPED_MS = 11_500;

const PROCESSES = [2, 8];

/**
 * 2 and 8 processes migrate the same database at once, and random ones are stopped for longer than their leases last. The
 * server's own records tell who wrote what and when.
 */
export async function races({ rounds, abreast, seed, tell }: Omit<Conditions, 'server'>): Promise<Findings> {
  // logins tell the processes apart in the profile, a replica set has the oplog
  const server = await startMongod({ auth: true, replicaSet: true });
  const admin = await MongoClient.connect(server.uri);
  try {
    const users = Array.from({ length: Math.max(...PROCESSES) }, (_, i) => `runner${i}`);
    for (const user of users)
      await admin.db('admin').command({ createUser: user, pwd: 'secret', roles: ['readWriteAnyDatabase'] });
    const input = await manyCompleteDatasets('databases/0.14.3-main', 16);
    const undisturbed = await scenario(server.uri, input, '1.22.1', '16 datasets of 0.14.3');
    const random = seededRandom(seed);
    const plans = Array.from({ length: rounds }, (_, i) => {
      const processes = PROCESSES[i % PROCESSES.length] as number;
      // at least one goes on
      const stopped: (number | undefined)[] = Array.from({ length: processes }, (_, p) =>
        p > 0 && random() < 0.4 ? random() : undefined,
      );
      if (!stopped.some((moment) => moment !== undefined)) stopped[1] = random();
      return stopped;
    });
    const outcomes = await inRounds(rounds, abreast, async (i) => {
      const outcome = await race(undisturbed, admin, server.uri, users, plans[i] as (typeof plans)[0]);
      tell(`round ${i + 1}: ${plans[i]?.length} processes, ${outcome.stopped} stopped, ${outcome.wrong.length} differences`);
      return { ...outcome, wrong: outcome.wrong.map((line) => `round ${i + 1}: ${line}`) };
    });
    const sum = (key: 'stopped' | 'writes' | 'overtaken') => outcomes.reduce((total, outcome) => total + outcome[key], 0);
    return {
      points: `${rounds} rounds with ${PROCESSES.join(' and ')} processes in turn, ${sum('stopped')} stopped for ${
        STOPPED_MS / 1000
      } s, ${sum('overtaken')} leases taken over, ${sum('writes')} writes audited`,
      differences: outcomes.flatMap(({ wrong }) => wrong),
    };
  } finally {
    await admin.close();
    await server.stop();
  }
}

async function race(
  scenario: Scenario,
  admin: MongoClient,
  uri: string,
  users: readonly string[],
  moments: readonly (number | undefined)[],
) {
  return await withPatient(uri, scenario.input, async ({ db, name, settings }) => {
    const audit = await Audit.begin(admin.db(name), scenario.input);
    let stopped = 0;
    const results = await Promise.all(
      moments.map(async (moment, i) => {
        const way = uri.replace('admin:secret', `${users[i]}:secret`);
        const command = startFiftyone(scenario.args, { ...settings, FIFTYONE_DATABASE_URI: way });
        if (moment !== undefined) {
          await command.begun;
          await Promise.race([sleep(moment * scenario.works), command.result]);
          command.kill('SIGSTOP');
          stopped++;
          await sleep(STOPPED_MS);
          command.kill('SIGCONT');
        }
        return await command.result;
      }),
    );
    const { writes, overtaken, wrong } = await audit.end(scenario.args.at(-1) as string);
    const badEnds = results.flatMap((result, i) => (endsWell(result) ? [] : [`process ${i}: ${words(result)}`]));
    const migrated = results.map(({ stdout }) => Number(/(\d+) migrated/.exec(stdout)?.[1] ?? 0)).reduce((sum, n) => sum + n, 0);
    const all = datasetsOf(scenario.input).length;
    const tooMany = migrated > all ? [`the processes say that they migrated ${migrated} datasets of ${all}`] : [];
    return { stopped, writes, overtaken, wrong: [...wrong, ...badEnds, ...tooMany, ...(await wrongIn(scenario, db))] };
  });
}

/** Who was stopped, or starved, may have lost a lease and says so. */
function endsWell({ code, stderr }: CommandResult): boolean {
  return code === 0 || /lost the lease|the same command does what is left|is changed by other clients/.test(stderr);
}
