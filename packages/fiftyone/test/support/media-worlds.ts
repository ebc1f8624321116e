import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { Storage } from '@google-cloud/storage';
import { test } from 'vitest';
import { readMediaSettings } from '../../src/media/media-settings.js';
import type { MediaOptions } from '../../src/media/open-media.js';
import { openMedia } from '../../src/media/open-media.js';
import type { OpenStore } from '../../src/media/open-stores.js';
import type { Env } from '../../src/settings.js';
import { NotToBeHad } from './media-programs.js';
import { AZURE_LOGIN, type MediaServer, S3_LOGIN, startAzureServer, startGcsServer, startS3Server } from './media-servers.js';

/** A server of media, and how a user reaches it. */
export interface MediaWorld {
  readonly server: MediaServer;
  /** The variables with which its paths work; a way around the server may be given. */
  env(url?: string): Env;
  /** Makes a bucket; paths in it begin like this. */
  bucket(): Promise<string>;
}

/** Opens paths as the verbs do, with these variables and no others. */
export function mediaOf(env: Env, options: MediaOptions = {}): OpenStore {
  return openMedia(readMediaSettings({ HOME: '/nonexistent', ...env }), options);
}

/** Starts what tests need. If a server is not to be had here, its tests are left out, and it says so loudly. */
export async function orLeftOut<T>(start: () => Promise<T>): Promise<T | undefined> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof NotToBeHad)) throw error;
    console.error(`LEFT OUT: ${error.message}`);
    // a suite needs a test, and its name is in every report
    test(`LEFT OUT: ${error.message}`, () => {});
    return undefined;
  }
}

let buckets = 0;

/** Buckets of S3. */
export async function s3World(): Promise<MediaWorld> {
  const server = await startS3Server();
  const make = s3Buckets(server);
  const env = (url = server.url) => ({
    AWS_ENDPOINT_URL_S3: url,
    AWS_ACCESS_KEY_ID: S3_LOGIN.accessKeyId,
    AWS_SECRET_ACCESS_KEY: S3_LOGIN.secretAccessKey,
  });
  return { server, env, bucket: async () => `s3://${await make()}/` };
}

/** Buckets of a server of MinIO, by its alias. */
export async function minioWorld(): Promise<MediaWorld> {
  const server = await startS3Server();
  const make = s3Buckets(server);
  const env = (url = server.url) => ({
    MINIO_ENDPOINT_URL: url,
    MINIO_ALIAS: 'our-minio',
    MINIO_ACCESS_KEY: S3_LOGIN.accessKeyId,
    MINIO_SECRET_ACCESS_KEY: S3_LOGIN.secretAccessKey,
  });
  return { server, env, bucket: async () => `our-minio://${await make()}/` };
}

/** Buckets of Google Cloud Storage. */
export async function gcsWorld(): Promise<MediaWorld> {
  const server = await startGcsServer();
  const client = new Storage({ apiEndpoint: server.url, projectId: 'none' });
  const bucket = async () => {
    const name = `bucket-${++buckets}`;
    await client.createBucket(name);
    return `gs://${name}/`;
  };
  return { server, env: (url = server.url) => ({ STORAGE_EMULATOR_HOST: url }), bucket };
}

/** Containers of Azure, by their addresses. */
export async function azureWorld(): Promise<MediaWorld> {
  const server = await startAzureServer();
  const { account, key } = AZURE_LOGIN;
  const url = `${server.url}/${account}`;
  const client = new BlobServiceClient(url, new StorageSharedKeyCredential(account, key));
  const bucket = async () => {
    const name = `container-${++buckets}`;
    await client.createContainer(name);
    return `our-azure://${name}/`;
  };
  const env = (way = server.url) => ({
    AZURE_STORAGE_CONNECTION_STRING: `AccountName=${account};AccountKey=${key};BlobEndpoint=${way}/${account}`,
    AZURE_ALIAS: 'our-azure',
  });
  return { server, env, bucket };
}

function s3Buckets(server: MediaServer): () => Promise<string> {
  const client = new S3Client({ endpoint: server.url, region: 'us-east-1', forcePathStyle: true, credentials: S3_LOGIN });
  return async () => {
    const Bucket = `bucket-${++buckets}`;
    await client.send(new CreateBucketCommand({ Bucket }));
    return Bucket;
  };
}
