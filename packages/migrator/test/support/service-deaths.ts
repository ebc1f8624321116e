import type { Db } from 'mongodb';
import { LEASES } from '../../../fiftyone/src/database/lease-store.js';
import { differences } from '../../../fiftyone/test/support/differences.js';
import { connectAsAdmin } from '../../../fiftyone/test/support/migrated.js';
import { DEATHS, type Death, mortal } from '../../../fiftyone/test/support/mortal.js';
import { reset } from '../../../fiftyone/test/support/reset.js';
import { type Snapshot, snapshot } from '../../../fiftyone/test/support/snapshot.js';
import { type DeploymentReport, type MigratorOptions, migrateDeployment } from '../../src/migrator.js';
import type { TestDeployment } from './deployment.js';

/** What became of a run that was died on again and again. */
export interface ServiceDeaths {
  readonly points: number;
  readonly commands: number;
  /** What is not the same as when nobody dies. A line each. */
  readonly wrong: readonly string[];
}

/** The collections in which the engine notes what is under way. */
const NOTES = ['migrations.work', 'migrations.work.services', 'migrations.deployment'];

type Content = Readonly<Record<'cas' | 'fiftyone', Snapshot>>;
const ROLES = ['cas', 'fiftyone'] as const;

/** Dies at commands of a run over all services, lets the same command go on, and compares with a run that nobody died on. */
export async function everyServiceDeath(
  deployment: TestDeployment,
  options: MigratorOptions,
  wanted: DeploymentReport['result'],
  every: number,
): Promise<ServiceDeaths> {
  const names = ROLES.map((role) => deployment[role].name);
  const input = await contentOf(deployment);
  const life = mortal(names);
  const first = await migrateDeployment(deployment.databases, options);
  const commands = life.commands();
  await life.settled();
  const wrong = first.result === wanted ? [] : [`${first.result} when nobody dies`];
  const expected = await contentOf(deployment);
  const all = Array.from({ length: commands }, (_, i) => DEATHS.map((death) => ({ most: i + 1, death }))).flat();
  let points = 0;
  for (const { most, death } of all.filter((_, i) => i % every === Math.floor(every / 2))) {
    for (const role of ROLES) await reset(deployment[role].db, input[role], await snapshot(deployment[role].db, true));
    if (!(await diedAt(deployment, options, most, death))) continue;
    points++;
    const report = await migrateDeployment(deployment.databases, options);
    const now = await contentOf(deployment);
    const lines = [
      ...(report.result === wanted ? [] : [`${report.result}: ${report.services.flatMap(({ reasons }) => reasons).join('; ')}`]),
      ...ROLES.flatMap((role) => differences(withoutAttic(expected[role]), withoutAttic(now[role]))),
      ...(await notesLeft(deployment)),
    ];
    wrong.push(...lines.map((line) => `dead at command ${most} (${death}): ${line}`));
  }
  return { points, commands, wrong };
}

async function diedAt(deployment: TestDeployment, options: MigratorOptions, most: number, death: Death): Promise<boolean> {
  const [cas, fiftyone] = [await connectAsAdmin(deployment.cas), await connectAsAdmin(deployment.fiftyone)];
  const life = mortal(
    ROLES.map((role) => deployment[role].name),
    most,
    death,
  );
  await migrateDeployment({ cas, fiftyone }, options).catch(() => undefined);
  await life.settled();
  await Promise.all([cas.close(), fiftyone.close()]);
  // as if the time had passed after which the leases of a dead process are taken over
  const ended = { $set: { expires: new Date(0) } };
  for (const role of ROLES) await deployment[role].db.collection(LEASES).updateMany({}, ended);
  return life.died();
}

async function contentOf(deployment: TestDeployment): Promise<Content> {
  const [cas, fiftyone] = await Promise.all(ROLES.map((role) => snapshot(deployment[role].db, true)));
  return { cas: cas as Snapshot, fiftyone: fiftyone as Snapshot };
}

/** Going down leaves empty collections, and entries of the attic name the run. */
function withoutAttic({ collections, metadata }: Snapshot): Snapshot {
  const own = new Map([...collections].filter(([name, docs]) => !name.startsWith('migrations.') && docs.length > 0));
  return { collections: own, metadata: new Map([...metadata].filter(([name]) => own.has(name))) };
}

async function notesLeft(deployment: TestDeployment): Promise<string[]> {
  const counts = ROLES.flatMap((role) => NOTES.map((name) => count(deployment[role].db, name)));
  return (await Promise.all(counts)).filter((line) => line !== undefined);
}

async function count(db: Db, name: string): Promise<string | undefined> {
  const left = await db.collection(name).countDocuments();
  return left === 0 ? undefined : `${left} documents of ${name} left`;
}
