import type { Gate } from './gate.js';
import type { MediaStore } from './store.js';

/** Sends every request of a store through a gate, reads with all that they read. */
export function limited(store: MediaStore, gate: Gate): MediaStore {
  return {
    ...store,
    stat: (key) => gate(0, () => store.stat(key)),
    async *read(key, range) {
      // a slow reader must not hold a place for which its own next request waits: the place is for the start of the answer
      const bytes = store.read(key, range)[Symbol.asyncIterator]();
      let next = await gate(0, () => bytes.next());
      try {
        while (!next.done) {
          yield next.value;
          next = await bytes.next();
        }
      } finally {
        await bytes.return?.();
      }
    },
    list: (prefix, options) => gate(0, () => store.list(prefix, options)),
    put: (key, content, md5, condition) => gate(content.length, () => store.put(key, content, md5, condition)),
    beginParts: (key, size) => gate(0, () => store.beginParts(key, size)),
    putPart: (upload, number, content, md5) => gate(content.length, () => store.putPart(upload, number, content, md5)),
    finishParts: (upload, parts, condition) => gate(0, () => store.finishParts(upload, parts, condition)),
    dropParts: (upload) => gate(0, () => store.dropParts(upload)),
    delete: (key) => gate(0, () => store.delete(key)),
    ...(store.copy ? { copy: (from, to) => gate(from.size, () => (store.copy as Copy)(from, to)) } : {}),
  };
}

type Copy = NonNullable<MediaStore['copy']>;
