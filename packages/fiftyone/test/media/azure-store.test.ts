import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { afterAll, describe } from 'vitest';
import { azureStore } from '../../src/media/azure-store.js';
import { mediaStoreContract } from '../contracts/media-store.js';
import { AZURE_LOGIN, startAzureServer } from '../support/media-servers.js';

describe('a container of Azure', async () => {
  const server = await startAzureServer();
  afterAll(server.stop);
  const { account, key } = AZURE_LOGIN;
  const accountUrl = `${server.url}/${account}`;
  const client = new BlobServiceClient(accountUrl, new StorageSharedKeyCredential(account, key));
  let containers = 0;
  mediaStoreContract(async () => {
    const container = `container-${++containers}`;
    await client.createContainer(container);
    const login = { kind: 'key', account, key } as const;
    const store = await azureStore({ root: `${accountUrl}/${container}/`, container, accountUrl, login });
    return { store, resumes: true, drops: false };
  });
});
