import { randomUUID } from 'node:crypto';
import { type Db, MongoClient } from 'mongodb';
import { WORK } from '../packages/fiftyone/src/migrations/work.js';
import { adminOf, type CommandResult, startFiftyone } from '../packages/fiftyone/test/support/command.js';
import { differences } from '../packages/fiftyone/test/support/differences.js';
import { readDump } from '../packages/fiftyone/test/support/dump.js';
import { restore, type Snapshot, snapshot } from '../packages/fiftyone/test/support/snapshot.js';

/** A database to be disturbed, and how the command reaches it. */
export interface Patient {
  readonly db: Db;
  readonly name: string;
  readonly settings: Record<string, string>;
}

/** A migration of a whole database, and what comes of it when nobody disturbs it. */
export interface Scenario {
  readonly title: string;
  readonly input: Snapshot;
  readonly args: readonly string[];
  readonly expected: Snapshot;
  /** How long the command takes, in milliseconds. */
  readonly lasts: number;
  /** How much of that it takes from when it begins with the first dataset. */
  readonly works: number;
}

/** Migrates a database by the command, undisturbed. */
export async function scenario(uri: string, input: Snapshot, target: string, name: string): Promise<Scenario> {
  const args = ['migrate', '--all', '--yes', '-v', target];
  const title = `${name} to ${target}`;
  return await withPatient(uri, input, async ({ db, settings }) => {
    const started = performance.now();
    const command = startFiftyone(args, settings);
    await command.begun;
    const begun = performance.now();
    const result = await command.result;
    const ended = performance.now();
    if (result.code !== 0) throw new Error(`${title}, undisturbed: ${words(result)}`);
    return { title, input, args, expected: await snapshot(db), lasts: ended - started, works: ended - begun };
  });
}

/** Likewise a recorded database, e.g. `0.14.3-main`. */
export async function recordedScenario(uri: string, recorded: string, target: string): Promise<Scenario> {
  return await scenario(uri, await readDump(`databases/${recorded}`), target, recorded);
}

/** Gives a new database with this content to `use`, and drops it afterwards. */
export async function withPatient<T>(uri: string, input: Snapshot, use: (patient: Patient) => Promise<T>): Promise<T> {
  const client = await MongoClient.connect(uri);
  const name = `patient-${randomUUID()}`;
  const db = client.db(name);
  try {
    await restore(db, input);
    return await use({ db, name, settings: adminOf({ uri, name }) });
  } finally {
    await db.dropDatabase().catch(() => {});
    await client.close();
  }
}

/** What is not as after the undisturbed migration, and what is left of the work. */
export async function wrongIn({ expected, input }: Scenario, db: Db): Promise<string[]> {
  const left = await db.collection(WORK).countDocuments();
  return [
    ...differences(expected, await snapshot(db), { base: input }),
    ...(left > 0 ? [`${left} documents of work are left`] : []),
  ];
}

/** What a command did, in a line. */
export function words({ code, stdout, stderr }: CommandResult): string {
  return `exit code ${code}: ${`${stdout} ${stderr}`
    .trim()
    .replaceAll(/\s*\n\s*/g, ' | ')
    .slice(-600)}`;
}
