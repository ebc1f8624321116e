import { Storage } from '@google-cloud/storage';
import { afterAll, describe } from 'vitest';
import { gcsStore } from '../../src/media/gcs-store.js';
import { mediaStoreContract } from '../contracts/media-store.js';
import { startGcsServer } from '../support/media-servers.js';

describe('a bucket of Google Cloud Storage', async () => {
  const server = await startGcsServer();
  afterAll(server.stop);
  const client = new Storage({ apiEndpoint: server.url, projectId: 'none' });
  let buckets = 0;
  mediaStoreContract(async () => {
    const bucket = `bucket-${++buckets}`;
    await client.createBucket(bucket);
    const store = await gcsStore({ root: `gs://${bucket}/`, bucket, endpoint: server.url });
    return { store, resumes: true, drops: true };
  });
});
