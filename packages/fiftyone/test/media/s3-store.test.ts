import { afterAll, describe } from 'vitest';
import { mediaStoreContract } from '../contracts/media-store.js';
import { mediaOf, orLeftOut, s3World } from '../support/media-worlds.js';

describe('a bucket of S3', async () => {
  const world = await orLeftOut(s3World);
  if (world === undefined) return;
  const { server, env, bucket } = world;
  afterAll(server.stop);
  const open = mediaOf(env());
  mediaStoreContract(async () => ({ store: (await open(await bucket())).store, resumes: true, drops: true }));
});
