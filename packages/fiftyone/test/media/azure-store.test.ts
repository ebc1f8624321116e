import { afterAll, describe } from 'vitest';
import { mediaStoreContract } from '../contracts/media-store.js';
import { azureWorld, mediaOf, orLeftOut } from '../support/media-worlds.js';

describe('a container of Azure, by the alias of its account', async () => {
  const world = await orLeftOut(azureWorld);
  if (world === undefined) return;
  const { server, env, bucket } = world;
  afterAll(server.stop);
  const open = mediaOf(env());
  mediaStoreContract(async () => ({ store: (await open(await bucket())).store, resumes: true, drops: false }));
});
