import type { BlobItem, BlobRequestConditions, ContainerClient, RestError } from '@azure/storage-blob';
import { checksumOfParts } from './checksum.js';
import { contentType } from './content-type.js';
import { optionalModule } from './optional-module.js';
import type { Condition, MediaStore, Part, StoredObject } from './store.js';
import { connectionTrouble, StoreError, type StoreTrouble, statusTrouble } from './store-error.js';

/** How a container of Azure is reached. */
export interface AzureSettings {
  /** What comes before a key in a path. */
  readonly root: string;
  readonly container: string;
  /** Where the account is: `https://ACCOUNT.blob.core.windows.net`. */
  readonly accountUrl: string;
  readonly login: AzureLogin;
}

/** How to log in to an account of Azure; `default` is what the SDK finds by itself. */
export type AzureLogin =
  | { readonly kind: 'key'; readonly account: string; readonly key: string }
  | { readonly kind: 'sas'; readonly token: string }
  | { readonly kind: 'client'; readonly tenant: string; readonly id: string; readonly secret: string }
  | { readonly kind: 'default' };

/** The name of the checksum among the metadata of a blob that was made of parts, of which Azure knows no MD5. */
const CHECKSUM = 'fiftyone_checksum';

/** A container of Azure as a store; the SDK is loaded here. */
export async function azureStore({ root, container: name, accountUrl, login }: AzureSettings): Promise<MediaStore> {
  const container = await open(root, name, accountUrl, login);

  async function ask<T>(key: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw storeError(`${root}${key}`, error);
    }
  }

  return {
    root,
    stat: (key) =>
      ask(key, async () => {
        const found = await container.getBlobClient(key).getProperties();
        return objectOf(key, found.contentLength ?? 0, found.lastModified as Date, found.etag, found.contentMD5, found.metadata);
      }).catch((error) => {
        if (error instanceof StoreError && error.trouble === 'missing') return undefined;
        throw error;
      }),
    async *read(key, { start = 0, end, ifVersion } = {}) {
      if (end !== undefined && end <= start) return;
      const conditions = ifVersion === undefined ? {} : { ifMatch: `"${ifVersion}"` };
      const count = end === undefined ? undefined : end - start;
      const blob = container.getBlobClient(key);
      const answer = await ask(key, () => blob.download(start, count, { conditions, maxRetryRequests: 0 })).catch((error) => {
        throw error instanceof StoreError && error.trouble === 'taken' ? new StoreError(error.path, 'changed') : error;
      });
      try {
        yield* answer.readableStreamBody as unknown as AsyncIterable<Buffer>;
      } catch (error) {
        throw storeError(`${root}${key}`, error);
      }
    },
    list: (prefix, { shallow = false, page } = {}) =>
      ask(prefix, async () => {
        const options = { prefix, includeMetadata: true };
        const pages = shallow ? container.listBlobsByHierarchy('/', options) : container.listBlobsFlat(options);
        const from = page === undefined ? {} : { continuationToken: page };
        const { value } = await pages.byPage({ maxPageSize: 1000, ...from }).next();
        const items: readonly BlobItem[] = value?.segment.blobItems ?? [];
        const objects = items.map(({ name: key, properties, metadata }) => {
          const { contentLength = 0, lastModified, etag, contentMD5 } = properties;
          return objectOf(key, contentLength, lastModified, etag, contentMD5, metadata);
        });
        return { objects, next: value?.continuationToken || undefined };
      }),
    put: (key, content, md5, condition) =>
      ask(key, async () => {
        const blobHTTPHeaders = { blobContentType: contentType(key), blobContentMD5: Buffer.from(md5, 'hex') };
        const blob = container.getBlockBlobClient(key);
        const answer = await blob.upload(content, content.length, { blobHTTPHeaders, conditions: conditionsOf(condition) });
        const object = objectOf(key, content.length, answer.lastModified as Date, answer.etag, answer.contentMD5);
        if (object.checksum === md5) return object;
        // the MD5 that we gave is kept unchecked, what came back is that of what arrived
        await blob.delete({ conditions: { ifMatch: answer.etag as string } });
        throw new StoreError(`${root}${key}`, 'damaged');
      }),
    async beginParts(key, size) {
      const parts = new Map<number, Part>();
      const list = await ask(key, () => container.getBlockBlobClient(key).getBlockList('uncommitted')).catch((error) => {
        if (error instanceof StoreError && error.trouble === 'missing') return undefined;
        throw error;
      });
      for (const { name: tag, size: length } of list?.uncommittedBlocks ?? []) {
        // the names are ours: Azure tells no checksum of a block
        const [, number, md5] = /^(\d{5})-([0-9a-f]{32})$/.exec(Buffer.from(tag, 'base64').toString()) ?? [];
        if (md5 !== undefined) parts.set(Number(number), { number: Number(number), size: length, md5, tag });
      }
      return { key, id: key, size, parts };
    },
    putPart: ({ key }, number, content, md5) =>
      ask(key, async () => {
        const tag = Buffer.from(`${String(number).padStart(5, '0')}-${md5}`).toString('base64');
        const options = { transactionalContentMD5: Buffer.from(md5, 'hex') };
        await container.getBlockBlobClient(key).stageBlock(tag, content, content.length, options);
        return { number, size: content.length, md5, tag };
      }),
    finishParts: ({ key, size }, parts, condition) =>
      ask(key, async () => {
        const checksum = checksumOfParts(parts.map(({ md5 }) => md5));
        const blob = container.getBlockBlobClient(key);
        const answer = await blob.commitBlockList(
          parts.map(({ tag }) => tag),
          {
            blobHTTPHeaders: { blobContentType: contentType(key) },
            metadata: { [CHECKSUM]: checksum },
            conditions: conditionsOf(condition),
          },
        );
        return { ...objectOf(key, size, answer.lastModified as Date, answer.etag), checksum };
      }),
    // Azure has no request for it, and forgets them after a week
    dropParts: async () => {},
    async delete(key) {
      await ask(key, () => container.getBlobClient(key).deleteIfExists());
    },
  };
}

async function open(root: string, name: string, accountUrl: string, login: AzureLogin): Promise<ContainerClient> {
  const sdk = await optionalModule('@azure/storage-blob', root, () => import('@azure/storage-blob'));
  const sas = login.kind === 'sas' ? `?${login.token.replace(/^\?/, '')}` : '';
  const url = `${accountUrl.replace(/\/$/, '')}/${encodeURIComponent(name)}${sas}`;
  // whoever uses the store decides what is tried again
  const options = { retryOptions: { maxTries: 1 } };
  if (login.kind === 'key') {
    return new sdk.ContainerClient(url, new sdk.StorageSharedKeyCredential(login.account, login.key), options);
  }
  if (login.kind === 'sas') return new sdk.ContainerClient(url, new sdk.AnonymousCredential(), options);
  const identity = await optionalModule('@azure/identity', root, () => import('@azure/identity'));
  const credential =
    login.kind === 'client'
      ? new identity.ClientSecretCredential(login.tenant, login.id, login.secret)
      : new identity.DefaultAzureCredential();
  return new sdk.ContainerClient(url, credential, options);
}

function objectOf(
  key: string,
  size: number,
  modified: Date,
  etag: string | undefined,
  md5?: Uint8Array,
  metadata?: Readonly<Record<string, string>>,
): StoredObject {
  const known = md5 !== undefined && md5.length > 0 ? Buffer.from(md5).toString('hex') : undefined;
  // with quotes in a header, without in a list
  const version = (etag ?? '').replaceAll('"', '');
  return { key, size, modified, version, checksum: known ?? metadata?.[CHECKSUM] };
}

function conditionsOf(condition: Condition | undefined): BlobRequestConditions {
  if (condition === undefined) return {};
  return 'ifAbsent' in condition ? { ifNoneMatch: '*' } : { ifMatch: `"${condition.ifVersion}"` };
}

const TROUBLES: Readonly<Record<string, StoreTrouble>> = {
  ContainerNotFound: 'no bucket',
  ContainerBeingDeleted: 'no bucket',
  ContainerDisabled: 'no bucket',
  BlobNotFound: 'missing',
  BlobAlreadyExists: 'taken',
  ConditionNotMet: 'taken',
  TargetConditionNotMet: 'taken',
  Md5Mismatch: 'damaged',
  InvalidMd5: 'damaged',
  InvalidBlockList: 'changed',
  InvalidBlobOrBlock: 'changed',
  ServerBusy: 'busy',
  OperationTimedOut: 'passing',
  InternalError: 'passing',
  AuthenticationFailed: 'denied',
  AuthorizationFailure: 'denied',
  AuthorizationPermissionMismatch: 'denied',
  InsufficientAccountPermissions: 'denied',
  LeaseIdMissing: 'denied',
};

function storeError(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { statusCode, code, name, message, details } = error as RestError & { details?: { errorCode?: string } };
  const said = details?.errorCode ?? code;
  if (statusCode === undefined) {
    const connection = connectionTrouble(error);
    if (connection) return new StoreError(path, connection.trouble, connection.detail);
    if (/Credential|Authentication/.test(name)) return new StoreError(path, 'denied', name);
  }
  const status = statusCode === undefined ? '' : ` (${statusCode})`;
  // Azurite says InvalidOperation where Azure says Md5Mismatch
  if (statusCode === 400 && /MD5/.test(message)) return new StoreError(path, 'damaged', `${said}${status}`);
  return new StoreError(path, TROUBLES[said ?? ''] ?? statusTrouble(statusCode), `${said ?? name}${status}`);
}
