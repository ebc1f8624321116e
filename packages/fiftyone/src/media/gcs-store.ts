import type { File, FileMetadata, StorageOptions } from '@google-cloud/storage';
import { checksumOfParts, md5 as md5Of } from './checksum.js';
import { contentType } from './content-type.js';
import { optionalModule } from './optional-module.js';
import type { Condition, MediaStore, Part, PartedUpload, StoredObject } from './store.js';
import { connectionTrouble, StoreError, type StoreTrouble, statusTrouble } from './store-error.js';

/** How a bucket of Google Cloud Storage is reached. */
export interface GcsSettings {
  /** What comes before a key in a path. */
  readonly root: string;
  readonly bucket: string;
  /** An emulator, which asks for no login. Default: Google */
  readonly endpoint?: string | undefined;
  /** The file with the login. Default: what the SDK finds by itself */
  readonly keyFile?: string | undefined;
}

/** The folder, beside an object, for the parts of which it is made: what Google itself keeps of an upload no other machine finds. */
const UNFINISHED = '.fiftyone-unfinished/';

/** The name of the checksum among the metadata of an object that was made of parts, of which Google knows no MD5. */
const CHECKSUM = 'fiftyone-checksum';

/** How often parts that were joined are tried to be deleted. */
const TIDYING = 5;

/** Of so many objects, at most, Google makes one at once. */
const MOST_SOURCES = 32;

/** The longest key, in bytes. */
const LONGEST = 1024;

/** A bucket of Google Cloud Storage as a store; the SDK is loaded here. */
export async function gcsStore({ root, bucket: name, endpoint, keyFile }: GcsSettings): Promise<MediaStore> {
  const sdk = await optionalModule('@google-cloud/storage', root, () => import('@google-cloud/storage'));
  const options: StorageOptions = {
    // whoever uses the store decides what is tried again
    retryOptions: { autoRetry: false, maxRetries: 0 },
    ...(endpoint === undefined ? {} : { apiEndpoint: endpoint, projectId: 'none' }),
    ...(keyFile === undefined ? {} : { keyFilename: keyFile }),
  };
  const client = new sdk.Storage(options);
  // with STORAGE_EMULATOR_HOST the SDK forgets the path, which every other client of an emulator adds
  if (endpoint !== undefined) client.baseUrl = `${client.apiEndpoint}/storage/v1`;
  const bucket = client.bucket(name);

  /** @param none what it means that there is nothing */
  async function ask<T>(key: string, none: StoreTrouble, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw storeError(`${root}${key}`, error, none);
    }
  }

  async function put(key: string, content: Buffer, md5: string, condition: Condition | undefined): Promise<FileMetadata> {
    const file = bucket.file(key);
    await file.save(content, {
      resumable: false,
      validation: false,
      metadata: { contentType: contentType(key), md5Hash: Buffer.from(md5, 'hex').toString('base64') },
      preconditionOpts: generation(condition),
    });
    return file.metadata;
  }

  async function filesOn(
    prefix: string,
    page?: string,
    delimiter?: string,
  ): Promise<{ files: File[]; next: string | undefined }> {
    const query = { prefix, autoPaginate: false, ...(delimiter ? { delimiter } : {}), ...(page ? { pageToken: page } : {}) };
    const [files, next] = await ask(prefix, 'no bucket', () => bucket.getFiles(query));
    return { files, next: (next as { pageToken?: string } | null)?.pageToken };
  }

  /** What is there of an upload that is not finished. */
  async function unfinished(folder: string): Promise<File[]> {
    const found: File[] = [];
    let page: string | undefined;
    do {
      const { files, next } = await filesOn(folder, page);
      found.push(...files);
      page = next;
    } while (page !== undefined);
    return found;
  }

  const deleteAll = async (folder: string): Promise<void> => {
    const files = await unfinished(folder);
    await Promise.all(files.map((file) => ask(file.name, 'missing', () => file.delete({ ignoreNotFound: true }))));
  };

  /** The object is whole: parts that will not go away are no reason to fail. The next upload of its key finds them. */
  const tidy = async (folder: string): Promise<void> => {
    for (let tries = 0; tries < TIDYING; tries++) {
      if (
        await deleteAll(folder)
          .then(() => true)
          .catch(() => false)
      )
        return;
    }
  };

  /** Makes one object of others, in their order. */
  const compose = async (key: string, sources: readonly string[], metadata: Record<string, string>, condition?: Condition) => {
    const answer = await bucket.file(key).request({
      method: 'POST',
      uri: '/compose',
      json: {
        destination: { contentType: contentType(key), metadata },
        sourceObjects: sources.map((source) => ({ name: source })),
      },
      qs: generation(condition),
    });
    return (Array.isArray(answer) ? answer[0] : answer) as FileMetadata;
  };

  async function finish({ key, id }: PartedUpload, parts: readonly Part[], condition?: Condition): Promise<StoredObject> {
    let sources = parts.map(({ tag }) => tag);
    while (sources.length > MOST_SOURCES) {
      const whole = `${id}whole`;
      await compose(whole, sources.slice(0, MOST_SOURCES), {});
      sources = [whole, ...sources.slice(MOST_SOURCES)];
    }
    const checksum = checksumOfParts(parts.map(({ md5 }) => md5));
    const made = await compose(key, sources, { [CHECKSUM]: checksum }, condition);
    await tidy(id);
    return objectOf(key, made);
  }

  return {
    root,
    stat: (key) =>
      ask(key, 'missing', async () => objectOf(key, (await bucket.file(key).getMetadata())[0])).catch((error) => {
        if (error instanceof StoreError && error.trouble === 'missing') return undefined;
        throw error;
      }),
    async *read(key, { start = 0, end, ifVersion } = {}) {
      if (end !== undefined && end <= start) return;
      const file = bucket.file(key, ifVersion === undefined ? {} : { generation: ifVersion });
      const whole = start === 0 && end === undefined;
      const range = whole ? {} : { start, ...(end === undefined ? {} : { end: end - 1 }) };
      try {
        yield* file.createReadStream({ ...range, validation: false, decompress: false });
      } catch (error) {
        throw storeError(`${root}${key}`, error, ifVersion === undefined ? 'missing' : 'changed');
      }
    },
    async list(prefix, { shallow = false, page } = {}) {
      const { files, next } = await filesOn(prefix, page, shallow ? '/' : undefined);
      const finished = files.filter((file) => !file.name.includes(UNFINISHED));
      return { objects: finished.map((file) => objectOf(file.name, file.metadata)), next };
    },
    put: (key, content, md5, condition) =>
      ask(key, 'no bucket', async () => objectOf(key, await put(key, content, md5, condition))),
    async beginParts(key, size) {
      const id = folderFor(key);
      const parts = new Map<number, Part>();
      for (const { name: tag, metadata } of await unfinished(id)) {
        const [, number, md5] = /(\d{5})-([0-9a-f]{32})$/.exec(tag) ?? [];
        if (md5 !== undefined) parts.set(Number(number), { number: Number(number), size: Number(metadata.size), md5, tag });
      }
      return { key, id, size, parts };
    },
    putPart: ({ key, id }, number, content, md5) =>
      ask(key, 'no bucket', async () => {
        const tag = `${id}${String(number).padStart(5, '0')}-${md5}`;
        const object = objectOf(tag, await put(tag, content, md5, undefined));
        return { number, size: object.size, md5: object.checksum ?? '', tag };
      }),
    finishParts: (upload, parts, condition) => ask(upload.key, 'changed', () => finish(upload, parts, condition)),
    dropParts: ({ id }) => deleteAll(id),
    async delete(key) {
      await ask(key, 'missing', () => bucket.file(key).delete({ ignoreNotFound: true }));
    },
    copy: (from, to) =>
      ask(to, 'missing', async () => {
        const file = bucket.file(from.key, { generation: from.version });
        const [copy] = await file.copy(bucket.file(to));
        return objectOf(to, (await copy.getMetadata())[0]);
      }),
  };
}

function folderFor(key: string): string {
  const folder = `${UNFINISHED}${md5Of(Buffer.from(key))}/`;
  const beside = `${key.slice(0, key.lastIndexOf('/') + 1)}${folder}`;
  // what follows is the number and the MD5 of a part
  return Buffer.byteLength(beside) + 40 > LONGEST ? folder : beside;
}

function objectOf(key: string, metadata: FileMetadata): StoredObject {
  const { size, updated, generation, md5Hash, metadata: own } = metadata;
  const known = md5Hash ? Buffer.from(md5Hash, 'base64').toString('hex') : undefined;
  const checksum = (own?.[CHECKSUM] as string | undefined) ?? known;
  return { key, size: Number(size), modified: new Date(updated as string), version: String(generation), checksum };
}

function generation(condition: Condition | undefined): { readonly ifGenerationMatch?: number | string } {
  if (condition === undefined) return {};
  return { ifGenerationMatch: 'ifAbsent' in condition ? 0 : condition.ifVersion };
}

function storeError(path: string, error: unknown, none: StoreTrouble): StoreError {
  if (error instanceof StoreError) return error;
  const { code, message = '', errors } = error as { code?: unknown; message?: string; errors?: { reason?: string }[] };
  const status = typeof code === 'number' ? code : undefined;
  const reason = errors?.[0]?.reason;
  const said = `${reason ?? 'HTTP'} (${status})`;
  if (status === 404) return new StoreError(path, none, said);
  if (status === 400 && /hash|md5|checksum/i.test(message)) return new StoreError(path, 'damaged', said);
  if (status === 403 && /quota|storage/i.test(reason ?? '')) return new StoreError(path, 'full', said);
  if (status !== undefined) return new StoreError(path, statusTrouble(status), said);
  const connection = connectionTrouble(error);
  if (connection) return new StoreError(path, connection.trouble, connection.detail);
  if (/credential|authenticat|invalid_grant|private key/i.test(message))
    return new StoreError(path, 'denied', 'no credentials that work');
  return new StoreError(path, 'refused', error instanceof Error ? error.name : undefined);
}
