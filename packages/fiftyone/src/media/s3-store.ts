import type {
  ListMultipartUploadsCommandInput,
  ListMultipartUploadsCommandOutput,
  S3Client,
  S3ClientConfig,
} from '@aws-sdk/client-s3';
import { checksumOfParts } from './checksum.js';
import { contentType } from './content-type.js';
import { optionalModule } from './optional-module.js';
import { quickPuts } from './s3-quick-put.js';
import type { Condition, MediaStore, Part, PartedUpload, StoredObject } from './store.js';
import { connectionTrouble, StoreError, type StoreTrouble, statusTrouble } from './store-error.js';

/** How a bucket of S3, or of a server that speaks like it, is reached. */
export interface S3Settings {
  /** What comes before a key in a path. */
  readonly root: string;
  readonly bucket: string;
  /** Default: AWS */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Default: what the SDK finds by itself */
  readonly credentials?:
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }
    | undefined;
  /** The profile in which the SDK looks. */
  readonly profile?: string | undefined;
  /** A connection on which nothing happens for so long is dead. Default: 60,000 */
  readonly idleMs?: number | undefined;
}

/** Larger objects are copied in parts only. */
const LARGEST_COPY = 5 * 2 ** 30;

/** A bucket of S3 as a store; the SDK is loaded here. */
export async function s3Store(settings: S3Settings): Promise<MediaStore> {
  const name = '@aws-sdk/client-s3';
  const sdk = await optionalModule(name, settings.root, () => import('@aws-sdk/client-s3'));
  const { bucket: Bucket, root } = settings;
  const { idleMs = 60_000 } = settings;
  const client: S3Client = new sdk.S3Client(configOf(settings, idleMs));
  const quickPut = quickPuts(client, idleMs);

  async function ask<T>(key: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw storeError(`${root}${key}`, error);
    }
  }

  const head = (key: string): Promise<StoredObject> =>
    ask(key, async () => {
      const found = await client.send(new sdk.HeadObjectCommand({ Bucket, Key: key }));
      const version = found.ETag as string;
      const checksum = isEncrypted(found) ? found.Metadata?.[MD5] : checksumIn(version);
      return { key, size: found.ContentLength ?? 0, modified: found.LastModified as Date, version, checksum };
    });

  let isClockKnown = false;
  const stat = (key: string): Promise<StoredObject | undefined> =>
    head(key)
      .catch(async (error) => {
        if (isClockKnown || !(error instanceof StoreError) || error.trouble !== 'denied') throw error;
        isClockKnown = true;
        // an answer without a body does not tell the SDK that the clock of this machine is wrong; one with a body does
        await client.send(new sdk.ListObjectsV2Command({ Bucket, MaxKeys: 1 })).catch(() => undefined);
        return await head(key);
      })
      .catch((error) => {
        if (error instanceof StoreError && error.trouble === 'missing') return undefined;
        throw error;
      });

  return {
    root,
    stat,
    async *read(key, { start = 0, end, ifVersion } = {}) {
      if (end !== undefined && end <= start) return;
      const Range = start === 0 && end === undefined ? undefined : `bytes=${start}-${end === undefined ? '' : end - 1}`;
      const input = { Bucket, Key: key, Range, IfMatch: ifVersion };
      const { Body } = await ask(key, () => client.send(new sdk.GetObjectCommand(input))).catch((error) => {
        throw error instanceof StoreError && error.trouble === 'taken' ? new StoreError(error.path, 'changed') : error;
      });
      try {
        yield* Body as unknown as AsyncIterable<Uint8Array>;
      } catch (error) {
        throw storeError(`${root}${key}`, error);
      }
    },
    list: (prefix, { shallow = false, page } = {}) =>
      ask(prefix, async () => {
        const input = {
          ...{ Bucket, Prefix: prefix, Delimiter: shallow ? '/' : undefined, ContinuationToken: page },
          // a key may hold what XML cannot
          EncodingType: 'url' as const,
        };
        const answer = await client.send(new sdk.ListObjectsV2Command(input));
        const decode = answer.EncodingType === 'url' ? decoded : (key: string) => key;
        const objects = (answer.Contents ?? []).map(({ Key, Size, LastModified, ETag }) => {
          const version = ETag as string;
          const [key, modified] = [decode(Key as string), LastModified as Date];
          return { key, size: Size ?? 0, modified, version, checksum: checksumIn(version) };
        });
        return { objects, next: answer.NextContinuationToken };
      }),
    put: (key, content, md5, condition) =>
      ask(key, async () => {
        const about = { ContentMD5: base64(md5), ContentType: contentType(key), Metadata: { [MD5]: md5 } };
        const input = { Bucket, Key: key, Body: content, ...about, ...headers(condition) };
        const quick = await quickly(key, content, md5, {
          'content-type': about.ContentType,
          [`x-amz-meta-${MD5}`]: md5,
          ...(condition === undefined
            ? {}
            : 'ifAbsent' in condition
              ? { 'if-none-match': '*' }
              : { 'if-match': condition.ifVersion }),
        });
        const answer = quick ?? (await client.send(new sdk.PutObjectCommand(input)));
        const version = answer.ETag as string;
        // the ETag of what is encrypted says nothing; that the MD5 is right the server has checked
        const checksum = isEncrypted(answer) ? md5 : checksumIn(version);
        return { key, size: content.length, modified: new Date(), version, checksum };
      }),
    beginParts: (key, size) =>
      ask(key, async () => {
        const begun = await unfinished(key);
        if (begun !== undefined) return { key, id: begun, size, parts: await partsOf(key, begun) };
        const input = { Bucket, Key: key, ContentType: contentType(key) };
        const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(input));
        return { key, id: UploadId as string, size, parts: new Map() };
      }),
    putPart: ({ key, id }, number, content, md5) =>
      ask(key, async () => {
        const input = { Bucket, Key: key, UploadId: id, PartNumber: number, Body: content, ContentMD5: base64(md5) };
        const quick = await quickly(key, content, md5, {}, { partNumber: String(number), uploadId: id });
        const answer = quick ?? (await client.send(new sdk.UploadPartCommand(input)));
        const tag = answer.ETag as string;
        return { number, size: content.length, md5: isEncrypted(answer) ? md5 : (checksumIn(tag) ?? md5), tag };
      }),
    finishParts: (upload, parts, condition) => ask(upload.key, () => finish(upload, parts, condition)),
    dropParts: ({ key, id }) =>
      ask(key, async () => {
        await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key: key, UploadId: id }));
      }),
    delete: (key) =>
      ask(key, async () => {
        await client.send(new sdk.DeleteObjectCommand({ Bucket, Key: key }));
      }),
    async copy(from, to) {
      if (from.size > LARGEST_COPY) return undefined;
      const CopySource = encodeURI(`${Bucket}/${from.key}`).replaceAll(/[?#+]/g, encodeURIComponent);
      const input = { Bucket, Key: to, CopySource, CopySourceIfMatch: from.version };
      return await ask(to, async () => {
        const answer = await client.send(new sdk.CopyObjectCommand(input));
        const { ETag: version = '', LastModified: modified = new Date() } = answer.CopyObjectResult ?? {};
        const checksum = isEncrypted(answer) ? undefined : checksumIn(version);
        return { key: to, size: from.size, modified, version, checksum };
      });
    },
  };

  /** What the server says to a quick upload; undefined if it is for the SDK: not all is known, or something else than success. */
  async function quickly(
    key: string,
    content: Buffer,
    md5: string,
    further: Readonly<Record<string, string>>,
    query?: Readonly<Record<string, string>>,
  ): Promise<(Encryption & { readonly ETag: string | undefined }) | undefined> {
    const all = { 'content-md5': base64(md5), ...further };
    const answer = await quickPut({ key, content, headers: all, ...(query ? { query } : {}) });
    if (answer === undefined) return undefined;
    const trouble = answer.status === 200 ? undefined : statusTrouble(answer.status);
    // to be asked again at once would be one request too many
    if (trouble === 'busy' || trouble === 'passing') throw new StoreError(`${root}${key}`, trouble, `HTTP (${answer.status})`);
    if (trouble !== undefined) return undefined;
    const header = (name: string) => answer.headers[name] as string | undefined;
    return {
      ETag: header('etag'),
      ServerSideEncryption: header('x-amz-server-side-encryption'),
      SSECustomerAlgorithm: header('x-amz-server-side-encryption-customer-algorithm'),
    };
  }

  async function finish({ key, id, size }: PartedUpload, parts: readonly Part[], condition: Condition | undefined) {
    const Parts = parts.map(({ number, tag }) => ({ PartNumber: number, ETag: tag }));
    const input = { Bucket, Key: key, UploadId: id, MultipartUpload: { Parts }, ...headers(condition) };
    const answer = await client.send(new sdk.CompleteMultipartUploadCommand(input));
    const version = answer.ETag as string;
    const checksum = isEncrypted(answer) ? checksumOfParts(parts.map(({ md5 }) => md5)) : checksumIn(version);
    return { key, size, modified: new Date(), version, checksum };
  }

  /** The upload of this key that was begun last. */
  async function unfinished(key: string): Promise<string | undefined> {
    let last: { readonly id: string; readonly begun: number } | undefined;
    let [KeyMarker, UploadIdMarker]: (string | undefined)[] = [];
    do {
      const input: ListMultipartUploadsCommandInput = { Bucket, Prefix: key, KeyMarker, UploadIdMarker };
      const page: ListMultipartUploadsCommandOutput = await client.send(new sdk.ListMultipartUploadsCommand(input));
      for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
        const begun = Initiated?.getTime() ?? 0;
        if (Key === key && UploadId !== undefined && begun >= (last?.begun ?? 0)) last = { id: UploadId, begun };
      }
      [KeyMarker, UploadIdMarker] = page.IsTruncated ? [page.NextKeyMarker, page.NextUploadIdMarker] : [];
    } while (KeyMarker !== undefined);
    return last?.id;
  }

  async function partsOf(key: string, UploadId: string): Promise<Map<number, Part>> {
    const parts = new Map<number, Part>();
    let PartNumberMarker: string | undefined;
    do {
      const page = await client.send(new sdk.ListPartsCommand({ Bucket, Key: key, UploadId, PartNumberMarker }));
      for (const { PartNumber, Size, ETag } of page.Parts ?? []) {
        const number = PartNumber as number;
        parts.set(number, { number, size: Size ?? 0, md5: checksumIn(ETag) ?? '', tag: ETag as string });
      }
      PartNumberMarker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
    } while (PartNumberMarker !== undefined);
    return parts;
  }
}

/** The name of the MD5 among the metadata of an object. */
const MD5 = 'fiftyone-md5';

/**
 * The default has methods for every request that do nothing, for which the SDK prepares what it would tell them. These two are for
 * whatever finds credentials, which does not ask whether they are there.
 */
const NO_LOGGER = { debug: () => {}, warn: () => {} } as unknown as NonNullable<S3ClientConfig['logger']>;

function configOf({ endpoint, region, credentials, profile }: S3Settings, idleMs: number): S3ClientConfig {
  const sockets = { keepAlive: true, maxSockets: 256 };
  return {
    region: region ?? 'us-east-1',
    followRegionRedirects: true,
    // otherwise every request builds its middleware anew, and filters what no logger takes: half of its time
    cacheMiddleware: true,
    logger: NO_LOGGER,
    // whoever uses the store decides what is tried again
    maxAttempts: 1,
    // we send an MD5, which every server of this kind checks
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: 10_000, socketTimeout: idleMs, httpAgent: sockets, httpsAgent: sockets },
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(profile === undefined ? {} : { profile }),
  };
}

function headers(condition: Condition | undefined): { readonly IfNoneMatch?: string; readonly IfMatch?: string } {
  if (condition === undefined) return {};
  return 'ifAbsent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.ifVersion };
}

function base64(md5: string): string {
  return Buffer.from(md5, 'hex').toString('base64');
}

/** In the way of forms, where a plus is a space. */
function decoded(key: string): string {
  return decodeURIComponent(key.replaceAll('+', '%20'));
}

function checksumIn(etag: string | undefined): string | undefined {
  return /^"?([0-9a-f]{32}(?:-\d+)?)"?$/.exec(etag ?? '')?.[1];
}

interface Encryption {
  readonly ServerSideEncryption?: string | undefined;
  readonly SSECustomerAlgorithm?: string | undefined;
}

/** Whether the ETag is something else than an MD5. */
function isEncrypted(answer: Encryption): boolean {
  return /^aws:kms/.test(answer.ServerSideEncryption ?? '') || answer.SSECustomerAlgorithm !== undefined;
}

const TROUBLES: Readonly<Record<string, StoreTrouble>> = {
  NoSuchBucket: 'no bucket',
  InvalidBucketName: 'no bucket',
  NoSuchKey: 'missing',
  NotFound: 'missing',
  NoSuchUpload: 'missing',
  PreconditionFailed: 'taken',
  ConditionalRequestConflict: 'busy',
  OperationAborted: 'busy',
  SlowDown: 'busy',
  ServiceUnavailable: 'busy',
  TooManyRequests: 'busy',
  Throttling: 'busy',
  ThrottlingException: 'busy',
  RequestLimitExceeded: 'busy',
  RequestTimeout: 'passing',
  InternalError: 'passing',
  // the SDK has learned the time of the server from this answer
  RequestTimeTooSkewed: 'passing',
  BadDigest: 'damaged',
  InvalidDigest: 'damaged',
  XAmzContentSHA256Mismatch: 'damaged',
  IncompleteBody: 'passing',
  InvalidPart: 'changed',
  EntityTooLarge: 'refused',
  QuotaExceeded: 'full',
  XMinioStorageFull: 'full',
  InvalidAccessKeyId: 'denied',
  SignatureDoesNotMatch: 'denied',
  ExpiredToken: 'denied',
  InvalidToken: 'denied',
  AccessDenied: 'denied',
  CredentialsProviderError: 'denied',
  // versitygw of a key that it does not know
  XAdminUserNotFound: 'denied',
};

function storeError(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  const known = TROUBLES[name ?? ''];
  if (known === undefined && status === undefined) {
    const connection = connectionTrouble(error);
    if (connection) return new StoreError(path, connection.trouble, connection.detail);
  }
  return new StoreError(path, known ?? statusTrouble(status), `${name}${status === undefined ? '' : ` (${status})`}`);
}
