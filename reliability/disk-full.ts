import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { LEASES } from '../packages/fiftyone/src/database/lease-store.js';
import { adminOf, startFiftyone } from '../packages/fiftyone/test/support/command.js';
import { startMongod } from '../packages/fiftyone/test/support/mongod.js';
import { restore } from '../packages/fiftyone/test/support/snapshot.js';
import type { Conditions, Findings } from './experiment.js';
import { unclear } from './network.js';
import { seededRandom } from './random.js';
import { recordedScenario, type Scenario, words, wrongIn } from './scenario.js';

/** Room for an empty server and more than any scenario needs. */
const SIZE = 700 * 2 ** 20;

/** What a migration takes at most, when the server writes everything out every second. */
const MOST_LEFT = 200_000;
const WRITE_OUT = ['--syncdelay', '1'];

/**
 * The server's file system is full at some moment of a migration. The command ends with a clear error; after there is room
 * again, and the server runs again if it gave up, the next run finishes.
 */
export async function disksFull({ server, rounds, seed, tell }: Omit<Conditions, 'abreast'>): Promise<Findings> {
  const problem = whyNot();
  if (problem) return { points: 'not done', differences: [], leftOut: problem };
  const scenarios = [
    await recordedScenario(server.uri, '0.14.3-main', '1.22.1'),
    await recordedScenario(server.uri, '1.22.1-main', '0.17.2'),
  ];
  const random = seededRandom(seed);
  const wrong: string[] = [];
  let [failed, died] = [0, 0];
  for (let i = 0; i < rounds; i++) {
    const scenario = scenarios[i % scenarios.length] as Scenario;
    const room = i === 0 ? 0 : Math.floor(random() * MOST_LEFT);
    const found = await onSmallDisk((folder) => fillOnce(scenario, folder, room));
    if (found.code !== 0) failed++;
    if (found.died) died++;
    wrong.push(...found.lines.map((line) => `${scenario.title}, ${room} bytes left: ${line}`));
    tell(
      `${scenario.title}, ${room} bytes left: exit code ${found.code}${found.died ? ', the server died' : ''}, ${found.lines.length} differences`,
    );
  }
  return { points: `${rounds} full disks; ${failed} stopped the command, ${died} the server as well`, differences: wrong };
}

async function fillOnce(scenario: Scenario, folder: string, room: number) {
  const ballast = join(folder, 'ballast');
  let server = await startMongod({ dbpath: folder, args: WRITE_OUT });
  const name = 'patient';
  try {
    await use(server.uri, async (client) => {
      await restore(client.db(name), scenario.input);
      await client.db('admin').command({ fsync: 1 });
    });
    fill(ballast, room);
    const first = await startFiftyone(scenario.args, adminOf({ uri: server.uri, name })).result;
    rmSync(ballast);
    const died = !(await answers(server.uri));
    // one that has seen a full disk may give up at any moment; what it has confirmed stays
    await server.stop();
    server = await startMongod({ dbpath: folder, args: WRITE_OUT });
    const lines = unclear(first);
    const rest = await use(server.uri, async (client) => {
      const db = client.db(name);
      if (first.code === 0) return await wrongIn(scenario, db);
      await db.collection(LEASES).updateMany({}, { $set: { expires: new Date(0) } });
      const next = await startFiftyone(scenario.args, adminOf({ uri: server.uri, name })).result;
      return [...(next.code === 0 ? [] : [`the next run: ${words(next)}`]), ...(await wrongIn(scenario, db))];
    });
    return { code: first.code, died, lines: [...lines, ...rest] };
  } finally {
    await server.stop();
  }
}

async function use<T>(uri: string, what: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = await MongoClient.connect(uri);
  try {
    return await what(client);
  } finally {
    await client.close();
  }
}

/** Whether the server still writes; if so, all that came before is safe as well. */
async function answers(uri: string): Promise<boolean> {
  try {
    return await use(`${uri}/?serverSelectionTimeoutMS=1500`, async (client) => {
      // a server that waits for room answers reads only
      await client
        .db('reliability')
        .collection('probe')
        .insertOne({}, { writeConcern: { w: 1, journal: true } });
      return true;
    });
  } catch {
    return false;
  }
}

/** Takes all room, and gives so many bytes back. */
function fill(ballast: string, room: number): void {
  const block = Buffer.alloc(2 ** 20);
  try {
    for (;;) writeFileSync(ballast, block, { flag: 'a' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
  truncateSync(ballast, statSync(ballast).size - room);
}

async function onSmallDisk<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mount();
  try {
    return await use(folder);
  } finally {
    unmount(folder);
  }
}

function mount(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fiftyone-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', folder], { stdio: 'pipe' });
    return folder;
  } catch (error) {
    rmdirSync(folder);
    throw error;
  }
}

function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder], { stdio: 'pipe' });
  rmdirSync(folder);
}

/** Why there can be no small file system here. */
function whyNot(): string | undefined {
  try {
    unmount(mount());
    return undefined;
  } catch (error) {
    return `a small file system takes the right to mount one: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()}`;
  }
}
