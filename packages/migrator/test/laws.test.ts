import { expect, test } from 'vitest';
import { differences } from '../../fiftyone/test/support/differences.js';
import type { Snapshot } from '../../fiftyone/test/support/snapshot.js';
import { migrateDeployment, verifyDeployment } from '../src/migrator.js';
import { enterpriseReleases } from '../src/releases.js';
import { contentOf, deploymentOf, type TestDeployment } from './support/deployment.js';
import { rightsAt } from './support/rights.js';
import { secretsIn } from './support/secrets.js';
import { world } from './support/world.js';

/** With EVERY_WAY=1 all releases, otherwise those with a revision, the ones before them, and a few in between. */
const SOME = ['2.14.0', '2.15.0', '2.16.3', '2.17.2', '2.18.1', '2.21.0', '2.25.1'];
const every = enterpriseReleases.map(({ number }) => number);
const versions = process.env.EVERY_WAY === '1' ? every : SOME;

/** A walk that takes every way between two versions, up and down, once. */
function walk(): string[] {
  const steps = versions.flatMap((version, i) => versions.slice(i + 1).flatMap((later) => [version, later]));
  return [...steps, versions[0] as string];
}

async function moved(deployment: TestDeployment, target: string): Promise<void> {
  const report = await migrateDeployment(deployment.databases, { target, exclude: ['datasets'] });
  expect(report.services.flatMap(({ reasons, result }) => (result === 'failed' ? reasons : []))).toEqual([]);
  expect(report.result).toBe('done');
}

type Content = Awaited<ReturnType<typeof contentOf>>;

/** Going down does not drop collections, so whether there is an empty one depends on the way. */
function withoutEmpty({ collections, metadata }: Snapshot): Snapshot {
  const filled = new Map([...collections].filter(([, docs]) => docs.length > 0));
  return { collections: filled, metadata: new Map([...metadata].filter(([name]) => filled.has(name))) };
}

function different(expected: Content, actual: Content, options?: { order: boolean }): string[] {
  return (['cas', 'fiftyone'] as const).flatMap((role) =>
    differences(withoutEmpty(expected[role]), withoutEmpty(actual[role]), options),
  );
}

const SIZES = { least: 25, most: 25 };

test('what a deployment of today becomes at a release does not depend on the way there', async () => {
  const deployment = await deploymentOf(world('today', SIZES), 'today');
  const start = await contentOf(deployment);
  const direct = new Map<string, Content>();
  for (const version of [...versions].reverse()) {
    await moved(deployment, version);
    direct.set(version, await contentOf(deployment));
    await moved(deployment, every.at(-1) as string);
    expect(different(start, await contentOf(deployment)), `${version} and back`).toEqual([]);
  }
  let last = every.at(-1) as string;
  for (const version of walk()) {
    await moved(deployment, version);
    expect(different(direct.get(version) as Content, await contentOf(deployment)), `from ${last} to ${version}`).toEqual([]);
    last = version;
  }
}, 900_000);

test('what a deployment of the first release becomes does not depend on the way either, but for the order of keys', async () => {
  const deployment = await deploymentOf(world('first', SIZES), 'first');
  const steps = new Map<string, Content>();
  for (const version of versions) {
    await moved(deployment, version);
    steps.set(version, await contentOf(deployment));
  }
  const newest = versions.at(-1) as string;
  for (const version of [...versions].reverse()) {
    await moved(deployment, version);
    await moved(deployment, newest);
    const again = different(steps.get(newest) as Content, await contentOf(deployment));
    expect(again, `down to ${version} and up again, with the order of keys`).toEqual([]);
  }
  let last = newest;
  for (const version of walk()) {
    await moved(deployment, version);
    const lines = different(steps.get(version) as Content, await contentOf(deployment), { order: false });
    expect(lines, `from ${last} to ${version}`).toEqual([]);
    last = version;
  }
}, 900_000);

test('nobody may do more below than above, and no secret changes by a byte', async () => {
  const deployment = await deploymentOf(world('today', { least: 60, most: 60 }), 'today');
  const { cas, fiftyone } = deployment.databases;
  const content = await contentOf(deployment);
  const secretsOf = ({ cas, fiftyone }: Content) => [...secretsIn(cas), ...secretsIn(fiftyone)];
  const secrets = secretsOf(content);
  expect(secrets.length).toBeGreaterThan(200);
  let above = await rightsAt(every.at(-1) as string, cas.db, fiftyone.db);
  for (const version of [...every].reverse()) {
    await moved(deployment, version);
    const rights = await rightsAt(version, cas.db, fiftyone.db);
    expect(
      [...rights].filter((right) => !above.has(right)),
      version,
    ).toEqual([]);
    expect(secretsOf(await contentOf(deployment)), version).toEqual(secrets);
    above = rights;
  }
  expect(await verifyDeployment(deployment.databases)).toSatisfy((all: { findings: unknown[] }[]) =>
    all.every(({ findings }) => findings.length === 0),
  );
});
