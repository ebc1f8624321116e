import type { Db } from 'mongodb';
import { Doc, decode, millisecondsOf, type Value } from '../../src/bson/index.js';
import type { Connection } from '../../src/database/connection.js';
import { LEASES } from '../../src/database/lease-store.js';
import { listAttic } from '../../src/migrations/attic/attic.js';
import { KEPT_DOCUMENTS } from '../../src/migrations/attic/kept-documents.js';
import { migrateAll } from '../../src/migrations/migrate.js';
import type { MigrateOptions } from '../../src/migrations/migrate-options.js';
import type { MigrationReport } from '../../src/migrations/report.js';
import { WORK } from '../../src/migrations/work.js';
import { differences } from './differences.js';
import { type FreshDatabase, freshDatabase } from './fresh-database.js';
import { connectAsAdmin } from './migrated.js';
import { DEATHS, type Death, mortal } from './mortal.js';
import { reset } from './reset.js';
import { type Snapshot, snapshot } from './snapshot.js';

/** A migration of a whole database that somebody dies on. */
export interface Journey {
  readonly name: string;
  readonly input: Snapshot;
  readonly options: MigrateOptions;
}

/** What became of a journey that was died on again and again. */
export interface Deaths {
  /** How many times somebody died. */
  readonly points: number;
  /** How many commands the journey has when nobody dies. */
  readonly commands: number;
  /** Datasets that cannot make the journey, with the reason, when nobody dies. */
  readonly refused: readonly string[];
  /** What is not the same as when nobody dies. A line each. */
  readonly wrong: readonly string[];
  /** Whether the journey changes more than version numbers. */
  readonly changes: boolean;
}

export interface EveryDeathOptions {
  /** Die at one point in so many; the points are the same each time. 1 by default. */
  readonly every?: number;
  /** How many databases are in use at once. */
  readonly lanes?: number;
}

interface Expected {
  readonly content: Snapshot;
  readonly attic: string;
  readonly refused: number;
}

interface Point {
  readonly most: number;
  readonly death: Death;
}

/** Dies at every command of a journey in both ways, lets the next run go on, and compares with a journey that nobody died on. */
export async function everyDeath(journey: Journey, { every = 1, lanes = 4 }: EveryDeathOptions = {}): Promise<Deaths> {
  const first = await Lane.open(journey);
  const life = mortal(first.database.name);
  const report = await first.run();
  const commands = life.commands();
  await life.settled();
  const { db } = first.database;
  const expected: Expected = { content: await snapshot(db), attic: await atticText(db), refused: refusedIn(report).length };
  const refused = refusedIn(report);
  const changes = differences(withoutAttic(journey.input), expected.content).some(
    (line) => !/^config|\.version:|: missing$/.test(line),
  );

  const points = pointsOf(commands, every);
  const wrong: string[] = [];
  let died = 0;
  const work = async (lane: Lane) => {
    for (let point = points.shift(); point !== undefined; point = points.shift()) {
      const lines = await lane.dieAt(point, expected);
      if (lines === undefined) continue;
      died++;
      const { most, death } = point;
      wrong.push(...lines.map((line) => `${journey.name}: dead at command ${most} (${death}): ${line}`));
    }
  };
  const others = Array.from({ length: Math.min(lanes, points.length) - 1 }, () => Lane.open(journey));
  await Promise.all([first.reset().then(() => work(first)), ...others.map(async (lane) => work(await lane))]);
  return { points: died, commands, refused, wrong, changes };
}

/** Spread over the way, each time the same. Runs at once may take a few commands more than the first did. */
function pointsOf(commands: number, every: number): Point[] {
  const all = Array.from({ length: commands }, (_, i) => DEATHS.map((death) => ({ most: i + 1, death }))).flat();
  return all.filter((_, i) => i % every === Math.floor(every / 2));
}

/**
 * How many times there are in each collection of samples or frames that the input lacks. A dataset is migrated by one clock, also
 * when another run finishes it.
 */
function newTimes(snapshot: Snapshot, input: Snapshot): string {
  const known = knownTimes.get(input) ?? timesIn([...input.collections.values()].flat());
  knownTimes.set(input, known);
  const large = [...snapshot.collections].filter(([name]) => /^(samples|frames)\./.test(name));
  return large.map(([name, docs]) => `${name} ${[...timesIn(docs)].filter((time) => !known.has(time)).length}`).join();
}

const knownTimes = new WeakMap<Snapshot, ReadonlySet<bigint>>();

function timesIn(docs: readonly Uint8Array[]): Set<bigint> {
  const times = new Set<bigint>();
  const collect = (value: Value): void => {
    if (value instanceof Doc) for (const item of value.values()) collect(item);
    else if (Array.isArray(value)) value.forEach(collect);
    const time = millisecondsOf(value);
    if (time !== undefined) times.add(time);
  };
  for (const doc of docs) collect(decode(doc));
  return times;
}

/** Without the collections that are the same in both: comparing what is new takes its time. */
function onlyDifferent(a: Snapshot, b: Snapshot): [Snapshot, Snapshot] {
  const isSame = (name: string) => {
    const [left, right] = [a, b].map(({ collections }) => collections.get(name));
    if (left === undefined || right === undefined || left.length !== right.length) return false;
    return left.every((doc, i) => Buffer.compare(doc, right[i] as Uint8Array) === 0);
  };
  const without = ({ collections, metadata }: Snapshot): Snapshot => ({
    metadata,
    collections: new Map([...collections].map(([name, docs]) => [name, isSame(name) ? [] : docs])),
  });
  return [without(a), without(b)];
}

function refusedIn({ datasets }: MigrationReport): string[] {
  return datasets.flatMap(({ result, name, reasons }) => (result === 'failed' ? [`${name}: ${reasons.join('; ')}`] : []));
}

/** What the attic has: from where to where, and how many documents. Its entries also say when they were made. */
async function atticText(db: Db): Promise<string> {
  const entries = (await listAttic(db)).map(({ name, from, to, collections, indexes }) =>
    JSON.stringify({ name, from, to, collections, indexes }),
  );
  return `${entries.sort().join(', ')} and ${await db.collection(KEPT_DOCUMENTS).countDocuments()} documents`;
}

function withoutAttic({ collections, metadata }: Snapshot): Snapshot {
  return { metadata, collections: new Map([...collections].filter(([name]) => !name.startsWith('migrations.'))) };
}

class Lane {
  constructor(
    readonly journey: Journey,
    readonly database: FreshDatabase,
    readonly connection: Connection,
  ) {}

  static async open(journey: Journey): Promise<Lane> {
    const database = await freshDatabase(journey.input);
    return new Lane(journey, database, await connectAsAdmin(database));
  }

  run(connection = this.connection): Promise<MigrationReport> {
    return migrateAll(connection, this.journey.options);
  }

  async reset(): Promise<void> {
    const { db } = this.database;
    await reset(db, this.journey.input, await snapshot(db, true));
  }

  /** @returns what is wrong afterwards, or undefined when the journey ended before that point */
  async dieAt({ most, death }: Point, { content, attic, refused }: Expected): Promise<string[] | undefined> {
    const { db, name } = this.database;
    const { input } = this.journey;
    const dying = await connectAsAdmin(this.database);
    const life = mortal(name, most, death);
    await this.run(dying).catch(() => undefined);
    await life.settled();
    await dying.close();
    // as if the time had passed after which the leases of a dead process are taken over
    await db.collection(LEASES).updateMany({}, { $set: { expires: new Date(0) } });
    const report = await this.run();
    const failed = report.datasets.filter(({ result }) => result === 'failed');
    const result = await snapshot(db);
    const kept = await atticText(db);
    const left = await db.collection(WORK).countDocuments();
    await reset(db, input, await snapshot(db, true));
    if (!life.died()) return undefined;
    return [
      ...differences(...onlyDifferent(content, result), { base: withoutAttic(input) }),
      ...(kept === attic ? [] : [`the attic has ${kept}, not ${attic}`]),
      ...(newTimes(result, input) === newTimes(content, input) ? [] : ['times that are made up are not all the same']),
      ...(failed.length === refused ? [] : failed.map(({ name, reasons }) => `${name} failed: ${reasons.join('; ')}`)),
      ...(left === 0 ? [] : [`${left} documents of work left`]),
    ];
  }
}
