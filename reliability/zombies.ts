import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Db, Long } from 'mongodb';
import { type Holder, LEASES } from '../packages/fiftyone/src/database/lease-store.js';
import { migrateAll } from '../packages/fiftyone/src/migrations/migrate.js';
import type { MigrationReport } from '../packages/fiftyone/src/migrations/report.js';
import { WORK } from '../packages/fiftyone/src/migrations/work.js';
import { datasetsOf, idsOf, partOf } from '../packages/fiftyone/test/support/dataset-parts.js';
import { differences } from '../packages/fiftyone/test/support/differences.js';
import { readDump } from '../packages/fiftyone/test/support/dump.js';
import { type FaultyProxy, startFaultyProxy } from '../packages/fiftyone/test/support/faulty-proxy.js';
import { connectAsAdmin } from '../packages/fiftyone/test/support/migrated.js';
import { type Snapshot, snapshot } from '../packages/fiftyone/test/support/snapshot.js';
import { type Conditions, type Findings, inRounds } from './experiment.js';
import { type Patient, withPatient } from './scenario.js';

/** Whoever may write nothing does not get round to anything in the time after, either. */
const LONG_ENOUGH_MS = 1500;

/** A lease that ends much later than leases do would count as none. */
const FOREIGN_LEASE_MS = 20_000;

/** What others do while the command of a runner is on its way: the same, or the same and back again. */
const MEANWHILE = ['finish the job', 'finish the job and go back'] as const;

interface Way {
  readonly recorded: string;
  readonly from: string;
  readonly to: string;
  readonly meanwhile: (typeof MEANWHILE)[number];
}

const WAYS: readonly Omit<Way, 'meanwhile'>[] = [
  { recorded: '0.18.0-main', from: '0.18.0', to: '1.22.1' },
  { recorded: '1.22.1-main', from: '1.22.1', to: '0.15.1' },
];

/**
 * Holds one command of a runner on its way to the server, after the runner has made sure of its lease; meanwhile the lease
 * ends, its heartbeat is held as well, and others do the work; then the command arrives. Whatever it is, it must not change anything. Once per command.
 *
 * @param rounds of every way so many commands are tried, spread evenly; Infinity: all
 */
export async function zombies({ server, rounds, abreast, tell }: Conditions): Promise<Findings> {
  let tried = 0;
  const wrong: string[] = [];
  for (const way of WAYS.flatMap((way) => MEANWHILE.map((meanwhile): Way => ({ ...way, meanwhile })))) {
    const whole = await readDump(`databases/${way.recorded}`);
    const input = partOf(whole, idsOf(whole, ['labels', 'video']));
    const undisturbed = await withPatient(server.uri, input, async (patient) => {
      const commands = await commandsFor(patient, server.uri, way.to);
      if (way.meanwhile === 'finish the job and go back') await migrate(patient, server.uri, way.from);
      return { commands, expected: await snapshot(patient.db) };
    });
    const every = Math.max(1, undisturbed.commands / rounds);
    const points = Math.floor(undisturbed.commands / every);
    tried += points;
    const lines = await inRounds(points, abreast, async (i) => {
      const held = 1 + Math.floor(i * every);
      const found = await arrivesLate(server.uri, way, input, undisturbed.expected, held);
      if (found.length > 0) tell(`command ${held} while others ${way.meanwhile}: ${found.length}, e.g. ${found[0]}`);
      return found.map((line) => `${way.recorded} to ${way.to}, command ${held} held while others ${way.meanwhile}: ${line}`);
    });
    tell(`${way.recorded} to ${way.to}, others ${way.meanwhile}: ${points} commands held, ${lines.flat().length} differences`);
    wrong.push(...lines.flat());
  }
  return { points: `${tried} commands held back until others had done the work`, differences: wrong };
}

async function arrivesLate(uri: string, way: Way, input: Snapshot, expected: Snapshot, held: number): Promise<string[]> {
  return await withPatient(uri, input, async (patient) => {
    let release = () => {};
    let reached = () => {};
    const released = new Promise<'pass'>((resolve) => {
      release = () => resolve('pass');
    });
    const isHeld = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const fate = (n: number) => {
      if (n === held) reached();
      return n >= held ? released : 'pass';
    };
    const proxy = await startFaultyProxy(Number(new URL(uri).port), { fate });
    const late = migrate(patient, through(proxy), way.to).catch((error: Error) => error);
    await Promise.race([isHeld, late]);
    try {
      await migrate(patient, uri, way.to);
      if (way.meanwhile === 'finish the job and go back') await migrate(patient, uri, way.from);
      await takeAllLeases(patient.db, input);
      const before = await stateOf(patient.db);
      const own = differences(expected, before.data, { base: input }).map((line) => `what the others did: ${line}`);
      release();
      await Promise.race([late, sleep(LONG_ENOUGH_MS)]);
      const after = await stateOf(patient.db);
      const notes = after.notes === before.notes ? [] : ['notes of work'];
      return [...own, ...[...differences(before.data, after.data), ...notes].map((line) => `changed when it arrived: ${line}`)];
    } finally {
      release();
      await proxy.close();
      await late;
    }
  });
}

/** So that the one that was late cannot begin again, which would be its right. */
async function takeAllLeases(db: Db, input: Snapshot): Promise<void> {
  const holder: Holder = { run: randomUUID(), host: 'elsewhere', pid: 1, user: 'nobody' };
  const keys = ['database', ...datasetsOf(input).map((dataset) => `dataset ${dataset.get('_id')}`)];
  for (const key of keys) {
    const update = { $set: { holder, expires: new Date(Date.now() + FOREIGN_LEASE_MS) }, $inc: { fence: new Long(1) } };
    await db.collection<{ _id: string }>(LEASES).updateOne({ _id: key }, update, { upsert: true });
  }
}

async function stateOf(db: Db): Promise<{ data: Snapshot; notes: string }> {
  const notes = await db.collection(WORK).find().sort({ _id: 1 }).toArray();
  return { data: await snapshot(db), notes: JSON.stringify(notes) };
}

function through({ port }: FaultyProxy): string {
  return `mongodb://127.0.0.1:${port}/?directConnection=true&serverSelectionTimeoutMS=500`;
}

async function migrate(patient: Patient, uri: string, target: string): Promise<MigrationReport> {
  const connection = await connectAsAdmin({ name: patient.name, uri });
  try {
    const report = await migrateAll(connection, { target });
    const failed = report.datasets.filter(({ result }) => result === 'failed');
    if (failed.length > 0) throw new Error(failed.map(({ name, reasons }) => `${name}: ${reasons}`).join('; '));
    return report;
  } finally {
    await connection.close();
  }
}

/** Migrates through a proxy. @returns how many commands it takes */
async function commandsFor(patient: Patient, uri: string, target: string): Promise<number> {
  const proxy = await startFaultyProxy(Number(new URL(uri).port));
  try {
    await migrate(patient, through(proxy), target);
    return proxy.commands();
  } finally {
    await proxy.close();
  }
}
