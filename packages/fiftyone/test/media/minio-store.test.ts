import { afterAll, describe } from 'vitest';
import { mediaStoreContract } from '../contracts/media-store.js';
import { mediaOf, minioWorld, orLeftOut } from '../support/media-worlds.js';

describe('a bucket of MinIO, by the alias of its server', async () => {
  const world = await orLeftOut(minioWorld);
  if (world === undefined) return;
  const { server, env, bucket } = world;
  afterAll(server.stop);
  const open = mediaOf(env());
  mediaStoreContract(async () => ({ store: (await open(await bucket())).store, resumes: true, drops: true }));
});
