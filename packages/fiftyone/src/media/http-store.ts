import type { MediaStore, StoredObject } from './store.js';
import { connectionTrouble, StoreError, statusTrouble } from './store-error.js';

/** What can be read at plain addresses. Nothing can be listed or written. */
export function httpStore(root: string): MediaStore {
  const refuse = async (key: string): Promise<never> => {
    throw new StoreError(pathFor(root, key), 'refused', 'what is at plain http addresses can only be read');
  };

  const ask = async (key: string, init: RequestInit): Promise<Response> => {
    const path = pathFor(root, key);
    const answer = await fetch(`${root}${key}`, init).catch((error) => {
      const connection = connectionTrouble(error);
      throw new StoreError(path, connection?.trouble ?? 'refused', connection?.detail);
    });
    if (answer.ok) return answer;
    await answer.body?.cancel();
    throw new StoreError(path, statusTrouble(answer.status), `HTTP (${answer.status})`);
  };

  return {
    root,
    stat: (key) =>
      ask(key, { method: 'HEAD' }).then(
        ({ headers }): StoredObject => ({
          key,
          size: Number(headers.get('content-length') ?? 0),
          modified: new Date(headers.get('last-modified') ?? 0),
          version: headers.get('etag') ?? '',
          checksum: undefined,
        }),
        (error) => {
          if (error instanceof StoreError && error.trouble === 'missing') return undefined;
          throw error;
        },
      ),
    async *read(key, { start = 0, end, ifVersion } = {}) {
      if (end !== undefined && end <= start) return;
      const headers: Record<string, string> = {};
      if (start > 0 || end !== undefined) headers.range = `bytes=${start}-${end === undefined ? '' : end - 1}`;
      if (ifVersion) headers['if-match'] = ifVersion;
      const answer = await ask(key, { headers });
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

/** Without what follows the question mark: it may be a signature. */
function pathFor(root: string, key: string): string {
  return `${root}${key.replace(/\?.*$/s, '')}`;
}
