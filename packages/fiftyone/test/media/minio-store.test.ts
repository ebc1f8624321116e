import { afterAll, describe } from 'vitest';
import { mediaStoreContract } from '../contracts/media-store.js';
import { mediaOf, minioWorld } from '../support/media-worlds.js';

describe('a bucket of MinIO, by the alias of its server', async () => {
  const { server, env, bucket } = await minioWorld();
  afterAll(server.stop);
  const open = mediaOf(env());
  mediaStoreContract(async () => ({ store: (await open(await bucket())).store, resumes: true, drops: true }));
});
