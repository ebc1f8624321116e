import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { deploymentStatus, migrateDeployment, verifyDeployment } from '../src/migrator.js';
import { services } from '../src/services/index.js';
import { extended, loadExtensions } from '../src/third-party.js';
import { deploymentOf } from './support/deployment.js';
import { world } from './support/world.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

test('services and revisions of others go the same ways as those of the deployment', async () => {
  const deployment = await deploymentOf(world('first', { least: 3, most: 3 }), 'first');
  const all = extended(services, await loadExtensions('examples/migrator-extension', root));
  expect(all.map(({ name }) => name)).toEqual(['datasets', 'enterprise', 'cas', 'hub', 'notes']);
  const options = { services: all };
  await migrateDeployment(deployment.databases, { ...options, target: '2.17.0' });
  const notes = deployment.fiftyone.db.collection('annotator_notes');
  await notes.insertOne({ text: 'blurred' });
  const users = deployment.cas.db.collection('users');
  expect((await migrateDeployment(deployment.databases, options)).result).toBe('done');
  expect(await notes.distinct('state')).toEqual(['open']);
  expect(await users.countDocuments({ telephone: null, name: { $exists: true } })).toBe(3);
  await users.updateOne({}, { $set: { telephone: '112' } });
  await migrateDeployment(deployment.databases, { ...options, target: '2.17.0' });
  expect(await users.countDocuments({ telephone: { $exists: true } })).toBe(0);
  await migrateDeployment(deployment.databases, options);
  expect(await users.countDocuments({ telephone: '112' })).toBe(1);
  expect((await verifyDeployment(deployment.databases, options)).flatMap(({ findings }) => findings)).toEqual([]);
  expect((await deploymentStatus(deployment.databases, options)).map(({ version }) => version)).toEqual([
    ...['1.22.1', '2.25.1', '2.25.1', '2.25.1', '2.25.1'],
  ]);
});

test('a module that is not there, and one that is no extension, are named', async () => {
  await expect(loadExtensions('./nothing', root)).rejects.toThrow('./nothing cannot be loaded');
  await expect(loadExtensions('fast-check', root)).rejects.toThrow('fast-check has no services and no revisions');
});

test('a name that is taken, an unknown service and a second revision of a release are refused', () => {
  const [, , cas] = services;
  expect(() => extended(services, [{ services: [cas as never] }])).toThrow('two services called cas');
  const revision = { version: '2.17.0', summary: '', up: {}, down: {} };
  expect(() => extended(services, [{ revisions: { iam: [revision] } }])).toThrow('no service called iam');
  expect(() => extended(services, [{ revisions: { cas: [revision] } }])).toThrow('two revisions of release 2.17.0');
});
