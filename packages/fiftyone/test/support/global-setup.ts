import type { TestProject } from 'vitest/node';
import { startMongod } from './mongod.js';

declare module 'vitest' {
  interface ProvidedContext {
    mongodbUri: string;
  }
}

/** One server for all tests of a run; each test takes a database of its own from it, see `freshDatabase`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startMongod();
  project.provide('mongodbUri', server.uri);
  return server.stop;
}
