import { readdirSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { differences } from '../../fiftyone/test/support/differences.js';
import { readDump } from '../../fiftyone/test/support/dump.js';
import { type FreshDatabase, freshDatabase } from '../../fiftyone/test/support/fresh-database.js';
import { connectAsAdmin, migrated } from '../../fiftyone/test/support/migrated.js';
import { snapshot } from '../../fiftyone/test/support/snapshot.js';
import { deploymentStatus, migrateDeployment } from '../src/migrator.js';
import type { Service } from '../src/service.js';
import { services } from '../src/services/index.js';

const names = readdirSync(new URL('../../fiftyone/test/fixtures/databases/', import.meta.url))
  .filter((file) => /^[\d.]+-(main|synth)\.tar\.gz$/.test(file))
  .map((file) => `databases/${file.replace('.tar.gz', '')}`);

async function deploymentWith(
  spec: string,
): Promise<{ fiftyone: FreshDatabase; databases: Parameters<typeof migrateDeployment>[0] }> {
  const fiftyone = await freshDatabase(await readDump(spec));
  const databases = { fiftyone: await connectAsAdmin(fiftyone), cas: await connectAsAdmin(await freshDatabase()) };
  onTestFinished(async () => {
    await Promise.all([databases.fiftyone.close(), databases.cas.close()]);
  });
  return { fiftyone, databases };
}

test.each(names)('in %s there is nothing that is taken for somebody else’s', async (spec) => {
  const { databases } = await deploymentWith(spec);
  const status = await deploymentStatus(databases);
  expect(status.flatMap(({ reasons }) => reasons)).toEqual([]);
  expect(status.map(({ state }) => state)).toEqual(['ready', 'new', 'new', 'new']);
});

test('datasets become what fiftyone migrate makes of them', async () => {
  const dump = await readDump('databases/0.18.0-main');
  const expected = await migrated(await freshDatabase(dump), { target: '1.12.0' });
  const { fiftyone, databases } = await deploymentWith('databases/0.18.0-main');
  const report = await migrateDeployment(databases, { target: '2.15.0', include: ['datasets'] });
  expect(report.services.map(({ result }) => result)).toEqual(['migrated']);
  expect(differences(expected.result, await snapshot(fiftyone.db), { base: dump })).toEqual([]);
});

/** A service that fails before it has written anything. */
const failing: Service = {
  ...(services.at(-1) as Service),
  name: 'failing',
  plan: async (_, to) => ({ service: 'failing', from: '2.14.0', to, direction: 'up', isNew: false, problems: [], touches: [] }),
  apply: async () => {
    throw new Error('it cannot be done');
  },
  revert: async (_, { to }) => ({ service: 'failing', from: to, to, result: 'unchanged', reasons: [] }),
};

test('when a run goes back, every dataset has the version again that it had, and new services have left nothing', async () => {
  const { fiftyone, databases } = await deploymentWith('databases/0.18.0-main');
  const { db } = fiftyone;
  const versions = async () =>
    (
      await db
        .collection('datasets')
        .find({}, { projection: { version: 1 } })
        .sort({ _id: 1 })
        .toArray()
    ).map(({ version }) => version);
  const before = await versions();
  const report = await migrateDeployment(databases, { services: [...services, failing], onFailure: 'revert' });
  expect(report.services.at(-1)?.reasons).toEqual(['it cannot be done']);
  expect(report.reverted.flatMap(({ result, reasons }) => (result === 'failed' ? reasons : []))).toEqual([]);
  expect(report.result).toBe('reverted');
  expect(await versions()).toEqual(before);
  expect((await deploymentStatus(databases)).map(({ state, version }) => `${state} ${version}`)).toEqual([
    ...['ready 0.18.0', 'new null', 'new null', 'new null'],
  ]);
});
