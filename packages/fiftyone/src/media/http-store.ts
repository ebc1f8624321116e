import type { MediaStore, StoredObject } from './store.js';
import { connectionTrouble, StoreError, statusTrouble } from './store-error.js';

/** What can be read at plain addresses. Nothing can be listed or written. */
export function httpStore(root: string): MediaStore {
  const refuse = async (key: string): Promise<never> => {
    throw new StoreError(pathFor(root, key), 'refused', 'what is at plain http addresses can only be read');
  };

  const ask = async (key: string, init: RequestInit): Promise<Response> => {
    const path = pathFor(root, key);
    // what is sent packed has another size than it says
    const headers = { ...init.headers, 'accept-encoding': 'identity' };
    const answer = await fetch(`${root}${key}`, { ...init, headers }).catch((error) => {
      const connection = connectionTrouble(error);
      throw new StoreError(path, connection?.trouble ?? 'refused', connection?.detail);
    });
    if (answer.ok) return answer;
    await answer.body?.cancel();
    throw new StoreError(path, statusTrouble(answer.status), `HTTP (${answer.status})`);
  };

  /** What is there, by an answer with one byte of it, which tells the size too. */
  const byItsStart = async (key: string): Promise<StoredObject | undefined> => {
    try {
      const answer = await ask(key, { headers: { range: 'bytes=0-0' } });
      await answer.body?.cancel();
      const size = /\/(\d+)$/.exec(answer.headers.get('content-range') ?? '')?.[1];
      const object = found(key, answer.headers, size ?? (answer.status === 200 ? answer.headers.get('content-length') : null));
      if (object === undefined) throw new StoreError(pathFor(root, key), 'refused', 'the server does not say how large it is');
      return object;
    } catch (error) {
      if (error instanceof StoreError && error.trouble === 'missing') return undefined;
      throw error;
    }
  };

  return {
    root,
    async stat(key) {
      try {
        const { headers } = await ask(key, { method: 'HEAD' });
        return found(key, headers, headers.get('content-length')) ?? (await byItsStart(key));
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        if (error.trouble === 'missing') return undefined;
        // signed addresses are for GET alone, and some servers know no HEAD
        if (error.trouble === 'denied' || error.trouble === 'refused') return await byItsStart(key);
        throw error;
      }
    },
    async *read(key, { start = 0, end, ifVersion } = {}) {
      if (end !== undefined && end <= start) return;
      const headers: Record<string, string> = {};
      if (start > 0 || end !== undefined) headers.range = `bytes=${start}-${end === undefined ? '' : end - 1}`;
      if (ifVersion) headers['if-match'] = ifVersion;
      const answer = await ask(key, { headers }).catch((error) => {
        throw error instanceof StoreError && error.trouble === 'taken' ? new StoreError(error.path, 'changed') : error;
      });
      // from the beginning a server that gives no parts will do
      if (start > 0 && answer.status !== 206) {
        await answer.body?.cancel();
        throw new StoreError(pathFor(root, key), 'refused', 'the server gives no parts of it');
      }
      let left = (end ?? Number.POSITIVE_INFINITY) - start;
      try {
        for await (const bytes of answer.body ?? []) {
          yield bytes.subarray(0, left);
          left -= bytes.length;
          if (left <= 0) return;
        }
      } catch (error) {
        throw new StoreError(pathFor(root, key), 'passing', connectionTrouble(error)?.detail);
      }
    },
    list: refuse,
    put: refuse,
    beginParts: refuse,
    putPart: ({ key }) => refuse(key),
    finishParts: ({ key }) => refuse(key),
    dropParts: ({ key }) => refuse(key),
    delete: refuse,
  };
}

/** What headers say of an object; undefined without its size. */
function found(key: string, headers: Headers, size: string | null | undefined): StoredObject | undefined {
  if (size === null || size === undefined) return undefined;
  const modified = new Date(headers.get('last-modified') ?? 0);
  // by a weak one no server says whether it is still the same, byte for byte
  const version = /^W\//.test(headers.get('etag') ?? '') ? '' : (headers.get('etag') ?? '');
  return { key, size: Number(size), modified, version, checksum: undefined };
}

/** Without what follows the question mark: it may be a signature. */
function pathFor(root: string, key: string): string {
  return `${root}${key.replace(/\?.*$/s, '')}`;
}
