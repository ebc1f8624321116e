import { afterAll, describe } from 'vitest';
import { mediaStoreContract } from '../contracts/media-store.js';
import { gcsWorld, mediaOf, orLeftOut } from '../support/media-worlds.js';

describe('a bucket of Google Cloud Storage', async () => {
  const world = await orLeftOut(gcsWorld);
  if (world === undefined) return;
  const { server, env, bucket } = world;
  afterAll(server.stop);
  const open = mediaOf(env());
  mediaStoreContract(async () => ({ store: (await open(await bucket())).store, resumes: true, drops: true }));
});
