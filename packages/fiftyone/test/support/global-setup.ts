import type { TestProject } from 'vitest/node';
import { startMongod } from './mongod.js';

declare module 'vitest' {
  interface ProvidedContext {
    mongodbUri: string;
  }
}

/**
 * One server for all tests of a run; each test takes a database of its own from it, see `freshDatabase`. With
 * FIFTYONE_TEST_REPLICA_SET=1 it is a replica set.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startMongod({ replicaSet: process.env.FIFTYONE_TEST_REPLICA_SET === '1' });
  project.provide('mongodbUri', server.uri);
  return server.stop;
}
