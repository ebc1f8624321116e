import { afterAll, expect, test } from 'vitest';
import { TINY_PARTS } from '../../fiftyone/test/support/tiny-parts.js';
import { type MigratorOptions, migrateDeployment } from '../src/migrator.js';
import type { Service } from '../src/service.js';
import { services } from '../src/services/index.js';
import { deploymentOf, type TestDeployment } from './support/deployment.js';
import { everyServiceDeath } from './support/service-deaths.js';
import { world } from './support/world.js';

/** `npm run test:deaths` dies at every point, `npm test` at some of them. */
const ALL = process.env.EVERY_DEATH === '1';
const LONGEST = ALL ? 7_200_000 : 600_000;

const total = { points: 0, journeys: 0 };
afterAll(() => console.log(`died at ${total.points} points of ${total.journeys} journeys`));

const SIZES = { least: 7, most: 7 };

async function expectSurvived(
  deployment: TestDeployment,
  options: MigratorOptions,
  every: number,
  result: 'done' | 'reverted' = 'done',
): Promise<void> {
  const { points, commands, wrong } = await everyServiceDeath(deployment, options, result, ALL ? 1 : every);
  total.points += points;
  total.journeys++;
  expect(wrong).toEqual([]);
  expect(points).toBeGreaterThanOrEqual(Math.floor((2 * commands * 0.8) / (ALL ? 1 : every)) - 1);
}

test.each(['enterprise', 'cas', 'hub'])(
  'a run of %s that dies after any command is finished by the next one',
  async (name) => {
    const deployment = await deploymentOf(world('today', SIZES), 'today');
    const options = { include: [name], partSizes: TINY_PARTS };
    await expectSurvived(deployment, { ...options, target: '2.14.0' }, 30);
    await migrateDeployment(deployment.databases, { ...options, target: '2.14.0' });
    await expectSurvived(deployment, { ...options, target: '2.25.1' }, 30);
  },
  600_000,
);

test(
  'a run of all services that dies after any command is finished by the next one',
  async () => {
    const deployment = await deploymentOf(world('first', SIZES), 'first');
    await expectSurvived(deployment, { target: '2.18.1' }, 30);
  },
  LONGEST,
);

test(
  'a new deployment that dies while it is made is finished by the next run',
  async () => {
    const deployment = await deploymentOf({ cas: {}, fiftyone: {} }, 'first');
    for (const role of ['cas', 'fiftyone'] as const) {
      for (const { name } of await deployment[role].db.listCollections().toArray())
        await deployment[role].db.dropCollection(name);
    }
    await expectSurvived(deployment, { target: '2.18.1' }, 12);
  },
  LONGEST,
);

/** A service that nobody can migrate, and that has nothing to take back. */
const failing: Service = {
  ...(services.at(-1) as Service),
  name: 'failing',
  plan: async (_, to) => ({ service: 'failing', from: '2.14.0', to, direction: 'up', isNew: false, problems: [], touches: [] }),
  apply: async () => {
    throw new Error('it cannot be done');
  },
  revert: async (_, { to }) => ({ service: 'failing', from: to, to, result: 'unchanged', reasons: [] }),
};

test(
  'a run that goes back by itself and dies after any command goes all the way back when it is run again',
  async () => {
    const deployment = await deploymentOf(world('today', SIZES), 'today');
    const options: MigratorOptions = { services: [failing, ...services], target: '2.14.0', onFailure: 'revert' };
    // going down, what is first comes last
    const down = {
      ...failing,
      plan: async (_: unknown, to: string) => ({ ...(await failing.plan(_ as never, to)), direction: 'down' as const }),
    };
    await expectSurvived(deployment, { ...options, services: [down, ...services] }, 40, 'reverted');
  },
  LONGEST,
);
