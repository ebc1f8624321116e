import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, describe } from 'vitest';
import { s3Store } from '../../src/media/s3-store.js';
import { mediaStoreContract } from '../contracts/media-store.js';
import { S3_LOGIN, startS3Server } from '../support/media-servers.js';

describe('a bucket of S3', async () => {
  const server = await startS3Server();
  afterAll(server.stop);
  const client = new S3Client({ endpoint: server.url, region: 'us-east-1', forcePathStyle: true, credentials: S3_LOGIN });
  let buckets = 0;
  mediaStoreContract(async () => {
    const bucket = `bucket-${++buckets}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    const store = await s3Store({ root: `s3://${bucket}/`, bucket, endpoint: server.url, credentials: S3_LOGIN });
    return { store, resumes: true, drops: true };
  });
});
