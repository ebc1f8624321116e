import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe } from 'vitest';
import { localStore } from '../../src/media/local-store.js';
import { mediaStoreContract } from '../contracts/media-store.js';
import { folderForData } from '../support/mongod.js';

describe('a folder on the local disk', () => {
  const folders: string[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
  });
  mediaStoreContract(async () => {
    const folder = await mkdtemp(join(await folderForData(), 'fiftyone-test-store-'));
    folders.push(folder);
    return { store: localStore(folder), resumes: false, drops: true };
  });
});
