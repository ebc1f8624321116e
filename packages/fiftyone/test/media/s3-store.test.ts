import { afterAll, describe } from 'vitest';
import { mediaStoreContract } from '../contracts/media-store.js';
import { mediaOf, s3World } from '../support/media-worlds.js';

describe('a bucket of S3', async () => {
  const { server, env, bucket } = await s3World();
  afterAll(server.stop);
  const open = mediaOf(env());
  mediaStoreContract(async () => ({ store: (await open(await bucket())).store, resumes: true, drops: true }));
});
