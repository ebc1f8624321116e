import { onTestFinished } from 'vitest';
import type { Connection } from '../../../fiftyone/src/database/connection.js';
import { type FreshDatabase, freshDatabase } from '../../../fiftyone/test/support/fresh-database.js';
import { connectAsAdmin } from '../../../fiftyone/test/support/migrated.js';
import { type Snapshot, snapshot } from '../../../fiftyone/test/support/snapshot.js';
import { migrateDeployment } from '../../src/migrator.js';
import { FIRST_RELEASE, newestRelease } from '../../src/releases.js';
import type { Age, World } from './world.js';

/** The databases of a deployment that only this test uses. */
export interface TestDeployment {
  readonly fiftyone: FreshDatabase;
  readonly cas: FreshDatabase;
  readonly databases: { readonly fiftyone: Connection; readonly cas: Connection };
}

/** A deployment without anything in it. */
export async function emptyDeployment(): Promise<TestDeployment> {
  const [fiftyone, cas] = [await freshDatabase(), await freshDatabase()];
  const databases = { fiftyone: await connectAsAdmin(fiftyone), cas: await connectAsAdmin(cas) };
  onTestFinished(async () => {
    await Promise.all([databases.fiftyone.close(), databases.cas.close()]);
  });
  return { fiftyone, cas, databases };
}

/** A deployment of a release that has been in use. */
export async function deploymentOf(world: World, age: Age): Promise<TestDeployment> {
  const deployment = await emptyDeployment();
  const target = age === 'today' ? newestRelease.number : FIRST_RELEASE;
  await migrateDeployment(deployment.databases, { target });
  await fill(deployment, world);
  return deployment;
}

/** Puts a world into the databases, in place of what is there. */
export async function fill({ databases }: TestDeployment, world: World): Promise<void> {
  for (const role of ['cas', 'fiftyone'] as const) {
    for (const [collection, docs] of Object.entries(world[role])) {
      await databases[role].db.collection(collection).deleteMany({});
      if (docs.length > 0) await databases[role].db.collection(collection).insertMany(structuredCloneOf(docs));
    }
  }
}

/** The driver must not get hold of what the world is made of. */
function structuredCloneOf(docs: readonly object[]): object[] {
  return docs.map((doc) => ({ ...doc }));
}

/** What is in both databases, without what the engine keeps for itself. */
export async function contentOf({ databases }: TestDeployment): Promise<{ cas: Snapshot; fiftyone: Snapshot }> {
  return { cas: await snapshot(databases.cas.db), fiftyone: await snapshot(databases.fiftyone.db) };
}
