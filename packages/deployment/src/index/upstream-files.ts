import { createHash } from 'node:crypto';
import { withFile } from 'fiftyone/media';
import type { Logger } from 'pino';
import type { ByteRange } from './byte-range.js';
import { type Download, download } from './download.js';
import { contentKey, type FileStore, keepContent } from './file-store.js';
import { guardedFetch } from './guarded-fetch.js';
import type { UpstreamSettings } from './index-settings.js';
import { Refusal } from './refusal.js';
import type { Content } from './serve-content.js';

/** A file of another index. */
export interface RemoteFile {
  readonly name: string;
  readonly url: string;
  readonly hashes: Readonly<Record<string, string>>;
  readonly type: string;
  /** In bytes. Default: what the settings say */
  readonly largest?: number;
}

/** Files of another index: each is fetched once, checked, and kept in our store. */
export type UpstreamFiles = (file: RemoteFile) => Promise<Content>;

export function upstreamFiles(files: FileStore, upstream: UpstreamSettings, log: Logger): UpstreamFiles {
  const underWay = new Map<string, Promise<Download>>();

  const fetchFile = async ({ url, hashes, largest = upstream.largestFile }: RemoteFile, key: string): Promise<Download> => {
    const answer = await guardedFetch(upstream, new URL(url), { headers: { 'accept-encoding': 'identity' }, largest });
    if (answer.status !== 200) {
      await answer.drop();
      throw new Refusal(answer.status === 404 ? 404 : 502, `The upstream index answered with ${answer.status} for a file`);
    }
    if (Number(answer.headers.get('content-length') ?? 0) > largest) {
      await answer.drop();
      throw new Refusal(502, `The file is larger than ${largest} bytes, which is the most that is fetched`);
    }
    const use = (path: string) => withFile(path, async (source) => void (await keepContent(files, key, source)));
    return await download(answer, { hashes, use });
  };

  return async (file) => {
    const { name, url, hashes, type } = file;
    // without a strong hash an address stands for what is there
    const known = hashes.sha256 ?? hashes.sha512;
    const hash = known?.toLowerCase() ?? createHash('sha256').update(`address:${url}`).digest('hex');
    const key = contentKey(files, 'upstream', hash, name);
    let coming = underWay.get(key);
    if (coming === undefined) {
      const there = await files.store.stat(key);
      if (there !== undefined) return { size: there.size, hash, type, read: (range) => files.store.read(key, range) };
      coming = underWay.get(key);
    }
    if (coming === undefined) {
      coming = fetchFile(file, key);
      underWay.set(key, coming);
      coming
        .then(({ finished }) => finished)
        .catch((error) => log.warn({ file: name, message: error.message }, 'a file of the upstream index was not kept'))
        .finally(() => underWay.delete(key));
    }
    const { size, read, isOver, finished } = await coming;
    async function* fromEither(range: ByteRange) {
      if (!isOver()) return yield* read(range);
      // what is over is in the store, or has failed
      await finished;
      yield* files.store.read(key, range);
    }
    return { size, hash, type, read: fromEither };
  };
}
